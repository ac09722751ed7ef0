//! The path grammar: what parses has one canonical text, what does not names a place in it.

use cordon_contract::limits::{PATH_BYTES, PATH_STEPS};
use cordon_contract::path::Path;

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "path",
    run,
    words: &["[]", "[0]", "[Name=", "[\"a\"=\"b\"]", ".@json", ".@lower", ".@ip", "\"", "\\\"", "\\\\", ".", "]", "="],
};

fn run(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    match Path::parse(text) {
        Ok(path) => {
            assert!(text.len() <= PATH_BYTES && (1..=PATH_STEPS).contains(&path.steps().len()));
            let canonical = path.to_string();
            assert_eq!(Path::parse(&canonical).as_ref(), Ok(&path), "`{text}` becomes `{canonical}`");
            assert_eq!(Path::from_steps(path.steps().to_vec()).as_ref(), Ok(&path));
            true
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.at), "byte {} of `{text}`", error.at);
            assert!(!error.reason.is_empty() && error.to_string().len() < 4 * PATH_BYTES);
            false
        }
    }
}
