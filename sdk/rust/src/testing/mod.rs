//! Native tests of a detector: `cargo test`, no Wasm, no host.
//!
//! Events are JSON lines in the source's canonical shape; paths are walked plainly, and findings pass the host's checks.
//! `cordon test` runs the cases in the real sandbox; this is for the author's unit tests and debugger. Numbers are written as
//! `serde_json` writes them, not as received.
//!
//! ```
//! use cordon_sdk::prelude::*;
//! use cordon_sdk::testing::Test;
//!
//! #[derive(Default)]
//! pub struct Forwards;
//!
//! #[detector]
//! impl Forwards {
//!     fn detect(&self, _: &Batch, fields: &Fields, _: &Settings, findings: &mut Findings) -> Result<(), Failure> {
//!         for row in &fields.forward_to.present() {
//!             findings.emit(Rule::ExternalForwarding.on(row))?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! let run = Test::of::<Forwards>("m365.audit")
//!     .event(r#"{"Operation":"Set-Mailbox","Parameters":[{"Name":"ForwardTo","Value":"a@example.org"}]}"#)
//!     .event(r#"{"Operation":"Set-Mailbox","Parameters":[]}"#)
//!     .setting("trusted_domains", ["example.org"])
//!     .run();
//! assert_eq!(run.hits(), [(0, "external-forwarding")]);
//! ```
// A test that is set up wrongly panics: that is how a test fails.
#![allow(clippy::panic)]

pub(crate) mod check;
pub(crate) mod memory;
pub mod native;
pub(crate) mod remember;
mod walk;

use std::collections::BTreeMap;
use std::marker::PhantomData;

use cordon_contract::limits::BATCH_ROWS;
use cordon_contract::manifest::{ListKind, Manifest, list_key};
use serde_json::{Map, Value};

use crate::backend::{self, Emission, Session};
use crate::log::{self, Level};
use crate::{Detector, Failure, batch};
use memory::MemoryBatch;
use native::NativeBatch as _;
pub use remember::Memory;

/// One batch for a detector, and the settings to judge it by.
pub struct Test<T> {
    manifest: Manifest,
    source: String,
    events: Vec<(String, Value)>,
    times: Vec<Option<i64>>,
    local_minutes: i16,
    load: Map<String, Value>,
    run: Map<String, Value>,
    explain: bool,
    memory: Memory,
    lists: BTreeMap<String, BTreeMap<String, String>>,
    detector: PhantomData<T>,
}

/// What a detector said of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Ordered by row, rule and key. Empty where the run failed, as in the host.
    pub findings: Vec<TestFinding>,
    /// What `configure` and `detect` logged.
    pub log: Vec<(Level, String)>,
    /// Why it failed, where it did.
    pub failure: Option<Failure>,
    /// Each look at a value, where [`Test::explain`] asked for it.
    pub explanations: Vec<Explanation>,
}

/// A finding as the host would get it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct TestFinding {
    /// From 0.
    pub row: usize,
    pub rule: String,
    pub severity: Option<String>,
    pub confidence: Option<String>,
    pub title: Option<String>,
    pub summary: String,
    /// Kind and value.
    pub entities: Vec<(String, String)>,
    /// Key and value.
    pub context: Vec<(String, String)>,
    pub cited: Vec<String>,
    pub key: String,
}

/// One look at one value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Explanation {
    pub row: usize,
    pub field: String,
    pub predicate: String,
    pub value: Option<String>,
    pub held: bool,
}

impl Test<()> {
    /// A test of a detector on a batch of one source.
    ///
    /// # Panics
    /// Where the manifest is broken or does not name the source.
    #[track_caller]
    #[must_use]
    pub fn of<T: Detector>(source: &str) -> Test<T> {
        let manifest = Manifest::parse(T::MANIFEST).unwrap_or_else(|errors| panic!("{errors}"));
        assert!(manifest.sources.contains_key(source), "cordon.toml has no source \"{source}\"");
        let lists = manifest.lists.keys().map(|name| (name.clone(), BTreeMap::new())).collect();
        Test {
            manifest,
            lists,
            source: source.to_owned(),
            events: Vec::new(),
            times: Vec::new(),
            local_minutes: 0,
            load: Map::new(),
            run: Map::new(),
            explain: false,
            memory: Memory::default(),
            detector: PhantomData,
        }
    }
}

impl<T: Detector> Test<T> {
    /// One more event, as JSON; it has no time of its own.
    ///
    /// # Panics
    /// Where it is no JSON object.
    #[track_caller]
    #[must_use]
    pub fn event(mut self, json: impl AsRef<str>) -> Self {
        let json = json.as_ref().trim();
        match serde_json::from_str(json) {
            Ok(value @ Value::Object(_)) => self.events.push((json.to_owned(), value)),
            Ok(_) => panic!("an event is a JSON object, this is none: {json}"),
            Err(error) => panic!("an event is a JSON object, this is none ({error}): {json}"),
        }
        self.times.push(None);
        self
    }

