//! `cordon run`

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use cordon_contract::limits::BATCH_ROWS;

use super::exit::{self, Exit};
use super::keeper::Keeper;
use super::{events, plugins, replay, report};
use crate::findings::{Finding, to_block, to_ocsf};
use crate::intake::WindowLimits;
use crate::telemetry::Metrics;
use crate::wiring::{Happening, Only, Pipeline, Progress, Summary};

/// Run plugins over events and show what they find
///
/// Reads NDJSON, JSON arrays and wrapped records, Purview CSV; plain, gzip or zstd. Findings go to standard output,
/// everything else to standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon run -p plugins/mail-forwarding audit.jsonl
  cordon run -p target/cordon/plugins -p mine.wasm 'logs/*.json.gz' --format ndjson > findings.jsonl
  zstdcat audit.jsonl.zst | cordon run -p plugins - --settings force.toml
  cordon run -p mine.wasm payroll.jsonl --source custom.payroll --time-field booked.at
  cordon run -p plugins audit.jsonl --explain 17          what each plugin looked at in line 17
  cordon run -p plugins audit.jsonl --evidence kept       then, at any time: cordon reproduce kept
  cordon run --replay fault.json -p plugins/mail-forwarding     a fault of a live host: exit 4 where it is repeated
  cordon run -p plugins audit.jsonl --metrics /var/lib/node_exporter/cordon.prom

