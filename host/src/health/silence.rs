//! Silence: a source that should send and does not. Pure.

use std::collections::BTreeMap;

use super::condition::{About, Condition, Kind, Look};
use super::words::{seconds, span};
use crate::model::{Force, SourceName};

/// A source that a force should send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    /// The force.
    pub force: Force,
    /// The source.
    pub source: SourceName,
    /// For how long it may be quiet, in microseconds.
    pub quiet: i64,
    /// Whether the force is live: only then is it missed before it was ever seen.
    pub live: bool,
    /// Since when we know that it is expected, microseconds since 1970 UTC.
    pub known: i64,
}

/// How long after its start the host waits for what its senders could not send meanwhile: two minutes.
const GRACE: i64 = 120_000_000;

/// Sources that are silent, or were never seen, and those that send. `listening`: since when the host takes events; for a
/// while after that, what waited at the senders is still coming, and nobody is judged. All times in microseconds since 1970
/// UTC.
pub(super) fn silent(
    expected: &[Expected],
    last: &BTreeMap<(Force, SourceName), i64>,
    listening: i64,
    now: i64,
    look: &mut Look,
) {
    let listened = now.saturating_sub(listening);
    if listened >= GRACE {
        look.complete.extend([Kind::SourceSilent, Kind::SourceNeverSeen]);
    }
    for of in expected {
        let last = last.get(&(of.force.clone(), of.source.clone())).copied();
        if last.is_some() {
            look.good.insert(key(Kind::SourceNeverSeen, &of.force, &of.source));
        }
        if last.is_some_and(|last| now.saturating_sub(last) <= of.quiet) {
            look.good.insert(key(Kind::SourceSilent, &of.force, &of.source));
        } else if listened >= GRACE.min(of.quiet) {
            look.bad.extend(silence(of, last, now));
        }
    }
}

fn silence(of: &Expected, last: Option<i64>, now: i64) -> Option<Condition> {
    let Expected { force, source, quiet, live, known } = of;
    let (kind, since, text) = match last {
        Some(last) => {
            let (since, allowed) = (span(now.saturating_sub(last)), span(*quiet));
            let text = format!("{force} has sent no {source} for {since}; it may be quiet for {allowed}.");
            (Kind::SourceSilent, last, text)
        }
        None if *live => {
            let text = format!("{force} should send {source}, and never has.");
            (Kind::SourceNeverSeen, *known, text)
        }
        None => return None,
    };
    let silent = now.saturating_sub(since);
    let about = About { force: Some(force.to_string()), source: Some(source.to_string()), ..About::default() };
    (silent > *quiet).then(|| Condition {
        kind,
        key: key(kind, force, source),
        about,
        since,
        level: u32::from(silent >= 86_400_000_000),
        value: seconds(silent),
        bound: seconds(*quiet),
        unit: "seconds".into(),
        text,
    })
}

fn key(kind: Kind, force: &Force, source: &SourceName) -> String {
    let word = if kind == Kind::SourceSilent { "source-silent" } else { "source-never-seen" };
    format!("{word}/{force}/{source}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    #[test]
    fn a_source_is_silent_after_its_own_time_and_missed_only_where_the_force_is_live() {
        let (avon, source) = (Force::new("avon").unwrap(), SourceName::new("m365.audit").unwrap());
        // Last seen, live, now in minutes; may be quiet for 60, known since 0, listening since 0.
        let table = [
            (Some(0), true, 60, None),
            (Some(0), true, 61, Some(("source-silent/avon/m365.audit", 0))),
            (Some(0), false, 61, Some(("source-silent/avon/m365.audit", 0))),
            (Some(0), true, 1_441, Some(("source-silent/avon/m365.audit", 1))),
            (Some(30), true, 61, None),
            // Received after this look's clock: another clock, no silence.
            (Some(90), true, 61, None),
            (None, true, 60, None),
            (None, true, 61, Some(("source-never-seen/avon/m365.audit", 0))),
            (None, false, 1_000, None),
        ];
        for (last, live, now, expected) in table {
            let of = Expected { force: avon.clone(), source: source.clone(), quiet: 60 * MINUTE, live, known: 0 };
            let last = last.map(|last| ((avon.clone(), source.clone()), last * MINUTE)).into_iter().collect();
            let mut look = Look::default();
            silent(&[of], &last, 0, now * MINUTE, &mut look);
            let found = look.bad.first().map(|one| (one.key.as_str(), one.level));
            assert_eq!(found, expected, "{last:?} {live} {now}");
            assert!(look.bad.iter().all(|one| !look.good.contains(&one.key)));
        }
    }

    #[test]
    fn after_a_start_senders_get_two_minutes_or_the_quiet_time_where_that_is_shorter() {
        let (avon, source) = (Force::new("avon").unwrap(), SourceName::new("m365.audit").unwrap());
        let last = BTreeMap::from([((avon.clone(), source.clone()), 0)]);
        for (quiet, started_before, expected) in [(60, 1, 0), (60, 2, 1), (1, 1, 1)] {
            let of =
                Expected { force: avon.clone(), source: source.clone(), quiet: quiet * MINUTE, live: true, known: 0 };
            let now = 300 * MINUTE;
            let mut look = Look::default();
            silent(&[of], &last, now - started_before * MINUTE, now, &mut look);
            assert_eq!(look.bad.len(), expected, "{quiet}");
            // What was told before the start stays until it is known to be over.
            assert!(!look.good.contains("source-silent/avon/m365.audit"));
            assert_eq!(look.complete.contains(&Kind::SourceSilent), started_before >= 2);
        }
    }
}
