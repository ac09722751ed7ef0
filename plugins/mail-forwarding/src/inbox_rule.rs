//! Rules `inbox-rule-forwarding` and `inbox-rule-hiding`. An inbox rule is logged in two ways: as a cmdlet with parameters
//! (Outlook on the web, PowerShell), and as `UpdateInboxRules` with the rule as text (Outlook). Both become one [`Made`].

use cordon_sdk::microsoft::{has_word, is_true};
use cordon_sdk::prelude::*;

use crate::Rule;
use crate::hiding::{InboxRule, Watch};
use crate::record::{Record, key, sentence};

/// Parameters of `New-InboxRule` that are no condition, or one that nearly all mail to the owner meets.
const NO_CONDITION: [&str; 24] = [
    "AlwaysDeleteOutlookRulesBlob",
    "ApplyCategory",
    "ApplySystemCategory",
    "Confirm",
    "CopyToFolder",
    "DeleteMessage",
    "DomainController",
    "Force",
    "ForwardAsAttachmentTo",
    "ForwardTo",
    "Mailbox",
    "MarkAsRead",
    "MarkImportance",
    "MoveToFolder",
    "MyNameInToBox",
    "MyNameInToOrCcBox",
    "Name",
    "PinMessage",
    "Priority",
    "RedirectTo",
    "SendTextMessageNotificationTo",
    "SoftDeleteMessage",
    "StopProcessingRules",
    "ValidateOnly",
];

/// An inbox rule as it was made, however it was logged.
struct Made<'a> {
    /// How it sends mail on, and the text that holds where to.
    sends: Vec<(&'static str, &'a str)>,
    rule: InboxRule<'a>,
    /// What tells it from the owner's other rules.
    label: &'a str,
    marks_read: bool,
}

pub(crate) fn judge(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let made = if record.operation().eq_ignore_ascii_case("UpdateInboxRules") {
        from_outlook(record)
    } else {
        Some(from_cmdlet(record))
    };
    let Some(made) = made else { return Ok(()) };
    let mailbox = record.mailbox();
    forwarding(record, &made, &mailbox, findings)?;
    hiding(record, &made, &mailbox, findings)
}

fn forwarding(record: &Record<'_>, made: &Made<'_>, mailbox: &str, findings: &mut Findings) -> Result<(), Failure> {
    let outside = record.outside(made.sends.iter().map(|(_, to)| *to))?;
    if outside.is_empty() {
        return Ok(());
    }
    let acts = record.acts(made.sends.iter().copied(), &outside);
    findings.emit(
        record
            .finding(Rule::InboxRuleForwarding, Some(mailbox), &outside)
            .summary(format!("An inbox rule of {mailbox} {} mail to {}.", acts.join(" and "), sentence(&outside)))
            .context("Rule", made.label)
            .context("Picks mail with", made.rule.words.join("; "))
            .key(key(mailbox, &outside)),
    )
}

fn hiding(record: &Record<'_>, made: &Made<'_>, mailbox: &str, findings: &mut Findings) -> Result<(), Failure> {
    let settings = record.settings;
    let watch = Watch {
        words: &settings.watched_words,
        unwatched_folders: &settings.unwatched_folders,
        quiet_folders: &settings.quiet_folders,
    };
    let Some(hiding) = made.rule.hiding(&watch) else { return Ok(()) };
    let severity = if hiding.signs.len() > 1 { Severity::High } else { Severity::Medium };
    findings.emit(
        record
            .finding(Rule::InboxRuleHiding, Some(mailbox), &std::collections::BTreeSet::new())
            .severity(severity)
            .summary(format!("An inbox rule of {mailbox} {}: {}.", hiding.act, hiding.signs.join("; ")))
            .context("Rule", made.label)
            .context("Picks mail with", made.rule.words.join("; "))
            .context("Picks mail from", record.fields.from.text(record.row).unwrap_or(""))
            .context("Marks it as read", if made.marks_read { "yes" } else { "" })
            .key(format!("{}|{}", mailbox.to_lowercase(), made.label.trim().to_lowercase())),
    )
}

fn from_cmdlet<'a>(record: &Record<'a>) -> Made<'a> {
    let (fields, row) = (record.fields, record.row);
    let sends = [
        ("forwards", fields.forward_to.text(row)),
        ("forwards as attachment", fields.forward_as_attachment_to.text(row)),
        ("redirects", fields.redirect_to.text(row)),
    ];
    let words = [
        fields.subject_words.text(row),
        fields.body_words.text(row),
        fields.subject_or_body_words.text(row),
        fields.header_words.text(row),
    ];
    let name = fields.rule_name.text(row);
    // Only a new rule shows all its conditions; a changed one shows what was changed.
    let is_new = record.operation().eq_ignore_ascii_case("New-InboxRule");
    let conditional = fields.parameter_names.texts(row).any(|name| {
        !NO_CONDITION.iter().any(|other| other.eq_ignore_ascii_case(name)) && !name.starts_with("ExceptIf")
    });
    let yes = |value: Option<&str>| value.is_some_and(is_true);
    Made {
        sends: sends.into_iter().filter_map(|(act, to)| Some((act, to?))).collect(),
        rule: InboxRule {
            name,
            deletes: yes(fields.delete_message.text(row)) || yes(fields.soft_delete_message.text(row)),
            folder: fields.move_to_folder.text(row),
            words: words.into_iter().flatten().filter(|words| !words.is_empty()).collect(),
            unconditional: is_new && !conditional,
        },
        label: name.or(fields.identity.text(row)).unwrap_or(""),
        marks_read: yes(fields.mark_as_read.text(row)),
    }
}

/// `None` where the record is a removal, a rule that is switched off, or a resync without the rule's text.
fn from_outlook<'a>(record: &Record<'a>) -> Option<Made<'a>> {
    let (fields, row) = (record.fields, record.row);
    let kind = fields.outlook_operation.text(row).unwrap_or("");
    if has_word(kind, "Remove") || has_word(kind, "Delete") {
        return None;
    }
    if fields.outlook_state.text(row).is_some_and(|state| has_word(state, "Disabled")) {
        return None;
    }
    let actions = fields.outlook_actions.text(row).filter(|text| !matches!(text.trim(), "" | "[]" | "{}"));
    // The older form holds the whole rule; what stands before its actions are conditions, with senders' addresses.
    let server = fields.outlook_server_rule.text(row).and_then(|text| text.get(text.find("Actions")?..));
    let sends_on = |text: &&str| ["Forward", "Redirect", "Delegate"].iter().any(|word| has_word(text, word));
    let to = actions.map_or(server, |actions| Some(actions).filter(sends_on));
    let redirects = |text: &str| has_word(text, "Redirect") || has_word(text, "PreserveSender");
    let condition = fields.outlook_condition.text(row).unwrap_or("").trim();
    let name = fields.outlook_name.text(row);
    // Deleting and moving are read from the actions' names only: the older form does not name them.
    let actions = actions.unwrap_or("");
    Some(Made {
        sends: to.map(|to| (if redirects(to) { "redirects" } else { "forwards" }, to)).into_iter().collect(),
        rule: InboxRule {
            name,
            deletes: has_word(actions, "Delete")
                || has_word(actions, "PermanentDelete")
                || has_word(actions, "SoftDelete"),
            folder: Some(actions).filter(|actions| has_word(actions, "Move")),
            words: Some(condition).filter(|condition| !condition.is_empty()).into_iter().collect(),
            unconditional: false,
        },
        label: name.unwrap_or(""),
        marks_read: has_word(actions, "MarkAsRead"),
    })
}
