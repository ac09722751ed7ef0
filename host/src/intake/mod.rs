//! Intake: one request's events, checked and recognised, into the journal; all that are sound, or none.
//!
//! Answers after the journal has made them durable. Reads in bounded memory: the request's accepted events and one chunk of
//! its text. Knows no HTTP: whoever reads bytes may use it. Which force they belong to is the caller's to say.

mod answer;
mod budget;
mod clocks;
mod counts;
mod duplicates;
pub mod files;
mod framed;
mod gather;
mod name;
mod pack;
pub mod protocol;
mod quota;
mod refused;
mod replay;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

pub use answer::{Accepted, IntakeError, RefusedLine};
pub use clocks::{AHEAD, Clock};
pub use counts::{Counts, Tallies, Tally};
pub use duplicates::{Seen, Window, WindowLimits};
pub use framed::{Framed, Framing};
pub use name::{BodyDigest, Digesting};
pub use quota::Quota;
pub use refused::{Gone, Held, RefusedEntry, RefusedLimits, RefusedList, Waiting, Whole};

use crate::events::{Batch, Fingerprint, RawEvent, Refusal};
use crate::ids::Digest;
use crate::journal::{AppendError, Appended, Journal, Request};
use crate::model::{Force, SourceName};
use budget::{Budget, Lease};
use duplicates::{Duplicates, Wanted};
use gather::{Gather, Refused};
use name::RequestName;
use pack::{parts, tally};
use protocol::Plain;
use quota::{Over, Quotas};
use refused::Lines;

/// Events of one request at most: what is kept beside an event's text is bounded by it.
const EVENTS: u64 = 262_144;

/// A request.
#[derive(Debug, Clone)]
pub struct Post {
    /// Whose events; from the caller's token.
    pub force: Force,
    /// Takes every event as this source; without it each is recognised by its shape.
    pub source: Option<SourceName>,
    /// When it came, microseconds since 1970 UTC.
    pub received: i64,
    /// What names the request when it is sent again (`Idempotency-Key`).
    pub key: Option<String>,
}

/// How requests are taken.
#[derive(Debug, Clone)]
pub struct IntakeOptions {
    /// Bytes of text that one request may have.
    pub request_bytes: u64,
    /// How many events, and how long, duplicates are known; for each force.
    pub window: WindowLimits,
    /// For how long the same whole body without a key is taken for the same request, in microseconds (twice that at most);
    /// 0 for never.
    pub body_micros: i64,
    /// Bytes of events of all requests that may be in memory; at least those of one request.
    pub memory_bytes: u64,
    /// What each force may send that has no quota of its own.
    pub quota: Quota,
    /// Forces that have.
    pub quotas: BTreeMap<Force, Quota>,
}

impl Default for IntakeOptions {
    /// 32 MiB, the window's own, 5 minutes, 256 MiB, the quota's own.
    fn default() -> Self {
        Self {
            request_bytes: 32 << 20,
            window: WindowLimits::default(),
            body_micros: 300_000_000,
            memory_bytes: 256 << 20,
            quota: Quota::default(),
            quotas: BTreeMap::new(),
        }
    }
}

/// Told what each request brought, once that is durable, on its own thread.
type Hook = Box<dyn Fn(&Tallies) + Send + Sync>;

/// See the module.
pub struct Intake {
    journal: Arc<Journal>,
    options: IntakeOptions,
    duplicates: Duplicates,
    quotas: Quotas,
    budget: Budget,
    told: Option<Hook>,
    list: Option<Arc<RefusedList>>,
    /// See [`Counts`].
    pub counts: Counts,
}

impl Intake {
    /// Into this journal.
    #[must_use]
    pub fn new(journal: Arc<Journal>, options: IntakeOptions) -> Self {
        let duplicates = Duplicates::new(Arc::clone(&journal), options.window);
        let quotas = Quotas::new(options.quota, options.quotas.clone());
        let budget = Budget::new(options.memory_bytes.max(options.request_bytes));
        Self { journal, options, duplicates, quotas, budget, told: None, list: None, counts: Counts::default() }
    }

    /// With someone who is told what each request brought.
    #[must_use]
    pub fn telling(self, hook: impl Fn(&Tallies) + Send + Sync + 'static) -> Self {
        Self { told: Some(Box::new(hook)), ..self }
    }

    /// With a list that keeps refused lines.
    #[must_use]
    pub fn keeping(self, list: Arc<RefusedList>) -> Self {
        Self { list: Some(list), ..self }
    }

