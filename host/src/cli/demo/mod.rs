//! `cordon demo`

mod desk;
mod host;
mod interrupt;
mod place;
mod watch;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use self::desk::Desk;
use self::host::Running;
use self::watch::Watch;
use super::client::Client;
use super::exit::{self, Exit};
use super::simulate::{self, Plan, Target};
use super::{style, text};
use crate::clock::now_micros;
use crate::evidence::{EVIDENCE_BYTES, Evidence};
use crate::ids::Digest;
use crate::model::Force;
use crate::simulate::{Planted, Settings};

/// Forces that are simulated, with their names for people.
const FORCES: [(&str, &str); 3] =
    [("westmarch", "Westmarch Police"), ("eastmoor", "Eastmoor Constabulary"), ("northdale", "Northdale Police")];
/// How long the last findings may take.
const LAST: Duration = Duration::from_secs(20);
/// Events in a second of each force.
const RATE: f64 = 60.0;

/// Start a host, let simulated forces be attacked, and watch what the national plugins find and whom they tell
///
/// Everything happens on a temporary folder and a free port of this machine; at the end, and on Ctrl-C, all of it is gone.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon demo                      ends by itself
  cordon demo --stay               keeps the host up until Ctrl-C, and says what to try with it

Works from any folder: plugins come from the checkout that this binary was built from, or from the folder `plugins` beside
the binary.

Exit codes: 0 every planted attack was found and its alert reached a contact, 1 one was not, 2 there are no plugins, or the host does not start, 3 the Rust
toolchain is missing")]
pub(super) struct Args {
    /// Keep the host up until Ctrl-C
    #[arg(long)]
    stay: bool,
    /// Other people, other events
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Seconds for which events are sent
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u16).range(3..=3_600))]
    seconds: u16,
    /// Where the host listens, instead of a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let place = place::find()?;
    let mut err = anstream::stderr();
    let work = if place.sources { "building" } else { "loading" };
    writeln!(err, "{work} the plugins of {}", text::near(&place.plugins))?;
    let mut components = super::plugins::components(std::slice::from_ref(&place.plugins))?;
    // The host's own plugins are in it already.
    components.retain(|path| path.file_stem().is_none_or(|name| !name.to_string_lossy().starts_with(watch::OWN)));
    let stop = interrupt::watched()?;
    let host = Running::start(args.listen, &components, &stop)?;
    writeln!(
        err,
        "{}a host listens on {}{}, its data in {}",
        style::STRONG,
        host.url,
        style::OFF,
        host.folder().display()
    )?;
    let shown = show(args, &host, &stop)?;
    if stop.load(Ordering::Relaxed) {
        writeln!(err, "stopped")?;
        return host.stop().map(|()| Exit::Done);
    }
    if args.stay {
        place::say_second_terminal(&host.url, &host.first_token(), &host.intake_token(FORCES[0].0), FORCES[0].0)?;
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(100));
            host.is_up()?;
        }
    }
    host.stop()?;
    if !args.stay {
        place.say_next()?;
    }
    Ok(shown)
}

/// Adds the forces, posts their events, shows what is found and compares.
fn show(args: &Args, host: &Running, stop: &AtomicBool) -> Result<Exit> {
    let operator = host.operator()?;
    let targets = targets(host, &operator)?;
    let desk = Desk::start()?;
    for (name, display) in FORCES {
        desk.enrol(&operator, name, display)?;
    }
    let settings = Settings {
        seed: args.seed,
        start: now_micros(),
        duration: i64::from(args.seconds) * 1_000_000,
        rate: RATE,
        live: true,
        stories: simulate::found().collect(),
        ..Settings::default()
    };
    let plan = Plan { settings, zone: TimeZone::UTC, unlimited: false, connections: targets.len(), batch: 1_000 };
    let planted = plan.planted(&targets)?;
    let mut err = anstream::stderr();
    writeln!(
        err,
        "{} forces send {} events a second for {} s; {} are planted among them\n",
        targets.len(),
        RATE * f64::from(u8::try_from(targets.len())?),
        args.seconds,
        text::plural(planted.len() as u64, "attack")
    )?;
    let watch = Mutex::new(Watch::new(&planted));
    let posted = AtomicBool::new(false);
    let names: Vec<Force> = targets.iter().map(|target| target.force.clone()).collect();
    let taken = std::thread::scope(|scope| {
        let looking = scope.spawn(|| look(&operator, &names, &watch, &posted, stop));
        let taken = simulate::post_all(&plan, &targets, stop, |_, acked| {
            let mut watch = watch.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            acked.into_iter().for_each(|event| watch.acknowledged(event));
        });
        posted.store(true, Ordering::Relaxed);
        let looked = looking.join().map_err(|_| anyhow::anyhow!("reading findings broke off"))?;
        taken.and_then(|taken| looked.map(|()| taken))
    })?;
    let watch = watch.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if stop.load(Ordering::Relaxed) {
        return Ok(Exit::Done);
    }
    let found = judge(&watch, &planted, taken.accepted)?;
    let told = desk.show(&operator, &FORCES.map(|(name, _)| name), &watch)?;
    Ok(if told { found } else { Exit::No })
}