    /// More events, one JSON object a line; blank lines are skipped.
    ///
    /// # Panics
    /// Where a line is no JSON object.
    #[track_caller]
    #[must_use]
    pub fn events(self, lines: impl AsRef<str>) -> Self {
        lines.as_ref().lines().filter(|line| !line.trim().is_empty()).fold(self, Test::event)
    }

    /// The time of the last event, in microseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn at(mut self, micros: i64) -> Self {
        if let Some(last) = self.times.last_mut() {
            *last = Some(micros);
        }
        self
    }

    /// The force's time zone, in minutes east of UTC.
    #[must_use]
    pub fn zone(mut self, minutes: i16) -> Self {
        self.local_minutes = minutes;
        self
    }

    /// A `run` setting that differs from its default.
    #[must_use]
    pub fn setting(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.run.insert(name.to_owned(), value.into());
        self
    }

    /// A `load` setting that differs from its default.
    #[must_use]
    pub fn load_setting(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.load.insert(name.to_owned(), value.into());
        self
    }

    /// What earlier batches left, and where this one leaves what it remembers. Without it a test begins with nothing.
    #[must_use]
    pub fn remembering(mut self, memory: &Memory) -> Self {
        self.memory = memory.clone();
        self
    }

    /// Entries of a list that the manifest declares: keys, each with what stands beside it, which a set leaves out.
    ///
    /// # Panics
    /// Where the manifest declares no such list.
    #[track_caller]
    #[must_use]
    pub fn list<'t>(mut self, name: &str, entries: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let list = self.lists.get_mut(name).unwrap_or_else(|| panic!("cordon.toml has no [lists.{name}]"));
        let is_set = self.manifest.lists.get(name).is_some_and(|declared| declared.kind == ListKind::Set);
        let beside = |value: &str| if is_set { String::new() } else { value.to_owned() };
        list.extend(entries.into_iter().map(|(key, value)| (list_key(key), beside(value))));
        self
    }

    /// Ask the detector to explain each look.
    #[must_use]
    pub fn explain(mut self) -> Self {
        self.explain = true;
        self
    }

    /// Configures the detector and runs it on the batch.
    ///
    /// # Panics
    /// Where settings do not fit the manifest, or the batch is empty or too large.
    #[track_caller]
    #[must_use]
    pub fn run(self) -> Run {
        let rows = self.events.len();
        assert!((1..=BATCH_ROWS).contains(&rows), "a batch has 1 to {BATCH_ROWS} events, this one {rows}");
        let load = self.manifest.load_settings(&self.load).unwrap_or_else(|error| panic!("{error}"));
        let run = self.manifest.run_settings(&self.run).unwrap_or_else(|error| panic!("{error}"));
        // Midnight of 2024-01-01 UTC, a Monday, where an event has no time of its own.
        let received = 1_704_067_200_000_000;
        let memory = MemoryBatch {
            source: self.source,
            events: self.events,
            times: self.times.iter().map(|time| time.unwrap_or(received)).collect(),
            received: self.times.iter().map(|time| time.map_or(received, |time| time.max(received))).collect(),
            marks: self.times.iter().map(|time| u8::from(time.is_none())).collect(),
            local_minutes: vec![self.local_minutes; rows],
            manifest: self.manifest,
        };
        let turn = remember::turn(&memory.manifest, &self.memory, &memory).unwrap_or_else(|error| panic!("{error}"));
        let session = Session {
            explain: self.explain,
            check: Some(check::Check::new(&memory.manifest, memory.len())),
            turn,
            lists: self.lists,
            ..Session::default()
        };
        let (answer, session) = session.collect(|| {
            log::restart();
            let detector = T::configure(&Value::Object(load).to_string())?;
            log::restart();
            batch::detect(&detector, backend::Batch(&memory), &Value::Object(run).to_string())
        });
        let answer = match session.refused {
            Some(reason) => Err(Failure::other(reason)),
            None => answer,
        };
        if let (Ok(()), Some(turn)) = (&answer, session.turn) {
            self.memory.0.apply(&turn.finish().unwrap_or_else(|error| panic!("{error}")));
        }
        let mut findings: Vec<TestFinding> = match answer {
            Ok(()) => session.findings.into_iter().map(TestFinding::from).collect(),
            Err(_) => Vec::new(),
        };
        findings.sort_by(|a, b| (a.row, &a.rule, &a.key).cmp(&(b.row, &b.rule, &b.key)));
        Run { findings, log: session.log, failure: answer.err(), explanations: session.explanations }
    }
}

impl From<Emission> for TestFinding {
    fn from(emission: Emission) -> Self {
        Self {
            row: emission.row as usize,
            rule: emission.rule,
            severity: emission.severity,
            confidence: emission.confidence,
            title: emission.title,
            summary: emission.summary,
            entities: emission.entities,
            context: emission.context,
            cited: emission.cited,
            key: emission.key,
        }
    }
}

impl Run {
    /// The findings as row and rule, for a short comparison.
    #[must_use]
    pub fn hits(&self) -> Vec<(usize, &str)> {
        self.findings.iter().map(|finding| (finding.row, finding.rule.as_str())).collect()
    }
}
