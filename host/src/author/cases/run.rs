//! A case in the production sandbox: whole, then cut into batches in many ways. The findings must be the same.

use std::path::PathBuf;
use std::sync::Arc;

use cordon_contract::limits::BATCH_ROWS;
use cordon_state::Memory;

use super::compare::{self, Found};
use super::format::{Case, CaseError, Events};
use crate::events::{Batch, Batcher, BatcherOptions, EventOrigin, EventReader, Input, RawEvent};
use crate::model::{Force, LogLine, SourceName};
use crate::registry::Loaded;
use crate::sandbox::{Outcome, Past, RunInput, Sandbox};

/// When events count as received that have no time of their own: 2026-01-01.
const RECEIVED: i64 = 1_767_225_600_000_000;

/// How often a case is cut up, and by which chance.
#[derive(Debug, Clone, Copy)]
pub struct Splits {
    /// Cuts besides the one into batches of one.
    pub count: u32,
    /// The same seed cuts the same.
    pub seed: u64,
}

/// What became of a case.
#[derive(Debug)]
pub struct CaseReport {
    /// The plugin's id.
    pub plugin: String,
    /// The case's name.
    pub name: String,
    /// The case's folder.
    pub folder: PathBuf,
    /// Whether it holds.
    pub verdict: Verdict,
    /// What was found, as `[[findings]]`.
    pub found: String,
    /// The plugin's log of the whole run.
    pub log: Vec<LogLine>,
    /// Wall clock, seconds.
    pub seconds: f64,
}

/// Whether a case holds.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Verdict {
    Holds,
    /// Other findings than expected, as a diff.
    Differs(String),
    /// The row rule is broken: other findings in other batches.
    DependsOnBatches(String),
    /// The case or a run of it is broken.
    Broken(String),
}

/// Runs one case.
#[must_use]
pub fn run_case(sandbox: &Sandbox, loaded: &Loaded, case: &Case, splits: Splits) -> CaseReport {
    let begun = std::time::Instant::now();
    let mut log = Vec::new();
    let mut found = String::new();
    let verdict = match judge(sandbox, loaded, case, splits, &mut log, &mut found) {
        Ok(verdict) => verdict,
        Err(reason) => Verdict::Broken(reason),
    };
    CaseReport {
        plugin: loaded.plugin.manifest().plugin.id.clone(),
        name: case.name.clone(),
        folder: case.folder.clone(),
        verdict,
        found,
        log,
        seconds: begun.elapsed().as_secs_f64(),
    }
}

fn judge(
    sandbox: &Sandbox,
    loaded: &Loaded,
    case: &Case,
    splits: Splits,
    log: &mut Vec<LogLine>,
    text: &mut String,
) -> Result<Verdict, String> {
    let batches = batches(case).map_err(|error| error.to_string())?;
    let whole: Vec<Vec<usize>> = batches.iter().map(|batch| vec![batch.len()]).collect();
    let found = detect(sandbox, loaded, &batches, &whole, Some(log))?;
    let manifest = loaded.plugin.manifest();
    *text = compare::as_toml(&found, &case.file.findings, manifest);
    if let Some(diff) = compare::diff(&case.file.findings, &found, manifest) {
        return Ok(Verdict::Differs(diff));
    }
    let mut chance = fastrand::Rng::with_seed(splits.seed);
    for number in 0..=splits.count {
        let cut: Vec<Vec<usize>> = batches.iter().map(|batch| cut(batch.len(), number, &mut chance)).collect();
        let again = detect(sandbox, loaded, &batches, &cut, None)
            .map_err(|reason| format!("{reason}\n  cut: {}", shown(&cut)))?;
        if let Some(difference) = compare::first_difference(&found, &again) {
            return Ok(Verdict::DependsOnBatches(format!("{difference}\n  cut: {}", shown(&cut))));
        }
    }
    Ok(Verdict::Holds)
}

/// Sizes of the pieces of a batch: ones first, then at random.
fn cut(len: usize, number: u32, chance: &mut fastrand::Rng) -> Vec<usize> {
    let mut sizes = Vec::new();
    let mut left = len;
    while left > 0 {
        let size = if number == 0 { 1 } else { chance.usize(1..=left) };
        sizes.push(size);
        left -= size;
    }
    sizes
}

/// `1-3 | 4 | 5-9`; long ones shortened.
fn shown(cut: &[Vec<usize>]) -> String {
    let mut row = 1;
    let mut pieces = Vec::new();
    for size in cut.iter().flatten() {
        pieces.push(if *size == 1 { row.to_string() } else { format!("{row}-{}", row + size - 1) });
        row += size;
    }
    if cut.iter().flatten().all(|size| *size == 1) {
        return "batches of one".into();
    }
    if pieces.len() > 24 {
        pieces.truncate(24);
        pieces.push("...".into());
    }
    pieces.join(" | ")
}

