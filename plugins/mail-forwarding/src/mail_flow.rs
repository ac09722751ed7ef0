//! Rule `mail-flow-rule-outside`: transport and journal rules that send everybody's mail outside.

use cordon_sdk::microsoft::is_false;
use cordon_sdk::prelude::*;

use crate::Rule;
use crate::record::{Record, key, sentence};

pub(crate) fn judge(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let (fields, row) = (record.fields, record.row);
    let ways = [
        ("blind-copies", fields.blind_copy_to.text(row)),
        ("copies", fields.copy_to.text(row)),
        ("redirects", fields.redirect_message_to.text(row)),
        ("adds as recipient", fields.add_to_recipients.text(row)),
        ("journals", fields.journal_address.text(row)),
    ];
    let outside = record.outside(ways.iter().filter_map(|(_, to)| *to))?;
    if outside.is_empty() {
        return Ok(());
    }
    let acts = record.acts(ways.iter().filter_map(|(act, to)| Some((*act, (*to)?))), &outside);
    let name = fields.rule_name.text(row).or(fields.identity.text(row)).unwrap_or("");
    let off = fields.flow_rule_enabled.text(row).is_some_and(is_false);
    let trial = fields.flow_rule_mode.text(row).is_some_and(|mode| !mode.trim().eq_ignore_ascii_case("Enforce"));
    let works = match (off, trial) {
        (true, _) => "It is switched off: no mail moves yet.",
        (false, true) => "It is in audit mode: no mail moves yet.",
        (false, false) => "It works on the mail of the whole organisation.",
    };
    let severity = if off || trial { Severity::Medium } else { Severity::Critical };
    findings.emit(
        record
            .finding(Rule::MailFlowRuleOutside, None, &outside)
            .severity(severity)
            .summary(format!("The mail rule '{name}' {}: {}. {works}", acts.join(" and "), sentence(&outside)))
            .context("Rule", name)
            .context("Picks mail with", fields.subject_or_body_words.text(row).unwrap_or(""))
            .key(key(name, &outside)),
    )
}
