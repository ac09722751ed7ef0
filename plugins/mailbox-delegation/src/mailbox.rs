//! Rules `full-access-granted`, `send-as-granted` and `send-on-behalf-granted`: a whole mailbox, given to somebody.

use cordon_sdk::microsoft::{has_word, is_false, is_same_account, is_true, object_name};
use cordon_sdk::prelude::*;

use crate::{Record, Rule, alias, names};

/// Rights to a mailbox by which one reads it, or gives oneself the right to.
const WHOLE_MAILBOX: [&str; 3] = ["FullAccess", "ChangePermission", "ChangeOwner"];
/// Names of everybody at once.
const EVERYBODY: [&str; 5] =
    ["Default", "Everyone", "Anonymous", "NT AUTHORITY\\Authenticated Users", "Authenticated Users"];

pub(crate) fn judge(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let (fields, settings, row) = (record.fields, record.settings, record.row);
    let rights = fields.rights.text(row).unwrap_or("");
    if fields.deny.text(row).is_some_and(is_true) {
        return Ok(());
    }
    let has = |wanted: &[&str]| wanted.iter().any(|right| has_word(rights, right));
    let (rule, delegates, act) = match record.operation().to_ascii_lowercase().as_str() {
        "add-mailboxpermission" if has(&WHOLE_MAILBOX) => {
            (Rule::FullAccessGranted, fields.user.text(row), "full access to the mailbox of")
        }
        "add-recipientpermission" if has(&["SendAs"]) => {
            (Rule::SendAsGranted, fields.trustee.text(row), "the right to send as")
        }
        "set-mailbox" => (Rule::SendOnBehalfGranted, fields.on_behalf.text(row), "the right to send on behalf of"),
        _ => return Ok(()),
    };
    let mailbox = fields.identity.text(row).or(fields.object.text(row)).map(object_name).unwrap_or("");
    let delegates = given(delegates.unwrap_or(""));
    let new = |name: &&str| !names(&settings.trusted_delegates, name) && !is_same_account(name, mailbox);
    let delegates: Vec<&str> = delegates.into_iter().filter(new).collect();
    if delegates.is_empty() {
        return Ok(());
    }
    let actor = record.actor();
    let who = if actor.is_empty() { "Somebody" } else { actor };
    let sensitive = names(&settings.sensitive_mailboxes, mailbox);
    let signs: Vec<&str> = [
        (delegates.iter().any(|name| is_same_account(name, actor)), "they gave it to themselves"),
        (delegates.iter().any(|name| name.to_ascii_uppercase().contains("#EXT#")), "to a guest"),
        (delegates.iter().any(|name| EVERYBODY.iter().any(|all| name.eq_ignore_ascii_case(all))), "to everybody"),
        (sensitive, "the mailbox is a sensitive one"),
    ]
    .into_iter()
    .filter_map(|(holds, sign)| holds.then_some(sign))
    .collect();
    let why = if signs.is_empty() { String::new() } else { format!(" ({})", signs.join("; ")) };
    let shown = delegates.join(", ");
    let mut finding = record
        .finding(rule, mailbox)
        .summary(format!("{who} gave {shown} {act} {mailbox}{why}."))
        .context("Rights", rights)
        .context(
            "Shows in the delegate's Outlook",
            if fields.auto_mapping.text(row).is_some_and(is_false) { "no" } else { "" },
        )
        .key(format!("{}>{}", alias(mailbox), delegates.iter().map(|name| alias(name)).collect::<Vec<_>>().join(",")));
    for delegate in &delegates {
        finding = finding.entity("delegate", delegate);
    }
    findings.emit(if signs.is_empty() { finding } else { finding.severity(Severity::High) })
}

/// The accounts that a parameter gives something to: one, several with commas or semicolons, or `@{Add="x"}`. What only
/// removes gives nothing.
fn given(value: &str) -> Vec<&str> {
    let lower = value.to_ascii_lowercase();
    let value = match (lower.find("add="), lower.contains("remove=")) {
        (Some(at), _) => value.get(at + 4..).and_then(|rest| rest.split(['}', '=']).next()).unwrap_or(""),
        (None, true) => "",
        (None, false) => value,
    };
    let parts =
        value.split([',', ';']).map(|part| object_name(part.trim_matches(['"', '\'', ' ', '{', '}', '(', ')'])));
    parts.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("$null")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delegates_are_read_in_every_dress() {
        let cases: [(&str, &[&str]); 7] = [
            ("PROD/force.example/ada", &["ada"]),
            ("ada@f.example;ben@f.example", &["ada@f.example", "ben@f.example"]),
            ("@{Add=\"ada\",\"ben\"}", &["ada", "ben"]),
            ("@{Remove=\"ada\"}", &[]),
            ("@{Add='ada'; Remove='ben'}", &["ada", "Remove"]),
            ("$null", &[]),
            ("", &[]),
        ];
        for (value, expected) in cases {
            assert_eq!(given(value), expected, "{value}");
        }
    }
}