/// Runs the plugin on the pieces; rows count over the whole case.
fn detect(
    sandbox: &Sandbox,
    loaded: &Loaded,
    batches: &[Arc<Batch>],
    cuts: &[Vec<usize>],
    mut log: Option<&mut Vec<LogLine>>,
) -> Result<Vec<Found>, String> {
    // What the plugin remembers goes from batch to batch, and from nowhere else into the case.
    let memory = Arc::new(Memory::default());
    let past = Past::Lane(Arc::clone(&memory) as _);
    let input =
        RunInput { settings: Arc::clone(&loaded.settings), explain: false, past, lists: Some(loaded.lists.clone()) };
    let mut found = Vec::new();
    let mut before = 0;
    for (batch, sizes) in batches.iter().zip(cuts) {
        let mut start = 0;
        for size in sizes {
            let piece =
                if *size == batch.len() { Arc::clone(batch) } else { Arc::new(batch.select(start..start + size)) };
            let report = sandbox.run(&loaded.plugin, &piece, &input);
            if let Some(log) = log.as_deref_mut() {
                log.extend(report.log);
            }
            if report.outcome != Outcome::Completed {
                let rows = format!("rows {}-{}", before + start + 1, before + start + size);
                return Err(format!("on {rows} the plugin {}: {}", report.outcome.word(), report.outcome.reason()));
            }
            if let Some(changes) = &report.remembered {
                memory.apply(changes);
            }
            let first = (before + start + 1) as u64;
            // The row within its batch is all that a cut may change.
            found.extend(report.findings.into_iter().map(|mut emitted| {
                let row = first + u64::from(std::mem::take(&mut emitted.row));
                Found { row, emitted }
            }));
            start += size;
        }
        before += batch.len();
    }
    Ok(found)
}

/// The case's batches, received one second after their last event.
fn batches(case: &Case) -> Result<Vec<Arc<Batch>>, CaseError> {
    let first = read(case, RECEIVED)?;
    let own_time = |batch: &Arc<Batch>| {
        batch.times().iter().zip(batch.marks()).filter(|(_, marks)| *marks & 1 == 0).map(|(time, _)| *time).max()
    };
    match first.iter().filter_map(own_time).max() {
        Some(last) => read(case, last + 1_000_000),
        None => Ok(first),
    }
}

fn read(case: &Case, received: i64) -> Result<Vec<Arc<Batch>>, CaseError> {
    let mut batches = Vec::new();
    for spec in &case.file.batches {
        let wrong = |reason: String| CaseError { path: case.folder.join("case.toml"), reason };
        let mut batcher = Batcher::new(options(spec).map_err(wrong)?);
        let mut take = |event: RawEvent| -> Result<(), CaseError> {
            match batcher.push(event, received) {
                Ok(full) => batches.extend(full.map(Arc::new)),
                Err(refusal) => return Err(CaseError { path: case.folder.clone(), reason: refusal.to_string() }),
            }
            Ok(())
        };
        if let Some(inline) = &spec.inline {
            for (index, line) in inline.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                let origin = EventOrigin { file: "inline".into(), line: index as u64 + 1, unit: "line" };
                take(RawEvent { bytes: line.trim().as_bytes().to_vec(), origin })?;
            }
        }
        if let Some(events) = &spec.events {
            let path = case.folder.join(events);
            let broken =
                |error: crate::events::ReadError| CaseError { path: case.folder.clone(), reason: error.to_string() };
            let mut reader = EventReader::open(&Input::File(path)).map_err(broken)?;
            while let Some(event) = reader.next().map_err(broken)? {
                take(event.map_err(|refusal| CaseError { path: case.folder.clone(), reason: refusal.to_string() })?)?;
            }
        }
        batches.extend(batcher.finish().into_iter().map(Arc::new));
    }
    Ok(batches)
}

fn options(spec: &Events) -> Result<BatcherOptions, String> {
    let time_field = match &spec.time_field {
        Some(path) => Some(cordon_contract::path::Path::parse(path).map_err(|error| error.to_string())?),
        None => None,
    };
    Ok(BatcherOptions {
        force: Force::new("local").map_err(|error| error.to_string())?,
        source: Some(SourceName::new(&spec.source).map_err(|error| error.to_string())?),
        time_field,
        zone: jiff::tz::TimeZone::get("Europe/London").map_err(|error| error.to_string())?,
        rows: BATCH_ROWS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_add_up_and_the_first_is_into_ones() {
        let mut chance = fastrand::Rng::with_seed(7);
        assert_eq!(cut(3, 0, &mut chance), [1, 1, 1]);
        for number in 1..50 {
            assert_eq!(cut(9, number, &mut chance).iter().sum::<usize>(), 9);
        }
        assert_eq!(shown(&[vec![3, 1], vec![5]]), "1-3 | 4 | 5-9");
    }
}
