//! One lane on one wave: runs its plugin, narrows what it faults on, and says what is to be committed.
//!
//! Whose doing a run of the moment was: CPU time is read from the worker thread and counts nothing of what other threads or
//! processes do, so `cpu-time` (and `column-time`, the building that its paths ask for) is the guest's. The wall clock, a
//! pool without a slot, the system's memory, the journal and the store are the host's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cordon_state::Counts;

use super::form::Formed;
use super::narrow::{Narrowed, Piece, narrow};
use super::records::{Faulted, blank, fault, shortened};
use super::remember::{Remembers, cited};
use super::{Deployed, Setup, StreamKey};
use crate::clock::now_micros;
use crate::events::Batch;
use crate::evidence::Basis;
use crate::findings::declared::fields;
use crate::findings::{self, Finding, Stamping, finding_id};
use crate::lists::{Lists, Versions};
use crate::model::Emitted;
use crate::results::ledger::{self, Became};
use crate::results::{
    CITED_SHOWN, Change, CitedEvent, FAULT_REASON_BYTES, Fault, LaneSource, Resting, Skip, back_fill, changed,
    is_known, keep_cited, passed, record, rest, save, skip,
};
use crate::sandbox::{Limit, Outcome, Past, RunInput, RunReport, StateAnswer, row_of};
use crate::store::{Effects, StoreError};

/// What a lane made of a wave.
#[derive(Debug, Default)]
pub(super) struct Ran {
    pub(super) end: u64,
    pub(super) events: u64,
    pub(super) findings: u64,
    pub(super) skips: u64,
    pub(super) faults: u64,
    /// CPU time that narrowing took.
    pub(super) narrowed: Duration,
    /// CPU time of all runs.
    pub(super) cpu: Duration,
    /// What is new in the lane's change log.
    pub(super) changed: Option<Change>,
    /// What it had to forget, or could not count, of what it remembers.
    pub(super) forgot: Counts,
}

/// Why a lane does not get past a wave now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The host's: it is tried again for as long as it takes.
    Host(String),
    /// The guest's: it is tried again a few times, then rests.
    Guest {
        why: String,
        /// Sequence number of the wave's last event.
        end: u64,
        /// Its events.
        rows: usize,
        /// It was the last try.
        rests: Option<Box<Resting>>,
    },
}

/// What a lane's run on a wave comes to.
pub(super) enum Judged {
    /// To be committed together with the cursor, which is among the effects.
    Passed(Effects, Ran),
    /// To be committed; the cursor stands still.
    Stuck(Effects, Trouble),
}

/// What a lane is given for a wave.
#[derive(Debug, Clone)]
pub(super) struct Given {
    /// Where it is out of time once more, it rests.
    pub(super) last_try: bool,
    /// CPU time that may go into narrowing.
    pub(super) narrowing: Duration,
    /// From which sequence number on it runs something else than before.
    pub(super) changed: Option<u64>,
    /// What it looks up in.
    pub(super) lists: Lists,
}

/// One lane's run on a wave.
struct Run<'a> {
    setup: &'a Setup,
    deployed: &'a Deployed,
    key: &'a StreamKey,
    given: Given,
    effects: Effects,
    faults: Vec<Fault>,
    ran: Ran,
    /// None where the plugin remembers nothing.
    remembers: Option<Remembers>,
}