    /// Other quotas from now on.
    pub fn set_quotas(&self, usual: Quota, of: BTreeMap<Force, Quota>) {
        self.quotas.change(usual, of);
    }

    /// Makes ready, in the background, what the first request of each force would else wait for. `now` is in microseconds
    /// since 1970 UTC.
    pub fn warm(&self, now: i64, stop: impl Fn() -> bool) {
        self.duplicates.warm(now, stop);
    }

    /// Reads a request to its end and answers once it is durable. Blocks: not for an async thread.
    ///
    /// # Errors
    /// See [`IntakeError`].
    pub fn accept(&self, post: &Post, body: impl Read + Send + 'static) -> Result<Accepted, IntakeError> {
        let (body, digest) = Digesting::new(body, "");
        match Plain::open(body, self.limit(), post.source.clone()) {
            Ok(mut plain) => self.accept_framed(post, &mut plain, &digest, &mut |_, _| {}),
            Err(error) => {
                let answer = Err(error);
                self.answered(&answer);
                answer
            }
        }
    }

    /// The same for a request whose protocol gives its events one by one, each with its own source; `digest` is that of the
    /// body that `framing` reads. `refused` is told each event that is not taken, with its place among all that `framing` gave,
    /// from 0. On an error none was taken, whatever `refused` was told.
    ///
    /// # Errors
    /// See [`IntakeError`].
    pub fn accept_framed(
        &self,
        post: &Post,
        framing: &mut dyn Framing,
        digest: &BodyDigest,
        refused: &mut dyn FnMut(u64, &Refusal),
    ) -> Result<Accepted, IntakeError> {
        // Given back once the request is answered.
        let mut lease = self.budget.lease();
        let read = self.admit(post).and_then(|()| read(post, framing, &mut lease, refused));
        let answer = read.and_then(|(batches, refused)| {
            self.charge(post, &batches, &refused, &lease);
            let name = RequestName::of(post, Some(digest.get()), self.options.body_micros);
            self.bring(post, &name, batches, refused)
        });
        self.answered(&answer);
        answer
    }

