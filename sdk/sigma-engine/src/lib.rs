//! Sigma rules as a plugin: one component for any rules. The host carries it; `cordon sigma build` adds a manifest and, as its
//! `load` setting `pack`, the rules. They are compiled in `configure`, so a batch pays for none that it does not need.

mod correlations;
mod row;

use std::cell::RefCell;
use std::collections::BTreeMap;

use cordon_sdk::prelude::*;
use cordon_sdk::{Detector, dynamic, serde_json};
use cordon_sigma::engine::{self, Column, Engine, Events};
use cordon_sigma::pack::Pack;
use correlations::Reached;
use row::Candidate;

/// Bytes kept of a value that names whom a finding is about: more is no name.
const ENTITY_BYTES: usize = 512;

/// What a force may set.
#[derive(Default, serde::Deserialize)]
struct RunSettings {
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

/// The plugin.
pub struct CordonDetector {
    engine: Engine,
}

impl Detector for CordonDetector {
    // It is another for any rules, and `cordon sigma build` writes it.
    const MANIFEST: &'static str = "";

    fn configure(load_settings: &str) -> Result<Self, Failure> {
        let mut settings: BTreeMap<String, String> =
            serde_json::from_str(load_settings).map_err(|error| Failure::bad_settings(error.to_string()))?;
        let text = settings.remove("pack").unwrap_or_default();
        let pack: Pack =
            serde_json::from_str(&text).map_err(|error| Failure::bad_settings(format!("pack: {error}")))?;
        forget(text);
        let engine = Engine::new(pack).map_err(|reason| Failure::bad_settings(format!("pack: {reason}")))?;
        Ok(Self { engine })
    }

    fn detect(&self, batch: &Batch<'_>, run_settings: &str, findings: &mut Findings) -> Result<(), Failure> {
        let settings: RunSettings =
            serde_json::from_str(run_settings).map_err(|error| Failure::bad_settings(error.to_string()))?;
        let places = self
            .engine
            .places(batch.source(), &settings.fields)
            .map_err(|reason| Failure::bad_settings(format!("fields: {reason}")))?;
        let events = OfBatch::of(batch);
        let mut matches = self.engine.run_at(batch.source(), &events, &places).map_err(Failure::other)?;
        if let Some(reason) = events.denied.take() {
            log::warn(format_args!("keywords of rules are not looked for: {reason}"));
        }
        let reached = self.reached(batch, &matches, &places)?;
        matches.retain(|found| !self.engine.is_silent(found.rule));
        let mut rows: Vec<u32> =
            matches.iter().map(|found| found.row).chain(reached.iter().map(|reached| reached.row)).collect();
        rows.sort_unstable();
        rows.dedup();
        let entities = self.entities(batch, &rows)?;
        let (mut matches, mut reached) = (matches.as_slice(), reached.as_slice());
        for row in rows {
            let of_row;
            (of_row, matches) = matches.split_at(matches.partition_point(|found| found.row <= row));
            let correlated;
            (correlated, reached) = reached.split_at(reached.partition_point(|reached| reached.row <= row));
            self.tell(batch, row, (of_row, correlated), &entities, findings)?;
        }
        Ok(())
    }
}

/// What a finding is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    /// A rule of the pack.
    Rule(u32),
    /// One of the row's correlations.
    Reached(usize),
}

/// Per row with a match: kind and value of whom it is about.
type Entities<'e> = BTreeMap<u32, Vec<(&'e str, String)>>;

