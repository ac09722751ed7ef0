//! Rule `label-lowered`: a label that was taken off, or a lower one set.

use cordon_sdk::microsoft::is_listed;
use cordon_sdk::prelude::*;

use crate::{Record, Rule};

/// Labels that are changed or taken off, in files, mail and sites.
pub(crate) const OPERATIONS: [&str; 7] = [
    "FileSensitivityLabelRemoved",
    "FileSensitivityLabelChanged",
    "SensitivityLabelRemoved",
    "SensitivityLabelUpdated",
    "SensitivityLabelChanged",
    "SiteSensitivityLabelRemoved",
    "SiteSensitivityLabelChanged",
];
/// How a record says that a label was lowered or removed: by number, or by word.
const LOWERED: [&str; 2] = ["2", "LabelDowngraded"];
const REMOVED: [&str; 2] = ["3", "LabelRemoved"];

pub(crate) fn judge(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let (fields, settings, row) = (record.fields, record.settings, record.row);
    let operation = fields.operation.text(row).unwrap_or("");
    let change = fields.event_change.text(row).unwrap_or("").trim();
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(change));
    let before = fields.event_old_label.text(row).or(fields.old_label.text(row)).unwrap_or("");
    let after = fields.event_label.text(row).or(fields.label.text(row)).unwrap_or("");
    let rank = |id: &str| settings.label_order.iter().position(|known| known.trim().eq_ignore_ascii_case(id.trim()));
    let removed = operation.to_ascii_lowercase().ends_with("labelremoved") || is(&REMOVED);
    let lowered = is(&LOWERED) || rank(before).zip(rank(after)).is_some_and(|(before, after)| after < before);
    if !(removed || lowered) || is_listed(before, &settings.low_labels) {
        return Ok(());
    }
    let reason = fields.justification.text(row).or(fields.plain_justification.text(row)).unwrap_or("");
    let object = record.object();
    let finding = record
        .finding(Rule::LabelLowered)
        .summary(format!(
            "{} {} of {}.",
            record.who(),
            if removed { "took off the sensitivity label" } else { "lowered the sensitivity label" },
            if object.is_empty() { "a file or mail" } else { object },
        ))
        .context("Label before", before)
        .context("Label after", after)
        .context("Reason that the user gave", reason)
        .key(format!("{}|{object}", record.actor()).to_lowercase());
    findings.emit(if record.sensitive_site().is_some() { finding.severity(Severity::High) } else { finding })
}

/// Whether a text is a label's id; an empty one, or one of zeros, is none.
pub(crate) fn is_id(id: &str) -> bool {
    id.chars().any(|c| c.is_ascii_alphanumeric() && c != '0')
}