Settings file (TOML or JSON), per plugin id:
  [mail-forwarding.run]
  trusted_domains = [\"example.org\"]

Exit codes: 0 done (with findings or without), 1 with --replay: it faults in another way than on the host, 2 nothing could be done, 3 the Rust toolchain is missing,
4 done in part: events were refused, an input broke off, a plugin faulted, one of several was not loaded, or
evidence could not be kept")]
pub(super) struct Args {
    /// A .wasm file, a folder of them, or a folder of plugin sources (built first); repeat for more
    #[arg(short, long = "plugin", value_name = "PLUGIN", required = true)]
    plugins: Vec<PathBuf>,
    #[command(flatten)]
    events: events::Args,
    #[command(flatten)]
    load: plugins::Args,
    /// How findings are written
    #[arg(long, value_enum, default_value_t)]
    format: FindingFormat,
    /// Write findings to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Events of a batch at most (findings are the same for any)
    #[arg(long, value_name = "N", default_value_t = BATCH_ROWS, value_parser = events::batch_rows)]
    batch: usize,
    /// Run one event alone, by its line (or FILE:LINE), and show what each plugin looked at
    #[arg(long, value_name = "ROW")]
    explain: Option<String>,
    /// Keep evidence of each finding in this folder, and the plugins that made them: `cordon reproduce` makes the findings
    /// again from it. It holds whole events, beyond what plugins declare: only you can read what is written, nothing is
    /// ever overwritten
    #[arg(long, value_name = "DIR", conflicts_with = "explain")]
    evidence: Option<PathBuf>,
    /// Repeat a fault of a live host: the events of a file that an operator released (`cordon plugin release`)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "explain", "evidence", "out"])]
    replay: Option<PathBuf>,
    /// Show what plugins log
    #[arg(long)]
    log: bool,
    /// Write counts of what plugins did and cost, for Prometheus (a file that node_exporter's textfile collector reads)
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum FindingFormat {
    /// A block of lines for each, for people.
    #[default]
    Table,
    /// One JSON object a line.
    Ndjson,
    /// One JSON array.
    Json,
    /// OCSF 1.8.0 Detection Finding (class 2004), one a line.
    Ocsf,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    if let Some(file) = &args.replay {
        return replay::run(file, &args.plugins);
    }
    let metrics = Metrics::new();
    let ended = run_counted(args, &metrics);
    if let Some(path) = &args.metrics {
        metrics.write(path).with_context(|| format!("{}: the metrics cannot be written", path.display()))?;
    }
    ended
}

fn run_counted(args: &Args, metrics: &Metrics) -> Result<Exit> {
    let inputs = args.events.inputs()?;
    let options = args.events.options(args.batch)?;
    let only = args.explain.as_deref().map(only).transpose()?;
    let (sandbox, loads) = args.load.load_fit(&args.plugins, metrics)?;
    report::not_loaded(&loads.refused)?;
    let progress = Arc::new(Progress::default());
    let pipeline = Pipeline {
        sandbox: &sandbox,
        plugins: &loads.plugins,
        options,
        workers: args.load.workers(),
        received: crate::clock::now_micros(),
        only,
        evidence: args.evidence.is_some(),
        cuts: None,
        progress: Arc::clone(&progress),
        metrics,
        // One event that is asked for is looked at, however often it was delivered.
        duplicates: args.explain.is_none().then(WindowLimits::default),
    };
    let mut keeper = args.evidence.as_ref().map(|folder| Keeper::open(folder, &sandbox, &loads.plugins)).transpose()?;
    let mut out = Out::open(args)?;
    let mut looked = false;
    let bar = super::progress::bar(&inputs, progress);
    let result = pipeline.run(&inputs, |happening| {
        bar.update();
        match happening {
            Happening::Finding(found) => bar.aside(|| {
                if let Some(keeper) = &mut keeper {
                    keeper.keep(&found)?;
                }
                out.finding(&found.finding)
            }),
            Happening::Explained(explained) => {
                looked = true;
                bar.aside(|| write!(out.to, "{}", report::explained(&explained)))
            }
            other => bar.aside(|| report::happened(&other, args.log)),
        }
    });
    bar.finish();
    let summary = result?;
    out.end()?;
    report::summary(&summary)?;
    let all_kept = keeper.map_or(Ok(true), Keeper::finish)?;
    if let Some(row) = &args.explain
        && !looked
    {
        bail!("--explain {row}: no accepted event stands there; lines count from 1, as findings show them");
    }
    Ok(exit_code(&summary, loads.refused.is_empty())?.max(if all_kept { Exit::Done } else { Exit::Part }))
}

fn exit_code(summary: &Summary, all_loaded: bool) -> Result<Exit> {
    if summary.events == 0 && (summary.refused_events() > 0 || !summary.unreadable.is_empty()) {
        bail!("no event could be read: nothing was run");
    }
    let whole = all_loaded && summary.refused_events() == 0 && summary.unreadable.is_empty() && summary.faults() == 0;
    Ok(if whole { Exit::Done } else { Exit::Part })
}

/// `17`, or `FILE:17`.
fn only(text: &str) -> Result<Only> {
    let (file, line) = match text.rsplit_once(':') {
        Some((file, line)) => (Some(file.to_owned()), line),
        None => (None, text),
    };
    let line = line.parse().ok().filter(|line| *line > 0);
    let line = line.with_context(|| format!("--explain `{text}`: give a line of the input, from 1, or FILE:LINE"))?;
    Ok(Only { file, line })
}

/// Where findings go, and how.
struct Out {
    to: Box<dyn Write>,
    format: FindingFormat,
    any: bool,
}

impl Out {
    fn open(args: &Args) -> Result<Self> {
        // Findings that are not for people have no colours to take out, which costs more than to write them.
        let plain = args.format != FindingFormat::Table && args.explain.is_none();
        let to: Box<dyn Write> = match &args.out {
            Some(path) => {
                let file = File::create(path).with_context(|| format!("{}: cannot be written", path.display()))?;
                if plain {
                    Box::new(BufWriter::new(file))
                } else {
                    Box::new(BufWriter::new(anstream::StripStream::new(file)))
                }
            }
            // Line by line on a terminal or into a pipe: findings are few, and each should be seen when it is found.
            None if plain => Box::new(std::io::stdout()),
            None => Box::new(anstream::stdout()),
        };
        Ok(Self { to, format: args.format, any: false })
    }

    fn finding(&mut self, finding: &Finding) -> std::io::Result<()> {
        let first = !std::mem::replace(&mut self.any, true);
        match self.format {
            FindingFormat::Table => write!(self.to, "{}", to_block(finding)),
            FindingFormat::Ndjson => writeln!(self.to, "{}", serde_json::to_string(finding)?),
            FindingFormat::Ocsf => writeln!(self.to, "{}", to_ocsf(finding)),
            FindingFormat::Json => {
                write!(self.to, "{}{}", if first { "[\n" } else { ",\n" }, serde_json::to_string(finding)?)
            }
        }
    }

    fn end(&mut self) -> std::io::Result<()> {
        if self.format == FindingFormat::Json {
            write!(self.to, "{}", if self.any { "\n]\n" } else { "[]\n" })?;
        }
        self.to.flush()
    }
}
