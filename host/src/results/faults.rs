//! Faults: runs of plugins that did not complete, by kind. One record stands for all faults of a kind: it counts them and
//! holds the latest one's events, reason and log.
//!
//! A kind is: force, plugin, source, component, outcome, limit, and the reason without its numbers.

use serde::{Deserialize, Serialize};

use super::{LaneSource, of_force};
use crate::findings::Lane;
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Pair, Space, Store, StoreError};

/// Kinds of fault that are kept for one source of a lane: those seen last. What is dropped is counted.
pub const FAULT_KINDS: usize = 32;
/// Bytes of a reason that are kept.
pub const FAULT_REASON_BYTES: usize = 4 << 10;
/// Bytes of the plugin's log that are kept, its last lines.
pub const FAULT_LOG_BYTES: usize = 8 << 10;

/// Where a lane's count of dropped kinds stands, beside its kinds; no kind's id is so long.
const DROPPED: &str = "dropped-kinds-of-fault";
/// Pairs read at a time.
const PAGE: usize = 1_024;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Of the kind: 16 hex digits.
    pub id: String,
    /// Whose events it was.
    pub force: String,
    /// The plugin's id.
    pub plugin: String,
    /// Which of its lanes.
    #[serde(default = "live")]
    pub lane: Lane,
    /// Its version.
    pub version: String,
    /// SHA-256 of its component.
    pub digest: Digest,
    /// The file that says what it ran under: settings, caps, engine.
    pub terms: Digest,
    /// The source.
    pub source: String,
    /// `trapped`, `out-of-time`, ...
    pub outcome: String,
    /// The limit that was hit, where one was.
    pub limit: Option<String>,
    /// For people. The plugin's own words may be in it.
    pub reason: String,
    /// The last lines of its log.
    pub log: Vec<String>,
    /// Sequence number of the first event that it faulted on, as narrow as was found.
    pub first: u64,
    /// And of the last.
    pub last: u64,
    /// Events between them.
    pub rows: u64,
    /// Events that were passed without a result because of it, in all.
    pub skipped: u64,
    /// When the first of the kind was, microseconds since 1970 UTC.
    pub since: i64,
    /// And the latest.
    pub latest: i64,
    /// How many there were.
    pub count: u64,
}

/// Some faults, the latest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Faults {
    /// One for each kind.
    pub faults: Vec<Fault>,
    /// Kinds that were dropped for newer ones, over [`FAULT_KINDS`].
    pub dropped: u64,
}

/// Of a fault that was recorded when there were no others.
fn live() -> Lane {
    Lane::Live
}

impl Fault {
    /// The id of its kind.
    fn id_of(&self) -> String {
        let reason: String = self.reason.chars().filter(|c| !c.is_ascii_digit()).take(256).collect();
        let limit = self.limit.as_deref().unwrap_or_default();
        let texts = [self.force.as_str(), &self.plugin, &self.source, &self.outcome, limit, &reason].map(str::as_bytes);
        let mut parts: Vec<&[u8]> = vec![&self.digest.0];
        parts.extend(texts);
        Digest::of_parts(&parts).to_string().chars().take(16).collect()
    }
}

/// The effect that faults of a lane are recorded, each added to its kind. For whoever runs that lane on that source: nobody
/// else writes these keys.
///
/// # Errors
/// The store's.
pub fn record(store: &Store, lane: &LaneSource, faults: Vec<Fault>) -> Result<Effects, StoreError> {
    if faults.is_empty() {
        return Ok(Effects::new());
    }
    let of = prefix(lane);
    let mut known = Vec::new();
    let mut dropped = 0;
    for (key, value) in store.list(Space::Fault, &of, None, FAULT_KINDS * 2)? {
        match read(&key, &value) {
            Read::Fault(fault) => known.push((false, *fault)),
            Read::Dropped(number) => dropped = number,
            Read::Neither => {}
        }
    }
    for mut fault in faults {
        fault.id = fault.id_of();
        match known.iter_mut().find(|(_, known)| known.id == fault.id) {
            Some((changed, known)) => {
                fault.since = known.since;
                fault.count += known.count;
                fault.skipped += known.skipped;
                (*changed, *known) = (true, fault);
            }
            None => known.push((true, fault)),
        }
    }
    known.sort_by_key(|(_, fault)| std::cmp::Reverse(fault.latest));
    let mut effects = Effects::new();
    for (at, (changed, fault)) in known.iter().enumerate() {
        let key = [of.as_slice(), fault.id.as_bytes()].concat();
        if at >= FAULT_KINDS {
            dropped += 1;
            effects = effects.delete(Space::Fault, &key).put(
                Space::Fault,
                &[of.as_slice(), DROPPED.as_bytes()].concat(),
                u64::to_be_bytes(dropped).to_vec(),
            );
        } else if *changed {
            let text = serde_json::to_vec(fault).map_err(|error| StoreError::TooLarge(format!("a fault: {error}")))?;
            effects = effects.put(Space::Fault, &key, text);
        }
    }
    Ok(effects)
}

