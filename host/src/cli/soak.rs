//! `cordon reproduce --soak`

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use cordon_contract::limits::BATCH_ROWS;
use serde_json::json;

use super::exit::Exit;
use super::{Format, events, style, text};
use crate::events::Input;
use crate::findings::text::safe;
use crate::registry::SettingsFile;
use crate::sandbox::SandboxOptions;
use crate::soak::{Findings, Round, Soak};

/// Options of `--soak`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Run plugins over events in every way that must not matter, until the time is up
    #[arg(long, requires = "plugins")]
    pub(super) soak: bool,
    /// With --soak: for so long
    #[arg(long, value_name = "N", default_value_t = 60, requires = "soak")]
    seconds: u64,
    /// With --soak: the same seed makes the same rounds; chosen where it is not given
    #[arg(long, value_name = "N", requires = "soak")]
    seed: Option<u64>,
    /// With --soak and --seed: only this round
    #[arg(long, value_name = "N", requires = "seed", value_parser = clap::value_parser!(u64).range(1..))]
    round: Option<u64>,
    /// With --soak: take every event as this source
    #[arg(long, value_name = "SOURCE", requires = "soak")]
    source: Option<String>,
    /// With --soak: where a custom source keeps its time
    #[arg(long, value_name = "PATH", requires = "soak")]
    time_field: Option<String>,
    /// With --soak: grant `whole-events` to plugins that ask for it
    #[arg(long, requires = "soak")]
    grant_whole_events: bool,
}

/// What the rounds came to.
#[derive(Default)]
struct Done {
    rounds: u64,
    /// Rounds that the machine was too busy for.
    lost: u64,
    wrong: Vec<(Round, Vec<String>)>,
}

pub(super) fn run(
    args: &Args,
    files: &[String],
    plugins: Vec<PathBuf>,
    settings: SettingsFile,
    format: Format,
) -> Result<Exit> {
    let inputs = Input::expand(files)?;
    if inputs.contains(&Input::Stdin) {
        bail!("--soak reads its events many times: give files, not standard input");
    }
    let mut sandbox = SandboxOptions::default();
    sandbox.caps.whole_events = args.grant_whole_events.into();
    let options =
        events::options(args.source.as_deref(), args.time_field.as_deref(), events::FORCE, events::ZONE, BATCH_ROWS)?;
    let soak = Soak { inputs, plugins, settings, options, sandbox, received: crate::clock::now_micros() };
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    let files = soak.inputs.len();
    let first = soak.run(&Round::first(files)).context("the first round, with which the others are compared")?;
    let done = rounds(args, &soak, &first, seed)?;
    if format == Format::Json {
        let wrong: Vec<_> =
            done.wrong.iter().map(|(round, told)| json!({ "round": round, "differences": told })).collect();
        let (events, findings) = (first.events(), first.len());
        super::print_json(&json!({
            "seed": seed, "rounds": done.rounds, "lost": done.lost, "events": events, "findings": findings, "wrong": wrong,
        }))?;
    } else {
        say(&done, &first, seed)?;
    }
    Ok(match (done.wrong.is_empty(), done.rounds, done.lost) {
        (false, ..) => Exit::No,
        (true, 0, _) => bail!("no round could be run to its end on this machine: give fewer events or more seconds"),
        (true, _, 0) => Exit::Done,
        (true, ..) => Exit::Part,
    })
}

fn rounds(args: &Args, soak: &Soak, first: &Findings, seed: u64) -> Result<Done> {
    let until = Instant::now() + Duration::from_secs(args.seconds);
    let numbers = args.round.map_or(1..=u64::MAX, |one| one..=one);
    let bar = super::progress::clock(Duration::from_secs(args.seconds));
    let mut done = Done::default();
    for number in numbers {
        // One round in any case: a soak that ran nothing has shown nothing.
        if number > 1 && args.round.is_none() && Instant::now() >= until {
            break;
        }
        let round = Round::of(seed, number, soak.inputs.len());
        bar.set_message(round.to_string());
        match soak.compare(first, &round) {
            Ok(told) if told.is_empty() => done.rounds += 1,
            Ok(told) => {
                done.rounds += 1;
                done.wrong.push((round, told));
                // The next rounds would say the same: one is enough to look into.
                break;
            }
            Err(error) if error.is_of_the_moment() => done.lost += 1,
            Err(error) => return Err(anyhow::Error::new(error).context(round.to_string())),
        }
    }
    bar.finish_and_clear();
    Ok(done)
}

fn say(done: &Done, first: &Findings, seed: u64) -> Result<()> {
    let mut out = super::out();
    let (events, findings) = (text::plural(first.events(), "event"), text::plural(first.len() as u64, "finding"));
    writeln!(out, "{} over {events}, seed {seed}: {findings} each time", text::plural(done.rounds, "round"))?;
    if done.lost > 0 {
        let lost = text::plural(done.lost, "round");
        writeln!(out, "{}{lost} lost: the machine was too busy{}", style::WARN, style::OFF)?;
    }
    for (round, told) in &done.wrong {
        writeln!(out, "{}differs{}  {round}", style::BAD, style::OFF)?;
        for line in told {
            writeln!(out, "  {}", safe(line))?;
        }
        writeln!(out, "  to see it again: the same command with --seed {seed} --round {}", round.number)?;
    }
    Ok(())
}
