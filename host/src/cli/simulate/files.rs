//! Events into files: FORCE/SOURCE.jsonl, and truth.ndjson.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use jiff::tz::TimeZone;
use serde::Serialize;

use super::Args;
use crate::cli::exit::Exit;
use crate::cli::{Format, progress, text};
use crate::model::Force;
use crate::simulate::{Planted, SOURCES, Settings, Traffic};

/// Lines between two looks at the progress bar.
const LOOK: u64 = 4_096;

/// What was written.
#[derive(Debug, Default, Serialize)]
struct Written {
    forces: usize,
    /// Lines, repeats too.
    events: u64,
    bytes: u64,
    /// Lines that were there before.
    repeats: u64,
    /// Events that arrive more than an hour after they happened.
    late: u64,
    attacks: usize,
    errands: usize,
    seconds: f64,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let out = args.out.as_deref().context("where to? name a folder with --out")?;
    let forces = args.pick.forces(Vec::new())?;
    let settings = args.pick.settings(forces.len())?;
    let zone = args.pick.zone()?;
    make_folder(out)?;
    let begun = Instant::now();
    let mut written = Written { forces: forces.len(), ..Written::default() };
    let mut truth = create(&out.join("truth.ndjson"))?;
    let seconds = u64::try_from(settings.duration / 1_000_000).unwrap_or(0) * forces.len() as u64;
    let bar = progress::count(seconds, "second");
    for force in forces {
        let before = bar.position();
        let planted = write(out, &force, &settings, &zone, &mut written, |at| {
            bar.set_position(before + u64::try_from((at - settings.start) / 1_000_000).unwrap_or(0));
        })?;
        bar.set_position(before + seconds / written.forces.max(1) as u64);
        for planted in &planted {
            serde_json::to_writer(&mut truth, planted)?;
            truth.write_all(b"\n")?;
        }
        let errands = planted.iter().filter(|planted| planted.is_errand()).count();
        written.errands += errands;
        written.attacks += planted.len() - errands;
    }
    truth.flush()?;
    bar.finish_and_clear();
    written.seconds = begun.elapsed().as_secs_f64();
    say(args, out, &written)?;
    Ok(Exit::Done)
}

fn write(
    out: &Path,
    force: &Force,
    settings: &Settings,
    zone: &TimeZone,
    written: &mut Written,
    mut look: impl FnMut(i64),
) -> Result<Vec<Planted>> {
    let folder = out.join(force.as_str());
    fs::create_dir(&folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
    let files = SOURCES.iter().map(|source| create(&folder.join(format!("{source}.jsonl"))));
    let mut files = files.collect::<Result<Vec<_>>>()?;
    let mut traffic = Traffic::new(settings, force.clone(), zone.clone())?;
    let mut line = Vec::new();
    while let Some(sent) = traffic.next(&mut line) {
        line.push(b'\n');
        let file = files.get_mut(sent.source).context("a source without a file")?;
        file.write_all(&line).with_context(|| format!("{}: cannot be written", folder.display()))?;
        written.events += 1;
        written.bytes += line.len() as u64;
        written.repeats += u64::from(sent.repeat);
        written.late += u64::from(!sent.repeat && sent.at - sent.time > 3_600_000_000);
        if written.events.is_multiple_of(LOOK) {
            look(sent.at);
        }
        line.clear();
    }
    for file in &mut files {
        file.flush().with_context(|| format!("{}: cannot be written", folder.display()))?;
    }
    Ok(traffic.planted().to_vec())
}

/// Nothing of an earlier run may stand among the files.
fn make_folder(out: &Path) -> Result<()> {
    fs::create_dir_all(out).with_context(|| format!("{}: cannot be made", out.display()))?;
    let mut entries = fs::read_dir(out).with_context(|| format!("{}: cannot be read", out.display()))?;
    if entries.next().is_some() {
        bail!("{} is not empty: name a new folder, or empty it", out.display());
    }
    Ok(())
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("{}: cannot be written", path.display()))?;
    Ok(BufWriter::with_capacity(1 << 20, file))
}

fn say(args: &Args, out: &Path, written: &Written) -> Result<()> {
    if args.format == Format::Json {
        return crate::cli::print_json(written);
    }
    writeln!(
        crate::cli::out(),
        "{} of {}, {}: {} repeats, {} late; {} planted, {}; in {}",
        text::plural(written.events, "event"),
        text::plural(written.forces as u64, "force"),
        text::bytes(written.bytes),
        text::count(written.repeats),
        text::count(written.late),
        text::plural(written.attacks as u64, "attack"),
        text::plural(written.errands as u64, "errand"),
        text::near(out),
    )?;
    Ok(())
}
