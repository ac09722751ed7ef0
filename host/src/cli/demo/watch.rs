//! What is found, shown a line each, and compared with what was planted.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::Value;

use crate::cli::simulate::Acked;
use crate::cli::{style, text};
use crate::findings::text::safe;
use crate::ids::Digest;
use crate::simulate::Planted;

/// Plugins of the host itself look at the host, not at the forces.
pub(super) const OWN: &str = "cordon-";

/// See the module.
pub(super) struct Watch {
    planted: Vec<Planted>,
    /// The attack that an event is of.
    attacks: BTreeMap<Digest, usize>,
    acknowledged: BTreeMap<Digest, Instant>,
    /// The event of each finding, by the finding's id.
    events: BTreeMap<String, Digest>,
    found: BTreeSet<usize>,
    /// Force, rule and key of what was shown.
    shown: BTreeSet<(String, String, String)>,
    unplanted: Vec<String>,
    slowest: Duration,
}

impl Watch {
    pub(super) fn new(planted: &[Planted]) -> Self {
        let events =
            planted.iter().enumerate().flat_map(|(at, one)| one.events.iter().map(move |event| (event.identity, at)));
        Self {
            planted: planted.to_vec(),
            attacks: events.collect(),
            acknowledged: BTreeMap::new(),
            events: BTreeMap::new(),
            found: BTreeSet::new(),
            shown: BTreeSet::new(),
            unplanted: Vec::new(),
            slowest: Duration::ZERO,
        }
    }

    pub(super) fn acknowledged(&mut self, event: Acked) {
        self.acknowledged.entry(event.identity).or_insert(event.at);
    }

    /// Shows a finding; another of the same rule and key is the same to a person. `cited` gives the events that it cites.
    pub(super) fn show(&mut self, finding: &Value, cited: impl FnOnce() -> Result<Vec<Digest>>) -> Result<()> {
        let field = |name: &str| finding.get(name).and_then(Value::as_str).unwrap_or_default();
        let (force, rule) = (field("force"), field("rule"));
        let plugin = inside(finding, "plugin", "id").unwrap_or_default();
        if plugin.starts_with(OWN) {
            return Ok(());
        }
        let event = inside(finding, "event", "digest").and_then(Digest::from_hex);
        self.events.extend(event.map(|event| (field("id").to_owned(), event)));
        // Other plugins may find it, too. What follows from an attack is of it as well: its victim, at home, is too far from it.
        match event.and_then(|event| self.attacks.get(&event)).copied() {
            Some(at) if self.is_known_by(at, plugin, rule) => drop(self.found.insert(at)),
            Some(_) => {}
            None if cited()?.iter().any(|event| self.attacks.contains_key(event)) => {}
            None => self.unplanted.push(safe(&format!("{plugin} {rule} at {force}: {}", field("summary")))),
        }
        if !self.shown.insert((force.to_owned(), rule.to_owned(), field("key").to_owned())) {
            return Ok(());
        }
        let waited = event.and_then(|event| self.acknowledged.get(&event)).map(Instant::elapsed);
        self.slowest = self.slowest.max(waited.unwrap_or_default());
        let time: String = inside(finding, "event", "time").unwrap_or_default().chars().skip(11).take(8).collect();
        let severity = field("severity");
        let colour = match severity {
            "critical" | "high" => style::BAD,
            "medium" => style::WARN,
            _ => style::PLAIN,
        };
        writeln!(
            crate::cli::out(),
            "{}  {:<12} {colour}{severity:<9}{} {:<50} {:>10} after it was acknowledged",
            safe(&time),
            safe(force),
            style::OFF,
            safe(field("title")),
            waited.map_or_else(|| "-".to_owned(), text::time),
        )?;
        Ok(())
    }

    /// Whether this rule is the one that an attack is known by.
    fn is_known_by(&self, attack: usize, plugin: &str, rule: &str) -> bool {
        let finds = self.planted.get(attack).and_then(|one| one.finds);
        finds.is_some_and(|finds| finds.plugin == plugin && finds.rule == rule)
    }

    /// When the event of a finding was acknowledged.
    pub(super) fn acknowledged_at(&self, finding: &str) -> Option<Instant> {
        self.acknowledged.get(self.events.get(finding)?).copied()
    }

    /// Force and story of what was not found.
    pub(super) fn missing(&self) -> Vec<(String, &'static str)> {
        let all = self.planted.iter().enumerate();
        all.filter(|(at, _)| !self.found.contains(at)).map(|(_, one)| (one.force.to_string(), one.story)).collect()
    }

    pub(super) fn unplanted(&self) -> impl Iterator<Item = &str> {
        self.unplanted.iter().map(String::as_str)
    }

    /// For people.
    pub(super) fn slowest(&self) -> String {
        format!("the slowest was shown {} after it was acknowledged", text::time(self.slowest))
    }
}

fn inside<'a>(finding: &'a Value, of: &str, name: &str) -> Option<&'a str> {
    finding.get(of).and_then(|of| of.get(name)).and_then(Value::as_str)
}
