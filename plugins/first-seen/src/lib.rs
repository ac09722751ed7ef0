//! What is new for a user against their own past, in Entra's sign-in log: countries, kinds of device, administrative tools,
//! and applications that nobody of the force used before.
//!
//! A user's past is learnt quietly: nothing is new before there are so many days and sign-ins of history, and every finding says
//! how many. Only sign-ins that people make themselves, and that succeed, are looked at. Versions of systems and browsers are
//! left out, so that an update is no new device. An application that is new for a user alone is not reported: people take up
//! one of Microsoft's many every other week; one that is new for the whole force is rare. Not covered: an intruder who is there from the first day on.

mod past;

use cordon_sdk::microsoft::network;
use cordon_sdk::prelude::*;

use crate::past::{Past, take};

/// How long a user's past is kept after their last sign-in: 180 days.
const KEPT: u32 = 180 * 86_400;
/// Under which is kept since when the force is known.
const FORCE: &str = "the force";

/// Finds what is new for a user.
#[derive(Debug, Default)]
pub struct FirstSeen;

#[detector]
impl FirstSeen {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let background = fields.interactive.is_false() | fields.category.starts_with("NonInteractive");
        let rows = fields.code.between(0, 0) & !background & !fields.user.empty();
        let own = fields.ip.in_any_cidr(&settings.own_networks)?;
        for row in &rows {
            let (user, time, state) = (fields.user.text(row).unwrap_or(""), batch.time(row), batch.state());
            let (used, own_key) = (fields.app.text(row).unwrap_or(""), format!("of {user}"));
            let app_key = format!("app {}", used.to_lowercase());
            let mut kept = state.get(&[(row, &own_key), (row, &app_key), (row, FORCE)])?.into_iter();
            let past = kept.next().flatten().and_then(|bytes| Past::read(&bytes));
            let app = kept.next().flatten().and_then(|bytes| Since::read(&bytes));
            let force = kept.next().flatten().and_then(|bytes| Since::read(&bytes));
            let mut past = past.unwrap_or_else(|| Past::beginning(time));
            let (days, sign_ins) = (past.days(time), past.sign_ins);
            let known = days >= settings.days && sign_ins >= settings.sign_ins;
            let mut changed = past.count();
            let mut look = |kind: &mut past::Kind, what: &str| {
                let (new, kept) = if what.is_empty() { (false, false) } else { take(kind, what, time) };
                changed |= kept;
                new && known
            };
            let (device, network) = (device(fields, row), network(fields.ip.text(row).unwrap_or("")));
            let country = if own.contains(row) { "" } else { fields.country.text(row).unwrap_or("") };
            let country: String = country.chars().take(64).collect();
            let tool = if settings.tools.contains_key(used) { used } else { "" };
            let new_country = look(&mut past.countries, &country);
            let new_device = look(&mut past.devices, &device);
            let new_network = look(&mut past.networks, if own.contains(row) { "" } else { &network });
            let new_tool = look(&mut past.tools, tool);

            let history = format!("{days} days and {sign_ins} sign-ins of history");
            let finding = |rule: Rule, what: &str, key: &str| {
                let ip = fields.ip.text(row).unwrap_or("");
                rule.on(row)
                    .summary(format!("{user} signed in {what}, for the first time in {history}."))
                    .entity("user", user)
                    .entity("ip", ip)
                    .context("History", &history)
                    .context("City", fields.city.text(row).unwrap_or(""))
                    .context("Device", &device)
                    .context("Application", fields.app_name.text(row).unwrap_or(""))
                    .key(format!("{user} {key}"))
            };
            if new_country {
                let finding = finding(Rule::FirstSeenCountry, &format!("from {country}"), &country);
                findings.emit(if new_device { finding.severity(Severity::High) } else { finding })?;
            } else if new_device && new_network {
                findings.emit(finding(
                    Rule::FirstSeenDevice,
                    &format!("with {device}, from a new network"),
                    &device,
                ))?;
            }
            if new_tool {
                let name = settings.tools.get(tool).map_or(tool, String::as_str);
                findings.emit(finding(Rule::FirstSeenTool, &format!("to {name}"), tool))?;
            }
            let force_days = force.map_or(0, |since| since.days(time));
            let usual = app.is_some() || used.is_empty() || settings.usual_applications.contains_key(used);
            if known && !usual && !new_tool && force_days >= settings.force_days {
                let name = fields.app_name.text(row).filter(|name| !name.is_empty()).unwrap_or(used);
                let what = format!("to {name}, which nobody of the force used in {force_days} days,");
                findings.emit(finding(Rule::FirstSeenApplication, &what, used))?;
            }
            if changed {
                state.set(row, &own_key, &past.bytes(), KEPT)?;
            }
            if let Some(app) = Since::after(app, time).filter(|_| !used.is_empty()) {
                state.set(row, &app_key, &app.bytes(), KEPT)?;
            }
            if let Some(force) = Since::after(force, time) {
                state.set(row, FORCE, &force.bytes(), KEPT)?;
            }
        }
        Ok(())
    }
}

/// Operating system and browser, without versions: `Windows, Edge`.
fn device(fields: &Fields, row: Row) -> String {
    let name = |field: &Field| -> String {
        let text = field.text(row).unwrap_or("");
        text.chars().take_while(|c| !c.is_ascii_digit()).take(40).collect::<String>().trim().to_owned()
    };
    let parts = [name(&fields.system), name(&fields.browser)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
