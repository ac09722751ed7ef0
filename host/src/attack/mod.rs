//! MITRE ATT&CK for Enterprise: what a technique is called and which tactics it serves. Pure; a table shipped as data.

use std::collections::HashMap;
use std::sync::LazyLock;

/// `id TAB name TAB tactics`, behind one line that says whose it is.
const TABLE: &str = include_str!("techniques.tsv");

static KNOWN: LazyLock<HashMap<&str, (&str, Vec<&str>)>> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let mut cells = line.split('\t');
        let (id, name, tactics) = (cells.next()?, cells.next()?, cells.next()?);
        Some((id, (name, tactics.split(',').filter(|tactic| !tactic.is_empty()).collect())))
    };
    TABLE.lines().skip(1).filter_map(line).collect()
});

/// `Email Collection: Email Forwarding Rule` for `T1114.003`; none for an id that the table does not have.
#[must_use]
pub fn name(id: &str) -> Option<String> {
    let (name, _) = KNOWN.get(id)?;
    let above = id.split_once('.').and_then(|(technique, _)| KNOWN.get(technique));
    Some(above.map_or_else(|| (*name).to_owned(), |(technique, _)| format!("{technique}: {name}")))
}

/// What an attacker wants by it, such as `collection`; none for an id that the table does not have.
#[must_use]
pub fn tactics(id: &str) -> &'static [&'static str] {
    KNOWN.get(id).map_or(&[], |(_, tactics)| tactics.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_technique_has_its_name_and_tactics() {
        assert_eq!(name("T1114.003").as_deref(), Some("Email Collection: Email Forwarding Rule"));
        assert_eq!(name("T1114").as_deref(), Some("Email Collection"));
        assert_eq!(tactics("T1114.003"), ["collection"]);
        assert!(tactics("T1078").len() == 4 && name("T9999").is_none() && tactics("T9999").is_empty());
    }

    #[test]
    fn every_line_of_the_table_is_whole() {
        assert_eq!(KNOWN.len(), TABLE.lines().count() - 1);
        assert!(
            KNOWN.iter().all(|(id, (name, tactics))| id.starts_with('T') && !name.is_empty() && !tactics.is_empty())
        );
    }
}
