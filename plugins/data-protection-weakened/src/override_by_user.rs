//! Rule `dlp-overridden`: a user let pass what a policy held back.

use cordon_sdk::microsoft::{Sites, has_word};
use cordon_sdk::prelude::*;

use crate::{Fields, List, Rule, Settings};

pub(crate) fn judge(fields: &Fields, settings: &Settings, row: Row, findings: &mut Findings) -> Result<(), Failure> {
    // An object, or a text that holds one: `{"Reason": "Override", "Justification": "...", "Rules": [...]}`.
    let Some(exception) = fields.exception.json(row) else { return Ok(()) };
    let part =
        |name: &str| exception.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let reason = part("Reason").or_else(|| exception.as_str().map(str::to_owned)).unwrap_or_default();
    let (overrode, false_positive) = (has_word(&reason, "Override"), has_word(&reason, "FalsePositive"));
    if !overrode && !false_positive {
        return Ok(());
    }
    let actor = fields.actor.text(row).unwrap_or("");
    let who = if actor.is_empty() { "A user" } else { actor };
    let mut policies: Vec<&str> = fields.policies.texts(row).collect();
    policies.sort_unstable();
    policies.dedup();
    let policies = policies.join(", ");
    let item = [fields.file.text(row), fields.subject.text(row), fields.object.text(row)];
    let item = item.into_iter().flatten().find(|item| !item.is_empty()).unwrap_or("");
    let how =
        if overrode { "let it pass, giving a reason" } else { "said that the policy was wrong, which lets it pass" };
    let finding = Rule::DlpOverridden
        .on(row)
        .summary(format!("The policy '{policies}' held '{item}' back; {who} {how}."))
        .entity("user", actor)
        .entity("file", fields.file.text(row).unwrap_or(""))
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Policy", &policies)
        .context("Reason that the user gave", part("Justification").unwrap_or_default())
        .context("Operation", fields.operation.text(row).unwrap_or(""))
        .key(format!("{actor}|{policies}").to_lowercase());
    let sensitive = Sites::new(&settings.sensitive_sites, List::EvidenceSites).of(item, "")?.is_some();
    findings.emit(if sensitive { finding.severity(Severity::High) } else { finding })
}