/// One lane on all batches of a wave.
///
/// # Errors
/// Trouble of the host: nothing is to be committed.
pub(super) fn judge(
    setup: &Setup,
    deployed: &Deployed,
    key: &StreamKey,
    formed: &Formed,
    given: Given,
) -> Result<Judged, String> {
    let lane = deployed.lane(key);
    let ran = Ran { end: formed.end, ..Ran::default() };
    let (effects, remembers) = (passed(&lane, formed.end), Remembers::begin(setup, deployed, key)?);
    let mut run = Run { setup, deployed, key, given, effects, faults: Vec::new(), ran, remembers };
    let store = |error: StoreError| error.to_string();
    if let Some(from) = run.given.changed {
        let (version, digest, terms) = (deployed.version(), deployed.digest(), deployed.terms);
        let lists = run.versions();
        let change = Change { from, since: now_micros(), version, digest, terms, lists };
        run.effects = std::mem::take(&mut run.effects).and(changed(&lane, &change).map_err(store)?);
        run.ran.changed = Some(change);
    }
    for batch in &formed.batches {
        let Some(batch) = &within(batch, deployed.end(&key.0)) else { continue };
        match run.batch(batch).map_err(store)? {
            None => {}
            Some(moment) if is_guests(&moment.outcome) => {
                return run.stuck(&lane, batch, formed.end, &moment).map_err(store);
            }
            Some(Faulted { outcome, .. }) => return Err(format!("{}: {}", outcome.word(), outcome.reason())),
        }
    }
    for (first, rows, reason) in &formed.lost {
        let last = first + rows.saturating_sub(1);
        run.skip(Skip { outcome: "lost".into(), reason: reason.clone(), ..blank(deployed, key, *first, last, *rows) })
            .map_err(store)?;
        run.effects = std::mem::take(&mut run.effects).and(ledger::lost(&lane, *rows));
    }
    if let Some((remembered, forgot)) = run.remembers.take().map(Remembers::finish) {
        setup.metrics.forgot(&deployed.counted_as(), key.0.as_str(), &forgot);
        run.ran.forgot = forgot;
        run.effects = std::mem::take(&mut run.effects).and(remembered);
    }
    run.ran.faults = run.faults.len() as u64;
    let faults = record(&setup.store, &lane, run.faults).map_err(store)?;
    Ok(Judged::Passed(run.effects.and(faults), run.ran))
}

/// What of a batch lies within a hunt's end: the wave goes on to where other lanes stand.
fn within(batch: &Arc<Batch>, end: u64) -> Option<Arc<Batch>> {
    let rows = (0..batch.len()).take_while(|row| batch.sequence(*row) <= end).count();
    match rows {
        0 => None,
        all if all == batch.len() => Some(Arc::clone(batch)),
        rows => Some(Arc::new(batch.select(0..rows))),
    }
}