/// The faults of a force (none: of all) and of a plugin (none: of all), the latest first.
///
/// # Errors
/// The store's.
pub fn faults(store: &Store, force: Option<&Force>, plugin: Option<&str>) -> Result<Faults, StoreError> {
    let of = match (force, plugin) {
        (None, _) => Vec::new(),
        (Some(force), None) => of_force(force),
        (Some(force), Some(plugin)) => [of_force(force).as_slice(), plugin.as_bytes(), &[0]].concat(),
    };
    let mut found = Faults { faults: Vec::new(), dropped: 0 };
    let mut after: Option<Vec<u8>> = None;
    loop {
        let pairs: Vec<Pair> = store.list(Space::Fault, &of, after.as_deref(), PAGE)?;
        let Some((last, _)) = pairs.last() else { break };
        after = Some(last.clone());
        for (key, value) in &pairs {
            if plugin.is_some_and(|plugin| key.split(|byte| *byte == 0).nth(1) != Some(plugin.as_bytes())) {
                continue;
            }
            match read(key, value) {
                Read::Fault(fault) => found.faults.push(*fault),
                Read::Dropped(number) => found.dropped += number,
                Read::Neither => {}
            }
        }
    }
    found.faults.sort_by_key(|fault| std::cmp::Reverse(fault.latest));
    Ok(found)
}

enum Read {
    Fault(Box<Fault>),
    Dropped(u64),
    Neither,
}

fn read(key: &[u8], value: &[u8]) -> Read {
    if key.ends_with(DROPPED.as_bytes()) {
        return value.try_into().map_or(Read::Neither, |number| Read::Dropped(u64::from_be_bytes(number)));
    }
    serde_json::from_slice(value).map_or(Read::Neither, |fault| Read::Fault(Box::new(fault)))
}

fn prefix(lane: &LaneSource) -> Vec<u8> {
    let source = match lane.kind {
        Lane::Live => lane.source.to_string(),
        other => format!("{}+{other}", lane.source),
    };
    [lane.force.as_str(), &lane.plugin, &source, ""].join("\0").into_bytes()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::SourceName;

    fn fault(reason: &str, time: i64) -> Fault {
        Fault {
            id: String::new(),
            force: "avon".into(),
            plugin: "p".into(),
            lane: Lane::Live,
            version: "1.0.0".into(),
            digest: Digest::of(b"component"),
            terms: Digest::of(b"terms"),
            source: "custom.test".into(),
            outcome: "trapped".into(),
            limit: None,
            reason: reason.into(),
            log: Vec::new(),
            first: 1,
            last: 1,
            rows: 1,
            skipped: 1,
            since: time,
            latest: time,
            count: 1,
        }
    }

    #[test]
    fn faults_of_a_kind_are_one_record_and_the_oldest_kinds_are_dropped_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (force, source) = (Force::new("avon").unwrap(), SourceName::new("custom.test").unwrap());
        let lane = LaneSource { force: force.clone(), plugin: "p".into(), kind: Lane::Live, source };
        let note = |faults| store.commit(record(&store, &lane, faults).unwrap()).unwrap();
        note(vec![fault("index 3 of 2", 1), fault("index 17 of 5", 2)]);
        note(vec![fault("index 4 of 4", 3)]);
        let all = faults(&store, Some(&force), Some("p")).unwrap();
        assert_eq!((all.faults.len(), all.dropped), (1, 0));
        let one = &all.faults[0];
        assert_eq!((one.count, one.skipped, one.since, one.latest), (3, 3, 1, 3));
        assert_eq!(one.reason, "index 4 of 4");
        for kind in 0..FAULT_KINDS {
            note(vec![fault(&"x".repeat(kind + 1), 10 + kind as i64)]);
        }
        let all = faults(&store, None, Some("p")).unwrap();
        assert_eq!((all.faults.len(), all.dropped), (FAULT_KINDS, 1));
        assert!(all.faults.iter().all(|fault| fault.latest >= 10));
        assert_eq!(faults(&store, Some(&force), Some("q")).unwrap().faults, []);
        assert_eq!(faults(&store, Some(&Force::new("avo").unwrap()), None).unwrap().faults, []);
    }
}
