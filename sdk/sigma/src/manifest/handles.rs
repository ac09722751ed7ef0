//! Handles of fields: what people read beside a value in a finding's evidence. `ParentImage` is `parent_image`.

use std::collections::{BTreeMap, BTreeSet};

use cordon_contract::manifest::is_handle;

/// Bytes of a handle, with room for a number.
const BYTES: usize = 56;

/// Hands out handles: one for each path of a source. The same path has the same handle in every source where it can.
#[derive(Debug, Default)]
pub(super) struct Handles {
    taken: BTreeSet<(String, String)>,
    /// Whether a handle has several values an event: it must be so in every source.
    several: BTreeMap<String, bool>,
}

impl Handles {
    /// A handle that no other path of the source has.
    pub(super) fn of(&mut self, source: &str, path: &str) -> String {
        let mut base = snake(path);
        let several = path.contains("[]");
        if several {
            base.push_str("_all");
        }
        if !is_handle(&base) {
            base = format!("field_{base}").trim_end_matches('_').to_owned();
        }
        let mut handle = base.clone();
        let mut number = 2;
        while *self.several.entry(handle.clone()).or_insert(several) != several
            || !self.taken.insert((source.to_owned(), handle.clone()))
        {
            handle = format!("{base}_{number}");
            number += 1;
        }
        handle
    }
}

/// Words of lower-case letters and digits, joined by `_`.
fn snake(path: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    let mut letters = path.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_ascii_alphanumeric() {
            let next_is_lower = letters.peek().is_some_and(char::is_ascii_lowercase);
            let begins = letter.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && next_is_lower));
            if begins && !out.ends_with('_') {
                out.push('_');
            }
            out.push(letter.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        before = letter;
    }
    out.truncate(BYTES);
    out.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_reads_like_its_field_and_is_one_paths_only() {
        let mut handles = Handles::default();
        for (path, handle) in [
            ("ParentImage", "parent_image"),
            ("DestinationIp", "destination_ip"),
            ("IPAddress", "ip_address"),
            ("properties.message", "properties_message"),
            ("Parameters[Name=ForwardTo].Value", "parameters_name_forward_to_value"),
            ("ModifiedProperties[].NewValue", "modified_properties_new_value_all"),
            ("type", "field_type"),
            ("Type", "field_type_2"),
            ("\"With Space\"", "with_space"),
            ("0365", "field_0365"),
            ("Größe", "gr_e"),
            ("\"日本\"", "field"),
        ] {
            let given = handles.of("custom.x", path);
            assert_eq!(given, handle, "{path}");
            assert!(is_handle(&given), "{given}");
        }
        assert_eq!(handles.of("custom.y", "ParentImage"), "parent_image");
        assert_eq!(handles.of("custom.y", "ModifiedProperties.NewValue.all"), "modified_properties_new_value_all_2");
        let long = handles.of("custom.x", &"A".repeat(900));
        assert!(is_handle(&long), "{long}");
    }
}