impl Run<'_> {
    /// None where the lane is done with the batch, whatever it skips of it; else an outcome of the moment.
    fn batch(&mut self, batch: &Arc<Batch>) -> Result<Option<Faulted>, StoreError> {
        self.ran.events += batch.len() as u64;
        let (id, force) = (&self.deployed.counted_as(), batch.force().as_str());
        let mut report = self.once(batch);
        if report.outcome != Outcome::Completed {
            // What is deterministic ends the same way; what is of the moment may have passed.
            report = self.once(batch);
        }
        if report.outcome == Outcome::Completed {
            self.setup.metrics.judged(id, force, batch.len(), report.findings.len());
            self.remember(&report);
            self.keep(batch, &report.findings, &report.answers)?;
            self.count(batch, Became::Processed);
            return Ok(None);
        }
        let whole = Faulted { outcome: report.outcome, log: report.log };
        if !whole.outcome.is_deterministic() {
            return Ok(Some(whole));
        }
        let narrowed = match self.narrowed(batch, &whole) {
            Ok(narrowed) => narrowed,
            Err(moment) => return Ok(Some(moment)),
        };
        let found: usize = narrowed.found.iter().map(|(_, report)| report.findings.len()).sum();
        self.setup.metrics.judged(id, force, batch.len(), found);
        for (piece, report) in &narrowed.found {
            self.keep(piece, &report.findings, &report.answers)?;
            self.count(piece, Became::Processed);
        }
        if !narrowed.faulting.iter().any(|(_, faulted)| *faulted == whole) {
            // No piece ends as the whole did: that it ended so is a fault all the same.
            let fault = fault(self.deployed, self.key, batch, &whole, 0);
            self.faults.push(fault);
        }
        for (rows, faulted) in narrowed.faulting {
            let piece = batch.select(rows);
            let outcome = &faulted.outcome;
            let last = piece.sequence(piece.len().saturating_sub(1));
            let mut record = blank(self.deployed, self.key, piece.sequence(0), last, piece.len() as u64);
            outcome.word().clone_into(&mut record.outcome);
            shortened(outcome.reason(), FAULT_REASON_BYTES).clone_into(&mut record.reason);
            record.limit = outcome.limit().map(|limit| limit.to_string());
            self.skip(record)?;
            self.count(&piece, Became::Skipped);
            let fault = fault(self.deployed, self.key, &piece, &faulted, piece.len() as u64);
            self.faults.push(fault);
        }
        Ok(None)
    }

    /// # Errors
    /// An outcome of the moment.
    fn narrowed(&mut self, batch: &Batch, whole: &Faulted) -> Result<Narrowed<Found, Faulted>, Faulted> {
        narrow(batch.len(), whole.clone(), |rows| {
            if self.ran.narrowed >= self.given.narrowing {
                return None;
            }
            let piece = Arc::new(batch.select(rows));
            let report = self.once(&piece);
            self.ran.narrowed += report.cost.cpu + report.cost.columns_cpu + report.cost.start;
            Some(match report.outcome {
                Outcome::Completed => {
                    // Pieces come in the order of their rows, and one that completed is not run again.
                    self.remember(&report);
                    Piece::Found((piece, report))
                }
                outcome if outcome.is_deterministic() => Piece::Faulted(Faulted { outcome, log: report.log }),
                outcome => Piece::Moment(Faulted { outcome, log: report.log }),
            })
        })
    }

    fn once(&mut self, batch: &Arc<Batch>) -> RunReport {
        let loaded = &self.deployed.loaded;
        let past = self.remembers.as_ref().map_or(Past::Nothing, Remembers::past);
        let input = RunInput {
            settings: Arc::clone(&loaded.settings),
            explain: false,
            past,
            lists: Some(self.given.lists.clone()),
        };
        let report = self.setup.sandbox.run(&loaded.plugin, batch, &input);
        self.setup.metrics.ran(&self.deployed.counted_as(), batch.force().as_str(), &report);
        self.ran.cpu += report.cost.cpu + report.cost.start;
        report
    }

    fn remember(&self, report: &RunReport) {
        if let Some(remembers) = &self.remembers {
            remembers.keep(report);
        }
    }

    fn keep(&mut self, batch: &Batch, found: &[Emitted], answers: &[(u32, StateAnswer)]) -> Result<(), StoreError> {
        let (plugin, store, kind) = (&self.deployed.loaded.plugin, &self.setup.store, self.deployed.lane);
        let (lane, now) = (self.deployed.lane(self.key), now_micros());
        let mut asked: Option<(u32, Vec<StateAnswer>)> = None;
        let mut new = Vec::new();
        for emitted in found {
            self.ran.findings += 1;
            // Repeats are not stamped: that reads every declared field.
            let Some(id) = finding_id(emitted, batch, plugin, kind) else { continue };
            if !is_known(store, &lane, id)? {
                new.push(emitted);
            }
        }
        let back_fill = if new.is_empty() { 0 } else { back_fill(store, &lane)? };
        let stamping = Stamping::of(new.iter().copied(), batch, plugin);
        for emitted in new {
            let Some(finding) = stamping.stamp(emitted, kind) else { continue };
            // Several findings of one row have the same answers.
            if asked.as_ref().is_none_or(|(row, _)| *row != emitted.row) {
                let of_row = answers.iter().filter(|(row, _)| *row == emitted.row).map(|(_, answer)| answer.clone());
                asked = Some((emitted.row, self.listed(batch, emitted.row as usize, of_row.collect())));
            }
            let of_row = asked.as_ref().map_or_else(Vec::new, |(_, answers)| answers.clone());
            let elsewhere = |reference: &str| cited(self.setup, self.key, reference);
            let (row, terms) = (emitted.row as usize, self.deployed.terms);
            let basis = Basis::of(&finding, (batch, row), (of_row, self.versions()), terms, elsewhere);
            let Some(basis) = basis else { continue };
            let late = is_late(&basis, now, self.setup.late) || batch.sequence(row) <= back_fill;
            let text = basis.to_bytes();
            let saved = save(store, &lane, &finding, &text, basis.sequences(), late)?;
            let shown = keep_cited(&finding.force, finding.id, self.shown(&finding, batch))?;
            self.effects = std::mem::take(&mut self.effects).and(saved).and(shown);
        }
        Ok(())
    }

    /// What the alert shows of the events that a finding cites, beside its own.
    fn shown(&self, finding: &Finding, batch: &Batch) -> Vec<CitedEvent> {
        let manifest = self.deployed.loaded.plugin.manifest();
        let of = |batch: &Batch, row: usize| {
            let event = findings::event(batch, row)?;
            let (source, time, digest) = (event.source.to_string(), event.time, event.digest);
            Some(CitedEvent { source, time, digest, fields: fields(batch, row, manifest) })
        };
        let event = |reference: &String| match row_of(batch, reference) {
            Some(row) => of(batch, row),
            None => cited(self.setup, self.key, reference).and_then(|alone| of(&alone, 0)),
        };
        let others = finding.cited.iter().filter_map(event).filter(|event| event.digest != finding.event.digest);
        others.take(CITED_SHOWN).collect()
    }

    /// Which versions its lists are of.
    fn versions(&self) -> BTreeMap<String, Versions> {
        self.given.lists.versions(self.deployed.loaded.plugin.manifest().lists.keys())
    }

    /// What lists answered a row, behind what state and windows did.
    fn listed(&self, batch: &Batch, row: usize, answers: Vec<StateAnswer>) -> Vec<StateAnswer> {
        let loaded = &self.deployed.loaded;
        if loaded.plugin.manifest().lists.is_empty() {
            return answers;
        }
        let (alone, lists) = (Arc::new(batch.select(row..row + 1)), &self.given.lists);
        let listed = self.setup.sandbox.listed(&loaded.plugin, &alone, &loaded.settings, lists, answers.clone());
        listed.unwrap_or_else(|| {
            let lane = self.deployed.lane(self.key);
            tracing::warn!("{}: a finding's evidence is without the answers of its lists: the run on its row alone did not complete", lane.name());
            answers
        })
    }

    /// What became of a batch's events, for the ledger.
    fn count(&mut self, batch: &Batch, became: Became) {
        let counted = ledger::judged(&self.deployed.lane(self.key), batch.received(), became);
        self.effects = std::mem::take(&mut self.effects).and(counted);
    }

    fn skip(&mut self, record: Skip) -> Result<(), StoreError> {
        self.ran.skips += 1;
        self.effects = std::mem::take(&mut self.effects).and(skip(&self.key.0, &record)?);
        Ok(())
    }

    /// Out of time. Nothing of the wave is committed, but that it was so.
    fn stuck(self, lane: &LaneSource, batch: &Batch, end: u64, moment: &Faulted) -> Result<Judged, StoreError> {
        let fault = fault(self.deployed, self.key, batch, moment, 0);
        let resting = Resting {
            version: fault.version.clone(),
            digest: fault.digest,
            first: fault.first,
            last: fault.last,
            rows: fault.rows,
            outcome: fault.outcome.clone(),
            limit: fault.limit.clone(),
            why: fault.reason.clone(),
            since: fault.latest,
            hours: ledger::hours(batch.received()),
        };
        let why = format!("{}: {}", fault.outcome, fault.reason);
        let rows = batch.len();
        let mut effects = record(&self.setup.store, lane, vec![fault])?;
        let rests = self.given.last_try.then_some(Box::new(resting));
        if let Some(resting) = &rests {
            effects = effects.and(rest(lane, resting)?);
        }
        Ok(Judged::Stuck(effects, Trouble::Guest { why, end, rows, rests }))
    }
}

/// A piece that completed, and what was found in it.
type Found = (Arc<Batch>, RunReport);

/// See the module.
fn is_guests(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::OutOfTime { limit: Limit::CpuTime | Limit::ColumnTime, .. })
}

/// Whether a finding is late: so long after the newest of its events was accepted, in microseconds, as `most` says. When an event
/// happened says nothing: audit records come hours late, and are news.
fn is_late(basis: &Basis, now: i64, most: i64) -> bool {
    let cited = basis.cited.iter().filter_map(|cited| cited.event.as_ref());
    let newest = cited.chain([&basis.trigger]).map(|event| event.received_us).max();
    newest.is_some_and(|newest| now.saturating_sub(newest) > most)
}
