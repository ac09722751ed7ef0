//! Many rules over one batch of columns.
//!
//! Every test of every rule is put to each *distinct* value of a column once (`index`); the answers are sets of rows (`rows`);
//! rules are operations on sets (`plan`). Columns are asked for in stages, cheap ones first, long text only for the rows on
//! which some rule may still hold (`run`). A rule whose log source no event of the batch is costs one comparison.
//!
//! Deterministic: no hash of it has a random seed. Knows no host and no YAML.

mod column;
mod correlate;
mod index;
mod json;
mod ordered;
mod plan;
mod rows;
mod run;

use std::collections::BTreeMap;

pub use column::{Column, Kind};
pub use correlate::{Feed, by_window, ordered as by_order};
pub use index::holds;
pub use json::leaves;
pub use ordered::Seen;
use plan::Plan;

use crate::pack::{Expr, Pack, PackCorrelation, PackRule};

/// The events of one batch.
pub trait Events {
    /// How many there are, at most [`ROWS`].
    fn rows(&self) -> usize;
    /// A field of every event.
    ///
    /// # Errors
    /// Why it cannot be had.
    fn column(&self, path: &str) -> Result<Column, String>;
    /// The same for chosen rows, ascending; answer i is for `rows[i]`.
    ///
    /// # Errors
    /// Why it cannot be had.
    fn column_for(&self, path: &str, rows: &[u32]) -> Result<Column, String>;
    /// A field with several values an event; those of row i are `starts[i]..starts[i + 1]`.
    ///
    /// # Errors
    /// Why it cannot be had.
    fn values(&self, path: &str) -> Result<(Vec<u32>, Column), String>;
    /// Which of some texts a list has.
    ///
    /// # Errors
    /// Why it cannot be looked up.
    fn listed(&self, list: &str, texts: &[&str]) -> Result<Vec<bool>, String>;
    /// An event as it was received; none where nobody may look at whole events.
    ///
    /// # Errors
    /// Why it cannot be had.
    fn whole(&self, row: u32) -> Result<Option<String>, String>;
}

/// Rows of a batch at most.
pub const ROWS: usize = 4_096;

/// Where fields stand that do not stand where the pack says: a force's own mapping.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// By name: the path, with whether it has several values an event.
    of: BTreeMap<String, Vec<(String, bool)>>,
}

impl Places {
    fn of(&self, name: &str) -> Option<&Vec<(String, bool)>> {
        self.of.get(name)
    }
}

/// Rules, ready to run.
#[derive(Debug)]
pub struct Engine {
    plans: BTreeMap<String, Plan>,
    /// What the rules look for is in the plans.
    pack: Pack,
}

/// A rule that holds for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// Row of the batch.
    pub row: u32,
    /// Index of the rule in the pack.
    pub rule: u32,
}

impl Engine {
    /// Compiles a pack.
    ///
    /// # Errors
    /// What in it cannot be compiled, with the rule's id. What `rule` read compiles.
    pub fn new(mut pack: Pack) -> Result<Self, String> {
        let mut plans = BTreeMap::new();
        for source in pack.sources.keys() {
            plans.insert(source.clone(), Plan::new(&pack, source)?);
        }
        // A snapshot keeps what is kept here.
        pack.rules.iter_mut().for_each(|rule| rule.when = Expr::All(Vec::new()));
        Ok(Self { plans, pack })
    }

    /// The rules, in order.
    #[must_use]
    pub fn rules(&self) -> &[PackRule] {
        &self.pack.rules
    }

    /// The correlations, in order.
    #[must_use]
    pub fn correlations(&self) -> &[PackCorrelation] {
        &self.pack.correlations
    }

    /// Whether a rule is only counted by correlations, and not found by itself.
    #[must_use]
    pub fn is_silent(&self, rule: u32) -> bool {
        self.pack.silent.contains(&rule)
    }

    /// What correlations feed to their windows for these matches of one batch.
    ///
    /// # Errors
    /// A column that cannot be had.
    pub fn feeds(
        &self,
        source: &str,
        matches: &[Match],
        events: &impl Events,
        places: &Places,
    ) -> Result<Vec<Feed>, String> {
        correlate::feeds(&self.pack, source, matches, events, places)
    }

    /// The fields of a source that hold an entity: its kind, and the paths.
    pub fn entities(&self, source: &str) -> impl Iterator<Item = (&str, &str)> {
        let source = self.pack.sources.get(source);
        source.into_iter().flat_map(|source| {
            source.entities.iter().flat_map(|(kind, names)| {
                let paths = names.iter().filter_map(|name| source.fields.get(name)).flat_map(|place| &place.paths);
                paths.map(|path| (kind.as_str(), path.as_str()))
            })
        })
    }

    /// Every rule that holds for an event of a batch of one source, by row and rule.
    ///
    /// # Errors
    /// More than [`ROWS`] rows, or a column that cannot be had.
    pub fn run(&self, source: &str, events: &impl Events) -> Result<Vec<Match>, String> {
        self.run_at(source, events, &Places::default())
    }

    /// The same for events in which some fields stand elsewhere than the pack says.
    ///
    /// # Errors
    /// The same.
    pub fn run_at(&self, source: &str, events: &impl Events, places: &Places) -> Result<Vec<Match>, String> {
        match self.plans.get(source) {
            Some(plan) => run::run(plan, events, places),
            None => Ok(Vec::new()),
        }
    }

    /// Places in events of one source for fields by their names; `m365.audit:UserId` is said of that source alone, and wins.
    ///
    /// # Errors
    /// A name that no rule uses.
    pub fn places(&self, source: &str, given: &BTreeMap<String, String>) -> Result<Places, String> {
        let mut places = Places::default();
        // What is said of one source comes after what is said of all.
        for alone in [false, true] {
            for (said, path) in given {
                let of_one = said.split_once(':').filter(|(source, _)| self.pack.sources.contains_key(*source));
                let (of, name) = of_one.map_or((None, said.as_str()), |(of, name)| (Some(of), name));
                let mut sources = self.pack.sources.iter().filter(|(known, _)| of.is_none_or(|of| of == *known));
                if !sources.any(|(_, fields)| fields.fields.contains_key(name)) {
                    return Err(format!("no rule uses a field `{said}`"));
                }
                if of.is_some() == alone && of.is_none_or(|of| of == source) {
                    places.of.insert(name.to_owned(), vec![(path.clone(), path.contains("[]"))]);
                }
            }
        }
        Ok(places)
    }

    /// How much there is of everything, for people.
    #[must_use]
    pub fn size(&self) -> Size {
        self.plans.values().fold(Size::default(), |size, plan| size + plan.size())
    }
}

/// What an engine holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Rules, counted once for each source.
    pub rules: usize,
    /// Fields.
    pub fields: usize,
    /// Different tests.
    pub tests: usize,
    /// Bytes of automata.
    pub automata: usize,
}

impl std::ops::Add for Size {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            rules: self.rules + other.rules,
            fields: self.fields + other.fields,
            tests: self.tests + other.tests,
            automata: self.automata + other.automata,
        }
    }
}
