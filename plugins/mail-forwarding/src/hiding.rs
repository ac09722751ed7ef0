//! Whether an inbox rule hides mail from its owner: what it does with the mail, and the signs that no owner meant it so.
//! Judges one rule as text; knows no fields and emits nothing.

use cordon_sdk::microsoft::has_word;

/// What matters of an inbox rule, however it was logged.
#[derive(Debug, Default)]
pub(crate) struct InboxRule<'a> {
    /// Its name, where this record gives it.
    pub(crate) name: Option<&'a str>,
    /// It deletes mail.
    pub(crate) deletes: bool,
    /// The folder that it moves mail to, or the text that holds the folder's name.
    pub(crate) folder: Option<&'a str>,
    /// Words that mail must contain.
    pub(crate) words: Vec<&'a str>,
    /// It works on all mail, or on all that is addressed to the owner.
    pub(crate) unconditional: bool,
}

/// What the force says of folders and words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch<'a> {
    pub(crate) words: &'a [String],
    pub(crate) unwatched_folders: &'a [String],
    pub(crate) quiet_folders: &'a [String],
}

/// How a rule hides mail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hiding {
    /// What it does, for the summary.
    pub(crate) act: String,
    /// Why that is no ordinary tidying; never empty.
    pub(crate) signs: Vec<String>,
}

impl InboxRule<'_> {
    /// The hiding that this rule does, if any.
    pub(crate) fn hiding(&self, watch: &Watch<'_>) -> Option<Hiding> {
        let unwatched = self.folder_of(watch.unwatched_folders);
        let quiet = self.folder_of(watch.quiet_folders);
        let act = match (self.deletes, unwatched.or(quiet)) {
            (true, _) => "deletes mail".to_owned(),
            (false, Some(folder)) => format!("moves mail to '{folder}'"),
            (false, None) => return None,
        };
        let mut signs = Vec::new();
        if let Some(folder) = unwatched {
            signs.push(format!("nobody looks for mail in '{folder}'"));
        }
        let watched: Vec<&str> = watch
            .words
            .iter()
            .map(String::as_str)
            .filter(|word| self.words.iter().any(|text| has_word(text, word)))
            .collect();
        if !watched.is_empty() {
            signs.push(format!("it picks mail about {}", watched.join(", ")));
        }
        if self.name.is_some_and(says_nothing) {
            signs.push("its name says nothing".to_owned());
        }
        if self.unconditional {
            signs.push("it works on all mail".to_owned());
        }
        (!signs.is_empty()).then_some(Hiding { act, signs })
    }

    /// The first of these folders that the rule moves mail to.
    fn folder_of<'f>(&self, folders: &'f [String]) -> Option<&'f str> {
        let text = self.folder?;
        folders.iter().map(String::as_str).find(|folder| names_folder(text, folder))
    }
}

/// Whether a folder stands in a text by its whole name: `:\RSS Feeds`, `"FolderName":"RSS Feeds"`, `RSS Feeds`.
fn names_folder(text: &str, folder: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || " -_&.".contains(c))).any(|part| {
        let part = part.trim();
        !part.is_empty() && part.eq_ignore_ascii_case(folder.trim())
    })
}

/// A name that tells its owner nothing: no letter or digit, or one character over and over.
fn says_nothing(name: &str) -> bool {
    let mut chars = name.trim().chars();
    let Some(first) = chars.next() else { return true };
    chars.all(|c| c == first) || !name.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    fn hiding(rule: &InboxRule<'_>) -> Option<Hiding> {
        let (words, unwatched, quiet) = (texts(&["invoice", "bank"]), texts(&["RSS Feeds"]), texts(&["Archive"]));
        rule.hiding(&Watch { words: &words, unwatched_folders: &unwatched, quiet_folders: &quiet })
    }

    #[test]
    fn each_sign_alone_is_enough_and_none_is_not() {
        let plain = || InboxRule { name: Some("Lists"), deletes: true, ..InboxRule::default() };
        assert_eq!(hiding(&plain()), None);
        for rule in [
            InboxRule { name: Some(".."), ..plain() },
            InboxRule { words: vec!["hello", "Your invoice"], ..plain() },
            InboxRule { unconditional: true, ..plain() },
            InboxRule { deletes: false, folder: Some(":\\RSS feeds"), ..plain() },
        ] {
            assert_eq!(hiding(&rule).map(|hiding| hiding.signs.len()), Some(1), "{rule:?}");
        }
    }

    #[test]
    fn a_rule_that_hides_nothing_has_no_signs() {
        let rule = InboxRule { name: Some("."), folder: Some("Court"), unconditional: true, ..InboxRule::default() };
        assert_eq!(hiding(&rule), None);
    }

    #[test]
    fn a_folder_is_known_by_its_whole_name_only() {
        assert!(names_folder("[{\"FolderName\":\"RSS Feeds\"}]", "rss feeds"));
        assert!(!names_folder("Archive 2024", "Archive") && !names_folder("", "") && !names_folder("Court", ""));
    }

    #[test]
    fn names_that_say_nothing() {
        for name in ["", " ", ".", "...", "aaaa", "-.-", "1"] {
            assert!(says_nothing(name), "{name:?}");
        }
        for name in ["IT", "Rota", "a b", "2024"] {
            assert!(!says_nothing(name), "{name:?}");
        }
    }
}
