//! `cordon reproduce`

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;

use super::exit::{self, Exit};
use super::{Format, plugins, soak, style, text};
use crate::evidence::{self, Difference, EvidenceError, Instead, Report, Reproducer};
use crate::findings::text::{safe, short};
use crate::registry::SettingsFile;
use crate::sandbox::SandboxOptions;

/// Characters of a value that are shown.
const SHOWN: usize = 200;

/// Make findings again from their evidence, alone, and say whether they are identical
///
/// Takes what `cordon run --evidence DIR` kept: files, or folders of them. Each plugin runs on a batch of the one event
/// that triggered its finding, in the production sandbox, with the settings and limits of that time. Whatever is not as it
/// was is named: plugin, settings, event bytes, and the finding field by field. Another engine (another wasmtime or CPU)
/// is named too, and is no failure where the finding is identical.
///
/// With --soak it takes files of events instead, and runs plugins over them again and again with one and two workers,
/// batches of several sizes, random cuts, files in random order, and artefacts prepared anew.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon run -p plugins audit.jsonl --evidence kept
  cordon reproduce kept                                   every finding of that run
  cordon reproduce kept/0a1b*.json --format json
  cordon reproduce kept -p plugins/mail-forwarding        would today's plugin find the same?
  cordon reproduce --soak -p plugins audit.jsonl --seconds 600
  cordon reproduce --soak -p plugins audit.jsonl --seed 17 --round 5      that round again

Evidence is sealed by a SHA-256 over every byte: that shows damage and careless hands. Whoever may write the file can make
a new seal.

Exit codes: 0 all identical, 1 something differs, or a file or a kept plugin was altered, 2 nothing could be re-run (no
evidence, an unknown version, the plugin is not there), 3 the Rust toolchain is missing, 4 some could not be re-run, the
others are identical")]
pub(super) struct Args {
    /// Evidence files, or folders of them; with --soak files of events, or globs
    #[arg(required = true, value_name = "EVIDENCE")]
    paths: Vec<String>,
    /// Use this plugin instead of the one kept beside the evidence: a .wasm file, a folder of them, or of sources;
    /// with --soak the plugins to run
    #[arg(short, long = "plugin", value_name = "PLUGIN", required_if_eq("soak", "true"))]
    plugins: Vec<PathBuf>,
    /// Use the settings of this file (TOML or JSON) instead of those of the evidence; with --soak the plugins' settings
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// For people, or one JSON document
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    soak: soak::Args,
}

/// What came of one file.
#[derive(Serialize)]
struct OfFile {
    file: String,
    /// `identical`, `differs`, `altered` or `unusable`.
    verdict: &'static str,
    /// Why it is altered or unusable.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(flatten)]
    report: Option<Report>,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let settings = args.settings.as_deref().map(SettingsFile::read).transpose()?;
    let components = plugins::components(&args.plugins)?;
    if args.soak.soak {
        return soak::run(&args.soak, &args.paths, components, settings.unwrap_or_default(), args.format);
    }
    let mut files = Vec::new();
    for path in &args.paths {
        files.extend(evidence::files(Path::new(path))?);
    }
    let instead = Instead { components: evidence::components_of(&components)?, settings };
    let mut reproducer = Reproducer::new(SandboxOptions::default(), instead);
    let bar = super::progress::count(files.len() as u64, "finding");
    let mut all = Vec::new();
    for file in &files {
        let one = of_file(file, reproducer.reproduce(file));
        if args.format == Format::Text {
            bar.suspend(|| show(&one))?;
        }
        all.push(one);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let count = |verdict: &str| all.iter().filter(|one| one.verdict == verdict).count();
    let (identical, unusable) = (count("identical"), count("unusable"));
    if args.format == Format::Json {
        super::print_json(&all)?;
    } else {
        let findings = text::plural(all.len() as u64, "finding");
        writeln!(super::out(), "{} of {findings} identical", text::count(identical as u64))?;
    }
    Ok(match (all.len() - identical - unusable, unusable) {
        (1.., _) => Exit::No,
        (0, 0) => Exit::Done,
        (0, _) if identical == 0 => Exit::Bad,
        (0, _) => Exit::Part,
    })
}

fn of_file(file: &Path, result: Result<Report, EvidenceError>) -> OfFile {
    let (verdict, reason, report) = match result {
        Ok(report) => (if report.is_identical() { "identical" } else { "differs" }, None, Some(report)),
        Err(error) if error.is_alteration() => ("altered", Some(error.to_string()), None),
        Err(error) => ("unusable", Some(error.to_string()), None),
    };
    OfFile { file: text::near(file), verdict, reason, report }
}

fn show(one: &OfFile) -> Result<()> {
    let mut out = super::out();
    let colour = if one.verdict == "identical" { style::GOOD } else { style::BAD };
    write!(out, "{colour}{}{}  {}", one.verdict, style::OFF, safe(&one.file))?;
    let Some(report) = &one.report else {
        return Ok(writeln!(out, ": {}", safe(one.reason.as_deref().unwrap_or_default()))?);
    };
    writeln!(out, "  {}", safe(&report.rule))?;
    for difference in &report.differences {
        write_difference(&mut out, style::BAD, difference)?;
    }
    for remark in &report.remarks {
        write_difference(&mut out, style::DIM, remark)?;
    }
    if report.breaks_row_rule {
        writeln!(
            out,
            "  nothing that the finding is made from differs: it depended on other events of its batch, which the row rule forbids"
        )?;
    }
    Ok(())
}

fn write_difference(out: &mut impl std::io::Write, colour: anstyle::Style, difference: &Difference) -> Result<()> {
    let value = |value: &Option<String>| value.as_ref().map_or("absent".into(), |text| safe(&short(text, SHOWN)));
    let (was, now) = (value(&difference.was), value(&difference.now));
    writeln!(out, "  {colour}{}{}: was {was}\n    now {now}", safe(&difference.what), style::OFF)?;
    Ok(())
}
