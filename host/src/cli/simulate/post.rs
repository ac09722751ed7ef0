//! Events posted to a running host as they happen: one connection after the other's beat, back-pressure obeyed.

use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;

use super::Args;
use super::latency::Latency;
use crate::cli::client::Client;
use crate::cli::exit::Exit;
use crate::cli::target;
use crate::cli::{Format, progress, text};
use crate::clock::now_micros;
use crate::ids::{Digest, event_identity};
use crate::model::Force;
use crate::simulate::{Planted, SOURCES, Settings, Traffic};

/// How long a connection gathers events at most before it posts them.
const GATHER: Duration = Duration::from_millis(100);
/// Bytes of one request, about.
const REQUEST: usize = 4 << 20;
/// Events in a second that a connection is offered where it may post without limit.
const PLENTY: f64 = 1e6;
/// Refusals that are shown.
const SHOWN: u64 = 5;

/// A force and who posts for it.
pub(in crate::cli) struct Target {
    pub(in crate::cli) force: Force,
    pub(in crate::cli) client: Client,
}

/// What to post.
pub(in crate::cli) struct Plan {
    pub(in crate::cli) settings: Settings,
    pub(in crate::cli) zone: TimeZone,
    pub(in crate::cli) unlimited: bool,
    pub(in crate::cli) connections: usize,
    pub(in crate::cli) batch: usize,
}

/// An event of an attack that the host has acknowledged.
pub(in crate::cli) struct Acked {
    pub(in crate::cli) identity: Digest,
    pub(in crate::cli) at: Instant,
}

/// What became of the posts.
#[derive(Debug, Default, Clone, Serialize)]
pub(in crate::cli) struct Line {
    posts: u64,
    /// Events.
    pub(in crate::cli) accepted: u64,
    /// Events that the host had already.
    duplicates: u64,
    refused: u64,
    /// Answers that said to come again later.
    busy: u64,
    bytes: u64,
    #[serde(skip)]
    latency: Latency,
}

pub(super) fn from_arguments(args: &Args) -> Result<Exit> {
    let folder = args.token_dir.as_deref().context("whose tokens? name their folder with --token-dir")?;
    let forces = args.pick.forces(named(folder)?)?;
    let host = target::host(args.host.as_deref())?;
    let mut targets = Vec::new();
    for force in forces {
        let client = Client::at(&host, &target::token(&folder.join(format!("{force}.token")))?)?;
        targets.push(Target { force, client });
    }
    let mut settings = args.pick.settings(targets.len())?;
    settings.start = now_micros();
    settings.live = true;
    let connections = args.connections.map_or(targets.len(), usize::from);
    let seconds = Duration::from_micros(settings.duration.unsigned_abs());
    let zone = args.pick.zone()?;
    let plan = Plan { settings, zone, unlimited: args.unlimited, connections, batch: args.batch as usize };
    let planted = plan.planted(&targets)?;
    if let Some(out) = &args.out {
        std::fs::create_dir_all(out).with_context(|| format!("{}: cannot be made", out.display()))?;
        let lines = planted.iter().map(|planted| Ok(serde_json::to_string(planted)? + "\n"));
        let path = out.join("truth.ndjson");
        std::fs::write(&path, lines.collect::<Result<String>>()?)
            .with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    let bar = progress::clock(seconds);
    let sent = AtomicU64::new(0);
    let begun = Instant::now();
    let done = run(&plan, &targets, &AtomicBool::new(false), |accepted, _| {
        let sent = sent.fetch_add(accepted, Ordering::Relaxed) + accepted;
        bar.set_message(format!("{} taken", text::plural(sent, "event")));
    });
    bar.finish_and_clear();
    let attacks = planted.iter().filter(|planted| !planted.is_errand()).count();
    say(args, &done?, begun.elapsed(), attacks)
}

/// The forces that have a token in this folder.
fn named(folder: &Path) -> Result<Vec<Force>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))?;
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut forces: Vec<Force> = names.filter_map(|name| Force::new(name.strip_suffix(".token")?).ok()).collect();
    forces.sort();
    if forces.is_empty() {
        bail!(
            "{} holds no FORCE.token: make one with `cordon token create --role intake --for FORCE`",
            folder.display()
        );
    }
    Ok(forces)
}