impl CordonDetector {
    /// Emits the findings of one row.
    fn tell(
        &self,
        batch: &Batch<'_>,
        row: u32,
        (matches, reached): (&[engine::Match], &[Reached]),
        entities: &Entities<'_>,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let Some(at) = dynamic::row(batch, row) else { return Ok(()) };
        let about = entities.get(&row).map(Vec::as_slice).unwrap_or_default();
        let texts = |id: &str, title: &str, notes: &[(String, String)]| {
            id.len() + title.len() + notes.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>()
        };
        let mut candidates = Vec::new();
        for found in matches {
            let Some(rule) = self.engine.rules().get(found.rule as usize) else { continue };
            let bytes = texts(&rule.id, &rule.title, &rule.notes);
            candidates.push(Candidate { rule: Told::Rule(found.rule), level: rule.level, id: &rule.id, bytes });
        }
        for (number, reached) in reached.iter().enumerate() {
            let Some(of) = self.engine.correlations().get(reached.correlation as usize) else { continue };
            let bytes = texts(&of.id, &of.title, &of.notes) + reached.bytes();
            candidates.push(Candidate { rule: Told::Reached(number), level: of.level, id: &of.id, bytes });
        }
        let told = row::told(candidates, about.iter().map(|(kind, value)| kind.len() + value.len()).sum());
        let last = told.findings.len().saturating_sub(1);
        for (place, (what, whole)) in told.findings.into_iter().enumerate() {
            let (mut finding, notes) = match what {
                Told::Rule(number) => {
                    let Some(rule) = self.engine.rules().get(number as usize) else { continue };
                    (dynamic::finding(&rule.id, &rule.title, at), &rule.notes)
                }
                Told::Reached(number) => {
                    let Some(reached) = reached.get(number) else { continue };
                    let Some(of) = self.engine.correlations().get(reached.correlation as usize) else { continue };
                    (reached.told(dynamic::finding(&of.id, &of.title, at)), &of.notes)
                }
            };
            for (kind, value) in about.iter().filter(|_| whole) {
                finding = finding.entity(kind, value);
            }
            for (key, value) in notes {
                finding = finding.context(key, value);
            }
            if let Some(others) = told.others.as_ref().filter(|_| place == last) {
                finding = finding.context("More rules", others);
            }
            findings.emit(finding)?;
        }
        Ok(())
    }

    fn entities(&self, batch: &Batch<'_>, rows: &[u32]) -> Result<Entities<'_>, Failure> {
        let mut out = Entities::new();
        if rows.is_empty() {
            return Ok(out);
        }
        for (kind, path) in self.engine.entities(batch.source()).filter(|(_, path)| !path.contains("[]")) {
            let column = column(dynamic::column_for(batch, path, rows)?)?;
            for (slot, row) in rows.iter().enumerate() {
                let Some((engine::Kind::String | engine::Kind::Number, text)) = column.get(slot) else { continue };
                if !matches!(text, "" | "-") {
                    let value = text.get(..text.floor_char_boundary(ENTITY_BYTES)).unwrap_or_default();
                    out.entry(*row).or_default().push((kind, value.to_owned()));
                }
            }
        }
        Ok(out)
    }
}

fn column(column: dynamic::Column) -> Result<Column, Failure> {
    let dynamic::Column { slots, kinds, offsets, text } = column;
    Column::of_text(slots, kinds, offsets, text).ok_or_else(|| Failure::other("the host's column contradicts itself"))
}

/// A snapshot keeps memory that was given back, too: what is zero costs it nothing.
fn forget(text: String) {
    let mut bytes = text.into_bytes();
    bytes.fill(0);
    std::hint::black_box(&bytes);
}

/// The host's batch as the engine asks for it.
struct OfBatch<'b> {
    batch: &'b Batch<'b>,
    /// Why whole events cannot be had.
    denied: RefCell<Option<String>>,
}

impl<'b> OfBatch<'b> {
    fn of(batch: &'b Batch<'b>) -> Self {
        Self { batch, denied: RefCell::default() }
    }
}

impl Events for OfBatch<'_> {
    fn rows(&self) -> usize {
        self.batch.len()
    }

    fn column(&self, path: &str) -> Result<Column, String> {
        dynamic::column(self.batch, path).and_then(column).map_err(|failure| failure.to_string())
    }

    fn column_for(&self, path: &str, rows: &[u32]) -> Result<Column, String> {
        dynamic::column_for(self.batch, path, rows).and_then(column).map_err(|failure| failure.to_string())
    }

    fn values(&self, path: &str) -> Result<(Vec<u32>, Column), String> {
        let (starts, values) = dynamic::values(self.batch, path).map_err(|failure| failure.to_string())?;
        Ok((starts, column(values).map_err(|failure| failure.to_string())?))
    }

    fn listed(&self, list: &str, texts: &[&str]) -> Result<Vec<bool>, String> {
        dynamic::listed(list, texts).map_err(|failure| failure.to_string())
    }

    fn whole(&self, row: u32) -> Result<Option<String>, String> {
        let row = dynamic::row(self.batch, row).ok_or("the batch has no such row")?;
        // Of a row that is there, nothing but the missing grant fails.
        match self.batch.whole(row) {
            Ok(event) => Ok(Some(event)),
            Err(failure) => {
                self.denied.replace(Some(failure.to_string()));
                Ok(None)
            }
        }
    }
}