/// Reads findings and shows them, until all that was planted is found, or time is up.
fn look(
    operator: &Client,
    forces: &[Force],
    watch: &Mutex<Watch>,
    posted: &AtomicBool,
    stop: &AtomicBool,
) -> Result<()> {
    let mut after = vec![0_u64; forces.len()];
    let mut until = None;
    while !stop.load(Ordering::Relaxed) {
        let mut any = false;
        for (force, after) in forces.iter().zip(&mut after) {
            let page = operator.get(&format!("/v1/findings?for={force}&after={after}&limit=1000"))?;
            let findings = page.get("findings").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            *after = page.get("next").and_then(Value::as_u64).unwrap_or(*after);
            any |= !findings.is_empty();
            let mut watch = watch.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            for finding in findings {
                watch.show(finding, || cited(operator, finding))?;
            }
        }
        let all = watch.lock().unwrap_or_else(std::sync::PoisonError::into_inner).missing().is_empty();
        if posted.load(Ordering::Relaxed) && !any {
            let until = *until.get_or_insert_with(|| Instant::now() + LAST);
            if all || Instant::now() >= until {
                return Ok(());
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// The events that a finding cites, as its evidence names them.
fn cited(operator: &Client, finding: &Value) -> Result<Vec<Digest>> {
    let id = finding.get("id").and_then(Value::as_str).unwrap_or_default();
    if finding.get("cited").is_none() {
        return Ok(Vec::new());
    }
    let bytes = operator.bytes(&format!("/v1/findings/{id}/evidence"), EVIDENCE_BYTES)?;
    let evidence = Evidence::from_bytes(&bytes)?;
    Ok(evidence.cited.into_iter().filter_map(|one| Some(one.event?.digest)).collect())
}

fn targets(host: &Running, operator: &Client) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    for (name, display) in FORCES {
        operator.post("/v1/forces", &json!({ "name": name, "display": display, "zone": "Europe/London" }))?;
        let token = operator.post("/v1/tokens", &json!({ "role": "intake", "for": name, "minutes": 1440 }))?;
        let token = token.get("token").and_then(Value::as_str).context("the host gave no token")?;
        host.keep_token(name, token)?;
        targets.push(Target { force: Force::new(name)?, client: Client::at(&host.url, token)? });
    }
    Ok(targets)
}

fn judge(watch: &Watch, planted: &[Planted], taken: u64) -> Result<Exit> {
    let mut err = anstream::stderr();
    let missing = watch.missing();
    let colour = if missing.is_empty() { style::GOOD } else { style::BAD };
    writeln!(
        err,
        "\n{colour}found {} of {} planted attacks{} in {}; {}",
        planted.len() - missing.len(),
        planted.len(),
        style::OFF,
        text::plural(taken, "event"),
        watch.slowest()
    )?;
    for (force, story) in &missing {
        writeln!(err, "  not found: {story} at {force}")?;
    }
    let unplanted: BTreeSet<&str> = watch.unplanted().collect();
    for finding in &unplanted {
        writeln!(err, "  found, but not planted: {finding}")?;
    }
    if planted.is_empty() {
        bail!("no attack was planted");
    }
    Ok(if missing.is_empty() && unplanted.is_empty() { Exit::Done } else { Exit::No })
}
