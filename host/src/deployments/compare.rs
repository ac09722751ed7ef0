//! What a shadow finds beside the live version: per force and rule what only one of them found and what both did, over the
//! events that both have seen; what each costs; samples.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{DeployError, Deployments};
use crate::ids::Digest;
use crate::model::{Entity, Force, SourceName, is_about};
use crate::results::{self, Lane, apart, finding_id_of};
use crate::scheduler::LaneStatus;

/// Findings of each lane that are looked at, the latest.
const LOOKED_AT: u64 = 100_000;
/// Read at a time.
const PAGE: usize = 1_000;
/// Of what only one of them found.
const SAMPLES: usize = 5;
/// Microseconds.
const DAY: f64 = 86_400_000_000.0;

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// The force.
    #[serde(rename = "for")]
    pub force: Force,
    /// The plugin's id.
    pub plugin: String,
    /// What runs live: version and digest; none where nothing does.
    pub live: Option<Side>,
    /// And in shadow.
    pub shadow: Side,
    /// By source: from which event on, and up to which, both have seen it.
    pub seen: BTreeMap<SourceName, (u64, u64)>,
    /// By rule.
    pub rules: BTreeMap<String, OfRule>,
    /// Days over which both ran.
    pub days: f64,
    /// Whether there are older findings that were not looked at.
    pub cut: bool,
}

/// One of the two lanes, over all sources. Costs are since the host started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Side {
    /// Its version.
    pub version: String,
    /// SHA-256 of its component, in hex.
    pub digest: String,
    /// Events that it was given.
    pub events: u64,
    /// CPU time in microseconds.
    pub cpu_us: u64,
    /// Runs that did not complete.
    pub faults: u64,
    /// Ranges that it passed without a result.
    pub skips: u64,
    /// How it stands: the worst of its sources.
    pub state: String,
}

/// What was found under one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct OfRule {
    /// By the shadow only.
    pub only_new: u64,
    /// By the live version only.
    pub only_old: u64,
    /// By both.
    pub both: u64,
    /// Some of what only the shadow found.
    pub new_samples: Vec<Value>,
    /// Some of what only the live version found.
    pub old_samples: Vec<Value>,
}

impl Deployments {
    /// Compares every shadow of a plugin with the live version: for one force, or for each that has one. What is about one of
    /// `spares` (accounts, mailboxes, numbers) is counted and not shown. `now` in microseconds since 1970 UTC.
    ///
    /// # Errors
    /// The store's; no such shadow.
    pub fn compare(
        &self,
        plugin: &str,
        force: Option<&Force>,
        spares: &[String],
        now: i64,
    ) -> Result<Vec<Comparison>, DeployError> {
        let scheduler = self.scheduler.get().ok_or_else(|| DeployError::Busy("the host is starting".into()))?;
        let mut lanes: BTreeMap<(Force, Lane), Vec<LaneStatus>> = BTreeMap::new();
        for lane in scheduler.status().into_iter().filter(|lane| lane.plugin == plugin) {
            if force.is_none_or(|force| *force == lane.force) {
                lanes.entry((lane.force.clone(), lane.lane)).or_default().push(lane);
            }
        }
        let mut found = Vec::new();
        for ((force, kind), shadow) in lanes.iter().filter(|((_, kind), _)| matches!(kind, Lane::Shadow(_))) {
            let live = lanes.get(&(force.clone(), Lane::Live)).map_or(&[][..], Vec::as_slice);
            found.push(self.one(force, plugin, *kind, (live, shadow), spares, now)?);
        }
        if found.is_empty() {
            return Err(DeployError::Absent(format!(
                "`{plugin}` has no shadow with events yet: `cordon deploy {plugin} --mode shadow` starts one"
            )));
        }
        Ok(found)
    }

