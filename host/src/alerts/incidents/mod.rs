//! Incidents: alerts of a force that share whom or what they are about, within a day of each other, are one story.
//!
//! An incident has the number of its first alert. It is linked in the commit that makes the alert; two that turn out to be one
//! become the older. What it weighs is made when it is read (`score`).

mod link;
mod score;

use serde::{Deserialize, Serialize};

pub(super) use link::Linking;
pub use score::{Contribution, Score};

use super::alert::{self, Alert, State};
use super::{Alerts, book};
use crate::model::{Entity, Force};
use crate::store::{Space, Store, StoreError};

/// Alerts of one incident at most: the next begins another.
const MOST: usize = 256;
/// Alerts about one entity that its score looks at: the newest.
const ABOUT: usize = 1_000;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Incident {
    /// Whose.
    pub force: Force,
    /// That of its first alert.
    pub number: u64,
    /// The numbers of its alerts, at most 256.
    pub alerts: Vec<u64>,
    /// When its second alert came, microseconds since 1970 UTC.
    pub created: i64,
    /// When it got the last.
    pub updated: i64,
    /// The older one that it turned out to be part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<u64>,
}

/// An incident with its alerts, oldest first, and what it weighs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Story {
    /// `avon-i12`
    pub reference: String,
    /// It.
    #[serde(flatten)]
    pub incident: Incident,
    /// Whether one of its alerts is not resolved.
    pub open: bool,
    /// That of its gravest alert; one more where its rules serve three tactics or more.
    pub priority: cordon_contract::manifest::Severity,
    /// See [`Score`].
    pub score: Score,
    /// Its alerts, by their first event.
    pub timeline: Vec<Alert>,
}

impl Incident {
    /// `avon-i12`
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}-i{}", self.force, self.number)
    }
}

/// Whose incident a reference is, and which: `avon-i12`.
fn numbered(reference: &str) -> Option<(Force, u64)> {
    alert::numbered_behind(reference, "i")
}

impl Alerts {
    /// An incident by its reference, or that of the older one that it became part of.
    ///
    /// # Errors
    /// The store's.
    pub fn incident(&self, reference: &str) -> Result<Option<Story>, StoreError> {
        let Some((force, number)) = numbered(reference) else { return Ok(None) };
        whole(&self.shared.store, &force, number, (self.shared.now)())
    }

    /// Up to `limit` incidents of a force behind number `after`, and the number to go on behind; none where nothing is left.
    /// Where `open`, only those with an alert that is not resolved.
    ///
    /// # Errors
    /// The store's.
    pub fn incidents(
        &self,
        force: &Force,
        after: u64,
        limit: usize,
        open: bool,
    ) -> Result<(Vec<Story>, Option<u64>), StoreError> {
        let store = &self.shared.store;
        let (mut found, mut last) = (Vec::new(), after);
        let of = book::of_force(force);
        let pairs = store.list(Space::Incident, &of, Some(&book::key(force, after)), 2_000)?;
        let looked_at = pairs.len();
        for (_, text) in pairs {
            let Ok(incident) = serde_json::from_slice::<Incident>(&text) else { continue };
            last = incident.number;
            if incident.into.is_some() {
                continue;
            }
            let story = story(store, incident, (self.shared.now)())?;
            found.extend(Some(story).filter(|story| story.open || !open));
            if found.len() >= limit {
                return Ok((found, Some(last)));
            }
        }
        Ok((found, Some(last).filter(|_| looked_at == 2_000)))
    }

    /// What the newest alerts of a force about somebody or something weigh together.
    ///
    /// # Errors
    /// The store's.
    pub fn risk(&self, force: &Force, value: &str) -> Result<Score, StoreError> {
        let store = &self.shared.store;
        let mut alerts = Vec::new();
        for number in book::about(store, force, value, ABOUT)? {
            alerts.extend(book::alert(store, force, number)?);
        }
        Ok(score::score(&alerts, (self.shared.now)()))
    }
}

/// The incident that an alert is part of, with others; `now` in microseconds since 1970 UTC.
///
/// # Errors
/// The store's.
pub fn story_of(store: &Store, alert: &Alert, now: i64) -> Result<Option<Story>, StoreError> {
    let Some(number) = alert.incident else { return Ok(None) };
    Ok(whole(store, &alert.force, number, now)?.filter(|story| story.timeline.len() > 1))
}

/// An incident, or the older one that it became part of.
fn whole(store: &Store, force: &Force, number: u64, now: i64) -> Result<Option<Story>, StoreError> {
    let mut found = read(store, force, number)?;
    while let Some(into) = found.as_ref().and_then(|incident| incident.into) {
        found = read(store, force, into)?;
    }
    found.map(|incident| story(store, incident, now)).transpose()
}

fn story(store: &Store, incident: Incident, now: i64) -> Result<Story, StoreError> {
    let mut timeline = Vec::with_capacity(incident.alerts.len());
    for number in &incident.alerts {
        timeline.extend(book::alert(store, &incident.force, *number)?);
    }
    timeline.sort_by_key(|alert| (alert.first_seen, alert.number));
    let score = score::score(&timeline, now);
    Ok(Story {
        reference: incident.reference(),
        open: timeline.iter().any(|alert| alert.state != State::Resolved),
        priority: score::priority(&timeline, &score),
        score,
        incident,
        timeline,
    })
}

fn read(store: &Store, force: &Force, number: u64) -> Result<Option<Incident>, StoreError> {
    let kept = store.get(Space::Incident, &book::key(force, number))?;
    Ok(kept.and_then(|kept| serde_json::from_slice(&kept).ok()))
}

/// What makes two alerts one story: an account by whatever name, an address, an application, a machine. Not a file, a role or a
/// resource, which many touch who have nothing to do with each other.
fn class(entity: &Entity) -> Option<&'static str> {
    Some(match entity.kind.as_str() {
        "user" | "actor" | "mailbox" | "guest" | "delegate" | "principal" | "mail-address" | "account" => "account",
        "ip" => "ip",
        "app" => "app",
        "host" => "host",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_reference_is_read_as_it_is_written_and_is_no_alerts() {
        let avon = Force::new("avon").unwrap();
        assert_eq!(numbered("avon-i12"), Some((avon.clone(), 12)));
        assert_eq!(numbered(" Avon-I12 "), Some((avon, 12)));
        for bad in ["avon-12", "avon-i", "avon-i+1", "i12", ""] {
            assert_eq!(numbered(bad), None, "{bad}");
        }
    }
}
