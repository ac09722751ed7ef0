//! `ConsentAction.Permissions`: the text in which Microsoft logs what a consent gave, before and after. Parses that text and
//! tells what is new; knows no fields and judges nothing.

/// The permissions that one entry of a consent gives to an application.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    id: &'a str,
    /// Object id of the application's service principal.
    pub(crate) client: &'a str,
    /// The user for whom; empty for everybody.
    pub(crate) principal: &'a str,
    /// For everybody, not for one user.
    pub(crate) for_all: bool,
    /// All that the entry gives.
    pub(crate) scopes: Vec<&'a str>,
    /// What it did not give before.
    pub(crate) added: Vec<&'a str>,
}

/// The entries after a consent, `[old entries] => [new entries]`, each `[Id: .., ClientId: .., PrincipalId: .., ResourceId: ..,
/// ConsentType: .., Scope:  a b c, ..]`. A text without `=>` is read as new entries. What is not understood gives none.
pub(crate) fn entries(text: &str) -> Vec<Entry<'_>> {
    let (before, after) = text.split_once("=>").unwrap_or(("", text));
    let before = parse(before);
    let mut after = parse(after);
    for entry in &mut after {
        let old = before.iter().find(|old| !old.id.is_empty() && old.id == entry.id);
        entry.added = added(&entry.scopes, old.map_or(&[], |old| &old.scopes));
    }
    after
}

/// The scopes of a text that separates them by white space.
pub(crate) fn scopes(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// The scopes of `after` that are not in `before`.
pub(crate) fn added<'a>(after: &[&'a str], before: &[&str]) -> Vec<&'a str> {
    after.iter().copied().filter(|scope| !before.iter().any(|old| old.eq_ignore_ascii_case(scope))).collect()
}

fn parse(text: &str) -> Vec<Entry<'_>> {
    let parts = text.split(['[', ']']).filter(|part| part.contains("Scope:"));
    parts
        .map(|part| Entry {
            id: value(part, "Id:"),
            client: value(part, "ClientId:"),
            principal: value(part, "PrincipalId:"),
            for_all: value(part, "ConsentType:").eq_ignore_ascii_case("AllPrincipals"),
            scopes: scopes(value(part, "Scope:")),
            added: Vec::new(),
        })
        .collect()
}

/// The application that entries are for.
pub(crate) fn client(entries: &[Entry<'_>]) -> Option<String> {
    entries.iter().map(|entry| entry.client).find(|client| !client.is_empty()).map(str::to_owned)
}

/// What follows a key up to the next comma. `Id:` is not the end of `ClientId:`.
fn value<'a>(part: &'a str, key: &str) -> &'a str {
    let found = part.split(',').map(str::trim).find_map(|member| member.strip_prefix(key));
    found.unwrap_or("").trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_tell_who_what_and_what_is_new() {
        let text = "[[Id: g1, ClientId: c, PrincipalId: u, ResourceId: r, ConsentType: Principal, Scope:  User.Read, CreatedDateTime: , \
                    LastModifiedDateTime ]] => [[Id: g1, ClientId: c, PrincipalId: u, ResourceId: r, ConsentType: Principal, Scope: \
                    user.read Mail.Read, CreatedDateTime: ], [Id: g2, ClientId: c, PrincipalId: , ResourceId: r, ConsentType: \
                    AllPrincipals, Scope: Files.Read.All]]; ";
        let entries = entries(text);
        assert_eq!(entries.len(), 2);
        assert_eq!((entries[0].client, entries[0].principal, entries[0].for_all), ("c", "u", false));
        assert_eq!(
            (&entries[0].scopes[..], &entries[0].added[..]),
            (&["user.read", "Mail.Read"][..], &["Mail.Read"][..])
        );
        assert_eq!((entries[1].principal, entries[1].for_all), ("", true));
        assert_eq!(entries[1].added, ["Files.Read.All"]);
    }

    #[test]
    fn a_text_that_is_no_list_of_entries_gives_none() {
        for text in ["", "[] => []; ", "=>", "[[Id: x]] => [[Id: x]]", "Mail.Read", "[[[[", "=> => [[Scope: "] {
            assert!(entries(text).iter().all(|entry| entry.added.is_empty()), "{text}");
        }
    }
}