    /// Bytes of text that one request may have.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.options.request_bytes
    }

    /// The same for events that were cut elsewhere, some of which may be refused already.
    ///
    /// # Errors
    /// See [`IntakeError`].
    pub fn accept_events(&self, post: &Post, events: &[Result<RawEvent, Refusal>]) -> Result<Accepted, IntakeError> {
        let mut lease = self.budget.lease();
        let mut gather = Gather::new(post);
        let mut read = || -> Result<(), IntakeError> {
            self.admit(post)?;
            for event in events {
                match event {
                    Ok(event) => {
                        let (origin, source) = (event.origin.clone(), post.source.clone());
                        gather.event(&event.bytes, origin, source, &mut lease, &mut |_| {})?;
                    }
                    Err(refusal) => gather.refused.take(refusal.clone(), None),
                }
            }
            Ok(())
        };
        let answer = read().and_then(|()| {
            let (batches, refused) = gather.finish();
            self.charge(post, &batches, &refused, &lease);
            self.bring(post, &RequestName::of(post, None, 0), batches, refused)
        });
        self.answered(&answer);
        answer
    }

    /// Takes events that the host itself makes, each one line of JSON, on the path of all others.
    ///
    /// # Errors
    /// See [`IntakeError`]; also when one of them is refused, which is a fault of ours.
    pub fn own(&self, post: &Post, events: &[String]) -> Result<Accepted, IntakeError> {
        let accepted = self.accept(post, io::Cursor::new(events.join("\n").into_bytes()))?;
        match accepted.refused_lines.first() {
            None => Ok(accepted),
            Some(line) => Err(IntakeError::Unreadable(format!("an event of the host's own: {}", line.reason))),
        }
    }

    /// Counts what was read against the force's quota.
    fn charge(&self, post: &Post, batches: &[Batch], refused: &Refused, lease: &Lease<'_>) {
        let events = refused.len() + batches.iter().map(|batch| batch.len() as u64).sum::<u64>();
        self.quotas.charge(&post.force, events, lease.held());
    }

    fn answered(&self, answer: &Result<Accepted, IntakeError>) {
        self.counts.answered(match answer {
            Ok(accepted) if accepted.repeated => "repeated",
            Ok(_) => "taken",
            Err(error) => error.word(),
        });
    }

    /// Keeps refused lines. Those that are not kept are counted: what was taken stays taken.
    fn keep(&self, post: &Post, lines: &Lines) -> u64 {
        let all = lines.lines.len() as u64 + lines.more;
        match &self.list {
            Some(list) if all > 0 => {
                let kept = list.keep(&post.force, post.source.as_ref(), post.received, lines);
                kept.unwrap_or_else(|error| {
                    tracing::error!("force {}: {all} refused lines are not kept: {error}", post.force);
                    all
                })
            }
            _ => 0,
        }
    }

    /// Whether the force is within its quota. What the host itself makes has none.
    fn admit(&self, post: &Post) -> Result<(), IntakeError> {
        if post.source.as_ref().is_some_and(|source| source.as_str().starts_with("cordon.")) {
            return Ok(());
        }
        self.quotas.admit(&post.force).map_err(|over| {
            let Over { limit, value, seconds } = over;
            IntakeError::Quota { force: post.force.clone(), limit, value, seconds }
        })
    }

    /// Brings what was read of a request into the journal, without what is there already.
    fn bring(
        &self,
        post: &Post,
        name: &RequestName,
        batches: Vec<Batch>,
        refused: Refused,
    ) -> Result<Accepted, IntakeError> {
        let each = || batches.iter().flat_map(|batch| (0..batch.len()).map(move |row| (batch, row)));
        let told = self.options.window.micros > 0;
        let of = |(batch, row): (&Batch, usize)| batch.fingerprint(row).filter(|_| told);
        let events: Vec<Option<Fingerprint>> = each().map(of).collect();
        let all = events.len() as u64;
        let mut accepted = Accepted {
            sequence: None,
            repeated: false,
            accepted: 0,
            duplicates: 0,
            changed: 0,
            refused: refused.len(),
            refused_not_kept: 0,
            refused_lines: refused.named,
        };
        let again = |accepted: Accepted, first: Appended| Accepted {
            sequence: Some(first.first),
            repeated: true,
            accepted: first.rows,
            duplicates: all.saturating_sub(first.rows),
            ..accepted
        };
        let known = || name.keys.iter().find_map(|key| self.journal.known(&post.force, *key));
        let wanted = Wanted { force: &post.force, request: name.claim, events: &events, received: post.received };
        let claim = match self.duplicates.claim(&wanted, known) {
            Ok(claim) => claim,
            Err(first) => return Ok(again(accepted, first)),
        };
        let bytes = each().zip(&claim.wanted).filter(|(_, wanted)| **wanted);
        let bytes: usize = bytes.filter_map(|((batch, row), _)| batch.event(row)).map(str::len).sum();
        let mut tallies = Tallies { force: post.force.clone(), received: post.received, of: Vec::new() };
        tallies.of = tally(&batches, &claim.wanted);
        if accepted.refused > 0 {
            tallies.of.push(Tally { source: post.source.clone(), refused: accepted.refused, ..Tally::default() });
        }
        let parts = parts(&batches, &claim.wanted).map_err(AppendError::Request)?;
        drop(batches);
        if !parts.is_empty() {
            let key = name.keys.first().copied().unwrap_or(Digest([0; 32]));
            let appended = self.journal.append(&post.force, Request { key, received: post.received, parts })?;
            if appended.repeated {
                return Ok(again(accepted, appended));
            }
            (accepted.sequence, accepted.accepted) = (Some(appended.first), appended.rows);
            accepted.changed = claim.durable();
        }
        accepted.duplicates = all - accepted.accepted;
        self.counts.took(&tallies, accepted.changed, bytes as u64);
        accepted.refused_not_kept = self.keep(post, &refused.lines);
        refused.kinds.iter().for_each(|(kind, events)| self.counts.refused(kind, *events));
        if let Some(told) = &self.told {
            told(&tallies);
        }
        Ok(accepted)
    }
}

/// All events of a request, as batches. `told` is told the refused.
fn read(
    post: &Post,
    framing: &mut dyn Framing,
    lease: &mut Lease<'_>,
    told: &mut dyn FnMut(u64, &Refusal),
) -> Result<(Vec<Batch>, Refused), IntakeError> {
    let mut gather = Gather::new(post);
    let mut place = 0;
    while let Some(piece) = framing.next()? {
        if place == EVENTS {
            return Err(IntakeError::TooMany { what: "events", limit: EVENTS });
        }
        match piece {
            Ok(Framed { event: RawEvent { bytes, origin }, source }) => {
                gather.event(&bytes, origin, source, lease, &mut |refusal| told(place, refusal))?;
            }
            Err(refusal) => {
                told(place, &refusal);
                gather.refused.take(refusal, None);
            }
        }
        place += 1;
    }
    Ok(gather.finish())
}
