//! Components as bytes: what the host itself reads of one before any child process sees it.

use cordon::sandbox::inspect;

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "component",
    run,
    words: &[
        "\0asm\u{d}\0\u{1}\0",
        "\0asm\u{1}\0\0\0",
        "cordon:detection/events@1.0.0",
        "cordon:manifest",
        "configure",
        "detect",
        "wasi:clocks/wall-clock@0.2.0",
    ],
};

fn run(data: &[u8]) -> bool {
    match inspect(data) {
        Ok(inspection) => {
            assert!(inspection.imports.iter().all(|import| import.starts_with("cordon:detection/")));
            true
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && text.len() < 64 << 10, "{} bytes", text.len());
            false
        }
    }
}
