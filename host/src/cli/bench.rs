//! `cordon bench`

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};

use super::exit::{self, Exit};
use super::{Format, events, plugins, style, text};
use crate::author::bench::{Cost, measure};
use crate::events::{EventReader, RawEvent};

/// Measure what plugins cost on your events
///
/// One thread, the production sandbox, a fresh instance for every batch. Take ratios, not absolutes, from a busy machine.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon bench -p plugins/mail-forwarding audit.jsonl
  cordon bench -p target/cordon/plugins audit.jsonl --batch 64,1024,4096 --format json
  cordon bench -p plugins audit.jsonl --batch 4096   one size, several plugins: one table

Exit codes: 0 done, 2 nothing could be measured, 3 the Rust toolchain is missing")]
pub(super) struct Args {
    /// A .wasm file, a folder of them, or a folder of plugin sources (built first); repeat for more
    #[arg(short, long = "plugin", value_name = "PLUGIN", required = true)]
    plugins: Vec<PathBuf>,
    #[command(flatten)]
    events: events::Args,
    #[command(flatten)]
    load: plugins::Args,
    /// Sizes of batches to measure
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "1,16,64,256,1024,4096", value_parser = events::batch_rows)]
    batch: Vec<usize>,
    /// Events to take from the start of the input, at most
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    events_at_most: usize,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let events = read(args)?;
    let (sandbox, loaded) = args.load.load(&args.plugins)?;
    let mut costs = Vec::new();
    for plugin in &loaded {
        for rows in &args.batch {
            let options = args.events.options(*rows)?;
            match measure(&sandbox, plugin, &events, &options, crate::clock::now_micros()) {
                Ok(cost) => costs.push(cost),
                Err(reason) if loaded.len() > 1 => {
                    super::warn(&reason)?;
                    break;
                }
                Err(reason) => return Err(anyhow!(reason)),
            }
        }
    }
    if costs.is_empty() {
        bail!("no plugin could be measured on these events");
    }
    match args.format {
        Format::Json => super::print_json(&costs)?,
        Format::Text if loaded.len() > 1 && args.batch.len() == 1 => table(&costs)?,
        Format::Text => print(&costs)?,
    }
    Ok(Exit::Done)
}

fn read(args: &Args) -> Result<Vec<RawEvent>> {
    let mut events = Vec::new();
    for input in args.events.inputs()? {
        let mut reader = EventReader::open(&input)?;
        while let Some(event) = reader.next()? {
            events.extend(event.ok());
            if events.len() >= args.events_at_most {
                super::warn(&format!(
                    "took the first {} (--events-at-most)",
                    text::plural(events.len() as u64, "event")
                ))?;
                return Ok(events);
            }
        }
    }
    Ok(events)
}

/// One line for each plugin, the dearest first.
fn table(costs: &[Cost]) -> Result<()> {
    let mut costs: Vec<&Cost> = costs.iter().collect();
    costs.sort_by(|a, b| b.ns_per_event.total_cmp(&a.ns_per_event).then_with(|| a.plugin.cmp(&b.plugin)));
    let mut out = super::out();
    let head = ["plugin", "events", "ns/event, CPU", "its columns", "p99 us/batch", "memory", "columns", "bytes/event"];
    let [plugin, events, cpu, own, p99, memory, columns, bytes] = head;
    writeln!(
        out,
        "{}{plugin:<26} {events:>8} {cpu:>13} {own:>11} {p99:>12} {memory:>9} {columns:>7} {bytes:>11}{}",
        style::DIM,
        style::OFF
    )?;
    for cost in costs {
        writeln!(
            out,
            "{:<26} {:>8} {:>13.0} {:>11.0} {:>12.0} {:>9} {:>7.1} {:>11.0}",
            cost.plugin,
            cost.events,
            cost.ns_per_event,
            cost.columns_ns_per_event,
            cost.p99_us,
            text::bytes(cost.memory as u64),
            cost.columns,
            cost.bytes_per_event
        )?;
    }
    Ok(())
}

fn print(costs: &[Cost]) -> Result<()> {
    let mut out = super::out();
    for group in costs.chunk_by(|a, b| a.plugin == b.plugin) {
        let Some(first) = group.first() else { continue };
        writeln!(
            out,
            "{}{}{} on {}",
            style::STRONG,
            first.plugin,
            style::OFF,
            text::plural(first.events as u64, "event")
        )?;
        writeln!(
            out,
            "{}{:>7} {:>10} {:>11} {:>10} {:>10} {:>9} {:>9} {:>8} {:>9} {:>7}{}",
            style::DIM,
            "batch",
            "ns/event",
            "columns",
            "p50",
            "p99",
            "start",
            "memory",
            "columns",
            "bytes",
            "runs",
            style::OFF
        )?;
        writeln!(
            out,
            "{}{:>7} {:>10} {:>11} {:>10} {:>10} {:>9} {:>9} {:>8} {:>9} {:>7}{}",
            style::DIM,
            "",
            "CPU",
            "ns/event",
            "us/batch",
            "us/batch",
            "us",
            "",
            "/batch",
            "/event",
            "",
            style::OFF
        )?;
        for cost in group {
            writeln!(
                out,
                "{:>7} {:>10.0} {:>11.0} {:>10.1} {:>10.1} {:>9.1} {:>9} {:>8.1} {:>9.0} {:>7}",
                cost.batch,
                cost.ns_per_event,
                cost.columns_ns_per_event,
                cost.p50_us,
                cost.p99_us,
                cost.start_us,
                text::bytes(cost.memory as u64),
                cost.columns,
                cost.bytes_per_event,
                cost.runs
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}
