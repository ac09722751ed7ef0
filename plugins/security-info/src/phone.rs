//! Telephone numbers in the details of an account. Parses text; knows no fields.

use std::collections::BTreeSet;

/// The country code of a number that is there now, was not before, and is none of these; as far as it can be told from its
/// first digits. A number without a plus tells nothing.
pub(crate) fn foreign(after: &str, before: &str, home: &[String]) -> Option<String> {
    let known = numbers(before);
    let at_home = |number: &str| {
        let prefixes = home.iter().map(|prefix| digits(prefix)).filter(|prefix| !prefix.is_empty());
        prefixes.into_iter().any(|prefix| number.starts_with(&prefix))
    };
    let new = numbers(after).into_iter().find(|number| !known.contains(number) && !at_home(number))?;
    Some(format!("+{}", new.get(..2)?))
}

/// Every number with a plus, as digits without it.
fn numbers(text: &str) -> BTreeSet<String> {
    let number = |rest: &str| digits(rest.split(['"', '\\', '}', ',', 'x']).next().unwrap_or(""));
    text.split('+').skip(1).map(number).filter(|number| (7..=15).contains(&number.len())).collect()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(after: &str, before: &str) -> Option<String> {
        foreign(after, before, &["+44".to_owned()])
    }

    #[test]
    fn only_new_numbers_of_other_countries_are_told() {
        let home = r#"[{"PhoneNumber":"+44 7700900123","AlternativePhoneNumber":null}]"#;
        let abroad = r#"[{"PhoneNumber":"+7 9161234567","AlternativePhoneNumber":"+44 7700900123"}]"#;
        assert_eq!(found(abroad, home), Some("+79".to_owned()));
        assert_eq!(found(abroad, "[]"), Some("+79".to_owned()));
        assert_eq!(found(abroad, abroad), None);
        assert_eq!(found(home, "[]"), None);
    }

    #[test]
    fn texts_without_a_number_tell_nothing() {
        for text in ["", "[]", "+", "+1", "a+b@c.example", "07700 900123", "+99999999999999999999", "+é"] {
            assert_eq!(found(text, ""), None, "{text}");
        }
    }
}