    fn one(
        &self,
        force: &Force,
        plugin: &str,
        kind: Lane,
        (live, shadow): (&[LaneStatus], &[LaneStatus]),
        spares: &[String],
        now: i64,
    ) -> Result<Comparison, DeployError> {
        let store = &self.setup.store;
        let (mut seen, mut since) = (BTreeMap::new(), i64::MAX);
        for lane in shadow {
            let beside = live.iter().find(|live| live.source == lane.source);
            let Some(began) = &lane.ran else { continue };
            since = since.min(began.since);
            let to = beside.map_or(lane.cursor, |live| live.cursor.min(lane.cursor));
            seen.insert(lane.source.clone(), (began.from, to));
        }
        let mut rules: BTreeMap<String, OfRule> = BTreeMap::new();
        let shadow_first = apart::count(store, force, plugin, kind)?.saturating_sub(LOOKED_AT);
        let live_first = results::findings_of(store, force)?.saturating_sub(LOOKED_AT);
        let mut after = shadow_first;
        loop {
            let page = apart::page(store, force, plugin, kind, after, PAGE)?.findings;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            for finding in page.iter().filter_map(|(_, text)| Found::read(text, &seen)) {
                let of = rules.entry(finding.rule.clone()).or_default();
                let id = finding_id_of(force, Lane::Live, plugin, &finding.rule, &finding.key, finding.event);
                if results::has_finding(store, force, id)? {
                    of.both += 1;
                } else {
                    of.only_new += 1;
                    sample(&mut of.new_samples, finding, spares);
                }
            }
        }
        let mut after = live_first;
        loop {
            let page = results::page(store, force, after, PAGE)?.findings;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            let of_plugin = page.iter().filter(|(_, text)| text.contains(plugin));
            for finding in of_plugin.filter_map(|(_, text)| Found::read(text, &seen)).filter(|one| one.plugin == plugin)
            {
                let of = rules.entry(finding.rule.clone()).or_default();
                let id = finding_id_of(force, kind, plugin, &finding.rule, &finding.key, finding.event);
                if !apart::has(store, force, plugin, kind, id)? {
                    of.only_old += 1;
                    sample(&mut of.old_samples, finding, spares);
                }
            }
        }
        let days = now.saturating_sub(since).max(0) as f64 / DAY;
        let (live, shadow) = ((!live.is_empty()).then(|| side(live)), side(shadow));
        let cut = shadow_first > 0 || live_first > 0;
        Ok(Comparison { force: force.clone(), plugin: plugin.to_owned(), live, shadow, seen, rules, days, cut })
    }
}

fn sample(samples: &mut Vec<Value>, finding: Found, spares: &[String]) {
    if samples.len() < SAMPLES && !is_about(spares, &finding.entities) {
        samples.push(finding.shown);
    }
}

fn side(lanes: &[LaneStatus]) -> Side {
    let sum = |of: fn(&LaneStatus) -> u64| lanes.iter().map(of).sum::<u64>();
    let any = |state: &str| lanes.iter().any(|lane| lane.state == state);
    let state = ["resting", "paused"].into_iter().find(|state| any(state)).unwrap_or("running");
    let first = lanes.first();
    Side {
        version: first.map_or(String::new(), |lane| lane.version.clone()),
        digest: first.map_or(String::new(), |lane| lane.digest.to_string()),
        events: sum(|lane| lane.events),
        cpu_us: sum(|lane| lane.cpu_us),
        faults: sum(|lane| lane.faults),
        skips: sum(|lane| lane.skips),
        state: state.to_owned(),
    }
}

/// What of a finding is compared and shown.
struct Found {
    plugin: String,
    rule: String,
    key: String,
    event: Digest,
    entities: Vec<Entity>,
    shown: Value,
}

impl Found {
    /// None where it is of an event that not both have seen.
    fn read(text: &str, seen: &BTreeMap<SourceName, (u64, u64)>) -> Option<Self> {
        let finding: Value = serde_json::from_str(text).ok()?;
        let of = |pointer: &str| finding.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let source = SourceName::new(&of("/event/source")?).ok()?;
        let sequence = finding.pointer("/event/sequence").and_then(Value::as_u64)?;
        let (from, to) = seen.get(&source)?;
        if !(*from..=*to).contains(&sequence) {
            return None;
        }
        Some(Self {
            plugin: of("/plugin/id")?,
            rule: of("/rule")?,
            key: of("/key")?,
            event: Digest::from_hex(&of("/event/digest")?)?,
            entities: serde_json::from_value(finding.get("entities").cloned().unwrap_or_default()).unwrap_or_default(),
            shown: serde_json::json!({
                "title": of("/title"), "summary": of("/summary"), "key": of("/key"), "time": of("/event/time"),
                "source": of("/event/source"), "sequence": sequence,
            }),
        })
    }
}