impl Plan {
    /// The traffic of one connection: attacks are in the first of each force.
    fn traffic(&self, number: usize, targets: &[Target]) -> Result<Option<(usize, Traffic)>> {
        let at = number % targets.len().max(1);
        let Some(target) = targets.get(at) else { return Ok(None) };
        let mut settings = self.settings.clone();
        settings.stream = (number / targets.len()) as u64;
        if settings.stream > 0 {
            settings.stories.clear();
            settings.errands = 0;
        }
        // Connections of one force share its rate.
        let share = (self.connections.saturating_sub(at)).div_ceil(targets.len()).max(1);
        #[allow(clippy::cast_precision_loss, reason = "at most 256")]
        let rate = settings.rate / share as f64;
        settings.rate = if self.unlimited { PLENTY } else { rate };
        Ok(Some((at, Traffic::new(&settings, target.force.clone(), self.zone.clone())?)))
    }

    /// What is planted in all of it.
    pub(in crate::cli) fn planted(&self, targets: &[Target]) -> Result<Vec<Planted>> {
        let mut planted = Vec::new();
        for number in 0..targets.len() {
            planted
                .extend(self.traffic(number, targets)?.into_iter().flat_map(|(_, traffic)| traffic.planted().to_vec()));
        }
        Ok(planted)
    }
}

/// Posts until the time is over, or `stop` says so. `acked` is told of each answer: how many events were taken, and which of
/// them are of an attack.
pub(in crate::cli) fn run(
    plan: &Plan,
    targets: &[Target],
    stop: &AtomicBool,
    acked: impl Fn(u64, Vec<Acked>) + Sync,
) -> Result<Line> {
    let lines: Mutex<Vec<Result<Line>>> = Mutex::default();
    std::thread::scope(|scope| {
        for number in 0..plan.connections.max(targets.len()) {
            let (lines, acked) = (&lines, &acked);
            scope.spawn(move || {
                let line = plan.traffic(number, targets).and_then(|found| match found {
                    Some((at, traffic)) => match targets.get(at) {
                        Some(target) => Connection::new(plan, target, stop).run(traffic, acked),
                        None => Ok(Line::default()),
                    },
                    None => Ok(Line::default()),
                });
                if line.is_err() {
                    stop.store(true, Ordering::Relaxed);
                }
                lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(line);
            });
        }
    });
    let mut all = Line::default();
    for line in lines.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        let line = line?;
        all.posts += line.posts;
        all.accepted += line.accepted;
        all.duplicates += line.duplicates;
        all.refused += line.refused;
        all.busy += line.busy;
        all.bytes += line.bytes;
        all.latency.join(&line.latency);
    }
    Ok(all)
}

struct Connection<'a> {
    plan: &'a Plan,
    target: &'a Target,
    stop: &'a AtomicBool,
    until: Instant,
    line: Line,
}

impl<'a> Connection<'a> {
    fn new(plan: &'a Plan, target: &'a Target, stop: &'a AtomicBool) -> Self {
        let begun = now_micros().saturating_sub(plan.settings.start).max(0);
        let left = plan.settings.duration.saturating_sub(begun).max(0).unsigned_abs();
        Self { plan, target, stop, until: Instant::now() + Duration::from_micros(left), line: Line::default() }
    }

