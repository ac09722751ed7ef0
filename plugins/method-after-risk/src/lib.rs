//! A second factor that is added near a sign-in at risk, in Entra's sign-in and audit logs.
//!
//! Order between the logs is not promised: each keeps its last act of an account, and whichever arrives second is found. The
//! second factor must be the later one, by the records' own times. Not covered: a risk that Entra tells only later.

use cordon_sdk::microsoft::{is_listed, operation, succeeded};
use cordon_sdk::prelude::*;

/// What adds a second factor, or registers one.
const ADDED: [&str; 4] = [
    "User registered security info",
    "User registered all required security info",
    "User changed default security info",
    "Admin registered security info",
];
/// Risk that somebody has settled.
const SETTLED: [&str; 3] = ["dismissed", "confirmedSafe", "remediated"];
/// What clocks may differ by, in microseconds.
const CLOCKS: i64 = 60_000_000;
/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// Finds second factors near a sign-in at risk.
#[derive(Debug, Default)]
pub struct MethodAfterRisk;

#[detector]
impl MethodAfterRisk {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let sign_ins = batch.source() == "entra.signin";
        let rows = if sign_ins {
            let risky = fields.risk.matches(|risk| is_listed(risk, &settings.risk_levels));
            risky & fields.code.between(0, 0) & !fields.risk_state.any_of(&SETTLED)
        } else {
            let failed = fields.result.matches(|result| !succeeded(Some(result)));
            fields.operation.matches(|name| is_listed(operation(name), &ADDED.map(str::to_owned))) & !failed
        };
        let fields = &fields.among(&rows);
        let (own, other) = if sign_ins { ("risk", "added") } else { ("added", "risk") };
        let seconds = u32::try_from(settings.hours * 3_600).unwrap_or(u32::MAX).saturating_add(86_400);
        for row in &(&rows & !fields.user.empty()) {
            let user = fields.user.text(row).unwrap_or("");
            let (state, time, ip) = (batch.state(), batch.time(row), fields.ip.text(row).unwrap_or(""));
            let kept = state.get(&[(row, &format!("{other} {user}"))])?.into_iter().next().flatten();
            let kept: Option<(i64, String, String)> = kept.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            if let Some((then, where_from, reference)) = kept {
                // The second factor follows the sign-in.
                let after = if sign_ins { then.saturating_sub(time) } else { time.saturating_sub(then) };
                if (-CLOCKS..=settings.hours.saturating_mul(HOUR)).contains(&after) {
                    let (risky_ip, added_ip) =
                        if sign_ins { (ip, where_from.as_str()) } else { (where_from.as_str(), ip) };
                    findings.emit(
                        Rule::MethodAfterRiskySignIn
                            .on(row)
                            .summary(format!(
                                "A second factor was added to {user} {} minutes after a sign-in at risk.",
                                after.max(0) / (HOUR / 60)
                            ))
                            .entity("user", user)
                            .entity("ip", risky_ip)
                            .context("Sign-in from", risky_ip)
                            .context("Added from", added_ip)
                            .context("Added by", fields.actor.text(row).unwrap_or(""))
                            .context("What was added", fields.reason.text(row).unwrap_or(""))
                            .cite(reference)
                            .key(user),
                    )?;
                }
            }
            let from: String = ip.chars().take(64).collect();
            let kept = serde_json::json!([time, from, batch.reference(row)]).to_string();
            state.set(row, &format!("{own} {user}"), kept.as_bytes(), seconds)?;
        }
        Ok(())
    }
}
