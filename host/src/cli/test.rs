//! `cordon test`

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::exit::{self, Exit};
use super::{plugins, style, text};
use crate::author::cases::{self, Case, CaseReport, Splits, Verdict};
use crate::author::{self, PluginFolder};
use crate::findings::text::safe;
use crate::lists::Lists;
use crate::registry::{self, SettingsFile};
use crate::sandbox::{Sandbox, SandboxOptions};

/// Run the cases of plugins
///
/// A case is events in, findings expected: `cases/NAME/case.toml`. Each runs in the production sandbox, whole and cut into
/// batches in many ways: the findings must be the same. Plugins are built first.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon test                              the plugin of this folder, or every plugin of the checkout
  cordon test plugins/mail-forwarding --case inbox-rule-hiding
  cordon test --update                     show what differs, and write it into the cases
  cordon test --junit cases.junit.xml

Exit codes: 0 every case holds, 1 a case does not, 2 nothing could be run, 3 the Rust toolchain is missing")]
pub(super) struct Args {
    /// Plugin folders, or folders of them
    folders: Vec<PathBuf>,
    /// Only cases whose name contains this
    #[arg(long, value_name = "TEXT")]
    case: Option<String>,
    /// Write what was found into the cases that differ, after showing it
    #[arg(long)]
    update: bool,
    /// Write a report in JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Random cuts of each case, besides batches of one
    #[arg(long, value_name = "N", default_value_t = 32)]
    splits: u32,
    /// The same seed cuts the same
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// For cases that say nothing of such a list
    #[command(flatten)]
    lists: plugins::ListFiles,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let given = args.lists.read()?;
    let folders = author::find(&args.folders, &std::env::current_dir()?)?;
    plugins::build(&folders)?;
    let sandbox = Sandbox::new(SandboxOptions { workers: 1, ..SandboxOptions::default() })?;
    let mut reports = Vec::new();
    for folder in &folders {
        reports.extend(test_plugin(args, &sandbox, folder, &given)?);
    }
    if let Some(path) = &args.junit {
        std::fs::write(path, cases::to_junit(&reports))
            .with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    let failed = reports.iter().filter(|report| !matches!(report.verdict, Verdict::Holds)).count();
    let updated = args.update && reports.iter().all(|r| matches!(r.verdict, Verdict::Holds | Verdict::Differs(_)));
    let held = text::plural((reports.len() - failed) as u64, "case");
    writeln!(
        super::out(),
        "{held} of {} hold, each also in batches of one and cut {} times (seed {})",
        reports.len(),
        args.splits,
        args.seed
    )?;
    Ok(if failed == 0 || updated { Exit::Done } else { Exit::No })
}

fn test_plugin(args: &Args, sandbox: &Sandbox, folder: &PluginFolder, given: &Lists) -> Result<Vec<CaseReport>> {
    let wanted = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        args.case.as_ref().is_none_or(|part| name.contains(part.as_str()))
    };
    let case_folders: Vec<PathBuf> = Case::folders(&folder.path)?.into_iter().filter(wanted).collect();
    if case_folders.is_empty() && args.case.is_none() {
        super::warn(&format!(
            "plugin `{}` has no cases: nothing says that it works (`cordon case add` makes one)",
            folder.id()
        ))?;
    }
    let mut reports = Vec::new();
    for path in case_folders {
        let case = Case::read(&path)?;
        let settings = SettingsFile::of(folder.id(), case.run().clone(), case.load().clone());
        let mut loaded = registry::load(sandbox, &[folder.component()], &settings, 1)
            .with_context(|| format!("case {}", text::near(&path)))?;
        let Some(plugin) = loaded.first_mut() else { continue };
        plugin.lists = case.lists(plugin.plugin.manifest())?.or(given);
        let report = cases::run_case(sandbox, plugin, &case, Splits { count: args.splits, seed: args.seed });
        show(&report)?;
        if args.update && matches!(report.verdict, Verdict::Differs(_)) {
            cases::update(&report.folder, &report.found)?;
            writeln!(super::out(), "  written to {}", text::near(&report.folder.join("case.toml")))?;
        }
        reports.push(report);
    }
    Ok(reports)
}

fn show(report: &CaseReport) -> Result<()> {
    let mut out = super::out();
    let name = format!("{}/{}", report.plugin, report.name);
    let (why, detail) = match &report.verdict {
        Verdict::Holds => {
            writeln!(out, "{}holds{}  {name}", style::GOOD, style::OFF)?;
            return Ok(());
        }
        Verdict::Differs(diff) => ("other findings than expected (- expected, + found)", diff),
        Verdict::DependsOnBatches(text) => ("the findings depend on how events are cut into batches", text),
        Verdict::Broken(text) => ("cannot be run", text),
    };
    writeln!(out, "{}FAILS{}  {name}: {why}", style::BAD, style::OFF)?;
    for line in detail.lines() {
        let colour = match line.as_bytes().first() {
            Some(b'+') => style::GOOD,
            Some(b'-') => style::BAD,
            _ => style::PLAIN,
        };
        writeln!(out, "  {colour}{}{}", safe(line), style::OFF)?;
    }
    for line in &report.log {
        writeln!(out, "  {}log {:?}:{} {}", style::DIM, line.level, style::OFF, safe(&line.message))?;
    }
    Ok(())
}
