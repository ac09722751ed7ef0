//! One user, or one session, at two places between which nobody travels so fast, in Entra's sign-in log.
//!
//! Users are compared where they sign in themselves: programs that sign in again in the background come from wherever Microsoft's
//! services or mobile operators let them out. Sessions are compared in both. Where somebody was last is kept; a place that was
//! too far does not replace it, so that the owner who goes on at home is no second finding. Not covered: a place without
//! coordinates, and an intruder near the victim.

mod place;

use cordon_sdk::microsoft::is_listed;
use cordon_sdk::prelude::*;

use crate::place::Place;

/// How long a place matters: from the other end of the world one flies a day.
const KEPT: u32 = 2 * 86_400;
/// How long the same thing is not said again.
const TOLD: u32 = 86_400;

/// Finds sign-ins and sessions that are at two places.
#[derive(Debug, Default)]
pub struct ImpossibleTravel;

#[detector]
impl ImpossibleTravel {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let networks: Vec<&String> = settings.own_networks.iter().chain(&settings.vpn_networks).collect();
        let placed = fields.latitude.between(-90, 90) & fields.longitude.between(-180, 180);
        let judged = fields.code.between(0, 0)
            & placed
            & !fields.user.empty()
            & !fields.ip.in_any_cidr(&networks)?
            & !fields.user.matches(|user| is_listed(user, &settings.travelling_accounts));
        let background = fields.interactive.is_false() | fields.category.starts_with("NonInteractive");
        let by_user = &judged & !background;
        let by_session = &judged & !fields.session.empty();
        for row in &judged {
            let Some(here) = here(batch, fields, row) else { continue };
            let user = fields.user.text(row).unwrap_or("");
            if by_user.contains(row) {
                let look = Look { batch, fields, settings, row, here: &here };
                look.compare(Rule::ImpossibleTravel, user, findings)?;
            }
            if by_session.contains(row) {
                let session = format!("{user} {}", fields.session.text(row).unwrap_or(""));
                let look = Look { batch, fields, settings, row, here: &here };
                look.compare(Rule::SessionAtTwoPlaces, &session, findings)?;
            }
        }
        Ok(())
    }
}

/// Where a row is.
fn here(batch: &Batch, fields: &Fields, row: Row) -> Option<Place> {
    let text = |field: &Field| field.text(row).unwrap_or("").chars().take(64).collect();
    Some(Place {
        time: batch.time(row),
        latitude: fields.latitude.number(row)?,
        longitude: fields.longitude.number(row)?,
        country: text(&fields.country),
        city: text(&fields.city),
        ip: text(&fields.ip),
        reference: batch.reference(row),
    })
}

/// One row with what is needed to compare it.
struct Look<'a> {
    batch: &'a Batch<'a>,
    fields: &'a Fields<'a>,
    settings: &'a Settings,
    row: Row,
    here: &'a Place,
}

impl Look<'_> {
    /// Compares a row with where the same user or session was last.
    fn compare(&self, rule: Rule, whose: &str, findings: &mut Findings) -> Result<(), Failure> {
        let Self { batch, settings, row, here, .. } = *self;
        let (session, state) = (matches!(rule, Rule::SessionAtTwoPlaces), batch.state());
        let last_at = format!("{} {whose}", if session { "s" } else { "u" });
        let told_at = format!("told {last_at} {}", here.country);
        let mut kept = state.get(&[(row, &last_at), (row, &told_at)])?.into_iter();
        let (last, told) = (kept.next().flatten(), kept.next().flatten());
        let last = last.and_then(|bytes| Place::read(&bytes));
        #[allow(clippy::cast_precision_loss, reason = "small numbers")]
        let (speed, least) = (settings.speed as f64, settings.distance as f64);
        match last {
            Some(last) if here.too_far(&last, speed, least) => {
                if told.is_none() {
                    findings.emit(self.finding(rule, &last, session))?;
                    state.set(row, &told_at, &[], TOLD)?;
                }
                Ok(())
            }
            // A late record is older than what is known already.
            Some(last) if last.time > here.time => Ok(()),
            _ => state.set(row, &last_at, &here.bytes(), KEPT),
        }
    }

    fn finding(&self, rule: Rule, last: &Place, session: bool) -> Finding {
        let (fields, row, here) = (self.fields, self.row, self.here);
        let user = fields.user.text(row).unwrap_or("");
        let minutes = here.time.abs_diff(last.time) / 60_000_000;
        let what = if session { "A session of " } else { "" };
        rule.on(row)
            .summary(format!(
                "{what}{user} was in {} and, {minutes} minutes apart, in {}: {:.0} kilometres.",
                last.name(),
                here.name(),
                last.kilometres(here)
            ))
            .entity("user", user)
            .entity("ip", &here.ip)
            .context("The other address", &last.ip)
            .context("Application", fields.application.text(row).unwrap_or(""))
            .context("Operating system", fields.system.text(row).unwrap_or(""))
            .cite(last.reference.clone())
            .key(format!("{user} {}", here.country))
    }
}