    fn run(mut self, mut traffic: Traffic, acked: &(impl Fn(u64, Vec<Acked>) + Sync)) -> Result<Line> {
        let mut ahead = Vec::new();
        let mut next = traffic.next(&mut ahead);
        let mut body = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let now = now_micros();
            let (mut events, mut planted) = (0, Vec::new());
            body.clear();
            while let Some(sent) = next {
                let due = self.plan.unlimited || sent.at <= now;
                if !due || events >= self.plan.batch || body.len() + ahead.len() > REQUEST {
                    break;
                }
                if sent.planted.is_some() {
                    planted.push(event_identity(SOURCES.get(sent.source).copied().unwrap_or_default(), &ahead));
                }
                body.append(&mut ahead);
                body.push(b'\n');
                events += 1;
                next = traffic.next(&mut ahead);
            }
            if events > 0 {
                self.post(&body, planted, acked)?;
            }
            if next.is_none() || (self.plan.unlimited && Instant::now() >= self.until) {
                break;
            }
            if events < self.plan.batch && !self.plan.unlimited {
                std::thread::sleep(GATHER);
            }
        }
        Ok(self.line)
    }

    fn post(&mut self, body: &[u8], planted: Vec<Digest>, acked: &(impl Fn(u64, Vec<Acked>) + Sync)) -> Result<()> {
        loop {
            let begun = Instant::now();
            let answer = self.target.client.send("/v1/events", body)?;
            if answer.status == 429 {
                self.line.busy += 1;
                if self.stop.load(Ordering::Relaxed) || Instant::now() >= self.until + Duration::from_secs(30) {
                    bail!("the host was busy until the end: lower the rate");
                }
                std::thread::sleep(Duration::from_secs(answer.retry_after.unwrap_or(1)));
                continue;
            }
            let number = |name: &str| answer.body.get(name).and_then(Value::as_u64);
            let (Some(accepted), Some(refused)) = (number("accepted"), number("refused")) else {
                bail!("{}: {}", self.target.force, answer.reason());
            };
            let at = Instant::now();
            self.line.latency.add(at - begun);
            self.line.posts += 1;
            self.line.bytes += body.len() as u64;
            self.line.accepted += accepted;
            self.line.duplicates += number("duplicates").unwrap_or(0);
            if refused > 0 {
                self.refused(refused, &answer.body)?;
            }
            acked(accepted, planted.into_iter().map(|identity| Acked { identity, at }).collect());
            return Ok(());
        }
    }

    fn refused(&mut self, refused: u64, body: &Value) -> Result<()> {
        let lines = body.get("refused_lines").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for line in lines.iter().take(usize::try_from(SHOWN.saturating_sub(self.line.refused)).unwrap_or(0)) {
            let reason = line.get("reason").and_then(Value::as_str).unwrap_or_default();
            writeln!(anstream::stderr(), "refused: {}: {}", self.target.force, crate::findings::text::safe(reason))?;
        }
        self.line.refused += refused;
        Ok(())
    }
}

/// For machines.
#[derive(Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    line: &'a Line,
    seconds: f64,
    events_per_second: f64,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    attacks: usize,
}

fn say(args: &Args, line: &Line, took: Duration, attacks: usize) -> Result<Exit> {
    #[allow(clippy::cast_precision_loss, reason = "a rate")]
    let rate = line.accepted as f64 / took.as_secs_f64().max(1e-3);
    let [p50, p99] = [50, 99].map(|percent| line.latency.percent(percent));
    if args.format == Format::Json {
        let millis = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1e3);
        let (p50_ms, p99_ms) = (millis(p50), millis(p99));
        let seconds = took.as_secs_f64();
        crate::cli::print_json(&Summary { line, seconds, events_per_second: rate, p50_ms, p99_ms, attacks })?;
    } else {
        let time = |time: Option<Duration>| time.map_or_else(|| "-".to_owned(), text::time);
        writeln!(
            crate::cli::out(),
            "{} taken in {} ({rate:.0}/s), {} there already, {} refused; {}, busy {} times; acknowledged in {} (p50), {} (p99); {} planted",
            text::plural(line.accepted, "event"),
            text::time(took),
            text::count(line.duplicates),
            text::count(line.refused),
            text::plural(line.posts, "request"),
            text::count(line.busy),
            time(p50),
            time(p99),
            text::plural(attacks as u64, "attack"),
        )?;
    }
    Ok(if line.refused > 0 { Exit::Part } else { Exit::Done })
}
