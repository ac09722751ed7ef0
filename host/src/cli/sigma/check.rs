//! `cordon sigma check`

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use anyhow::Result;
use cordon_contract::limits::BATCH_ROWS;
use cordon_sigma::build::Built;
use cordon_sigma::engine::{Events as _, Kind};
use serde_json::json;

use super::Read;
use crate::author::sigma::{self, OfBatch};
use crate::cli::exit::{self, Exit};
use crate::cli::{Format, events, out, print_json, text};
use crate::events::{Batch, Batcher, EventReader, Input};
use crate::findings::text::safe;

/// Say which rules are taken, and of the others exactly why not
///
/// With sample events it also says which fields of the rules never occur in them: a rule on such a field finds nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon sigma check rules/
  cordon sigma check rules/ --events sample.jsonl      and which fields never occur there
  cordon sigma check rules/ --format json | jq .refused_by_kind

Exit codes: 0 every rule is taken, 1 rules are refused, 2 bad usage or input")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    read: Read,
    /// Sample events: files or globs
    #[arg(long, value_name = "EVENTS")]
    events: Vec<String>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(in crate::cli) fn run(args: &Args) -> Result<Exit> {
    let built = sigma::read(&args.read.input()?)?;
    let never = if args.events.is_empty() { BTreeMap::new() } else { never_there(&built, &args.events)? };
    let kinds = super::by_kind(&built.refused);
    if args.format == Format::Json {
        let rules = |(id, rule): (&String, &cordon_sigma::rule::Rule)| json!({ "rule": id, "title": rule.title, "file": rule.place.file, "line": rule.place.line });
        print_json(&json!({
            "taken": built.rules.iter().map(rules).collect::<Vec<_>>(),
            "refused": super::as_json(&built.refused),
            "refused_by_kind": kinds.iter().copied().collect::<BTreeMap<_, _>>(),
            "fields_never_there": never,
        }))?;
    } else {
        let mut out = out();
        writeln!(out, "{} taken, {} refused", text::plural(built.rules.len() as u64, "rule"), built.refused.len())?;
        for (kind, count) in &kinds {
            writeln!(out, "\n{kind}: {count}")?;
            for refusal in built.refused.iter().filter(|refusal| refusal.kind == *kind) {
                writeln!(out, "  {}", safe(&refusal.to_string()))?;
            }
        }
        for (source, fields) in &never {
            writeln!(out, "\n{source}: no sample event has {}", fields.iter().cloned().collect::<Vec<_>>().join(", "))?;
        }
    }
    Ok(if built.refused.is_empty() { Exit::Done } else { Exit::No })
}

/// Per source that occurs: fields of the rules that are on no event.
fn never_there(built: &Built, files: &[String]) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut never: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    each_batch(files, |batch| {
        let Some(source) = built.pack.sources.get(batch.source().as_str()) else { return Ok(()) };
        let missing =
            never.entry(batch.source().as_str().to_owned()).or_insert_with(|| source.fields.keys().cloned().collect());
        let mut there = Vec::new();
        for name in missing.iter() {
            for path in source.fields.get(name).into_iter().flat_map(|place| &place.paths) {
                let (_, column) = OfBatch(batch).values(path).map_err(anyhow::Error::msg)?;
                if (0..column.distinct()).any(|entry| column.entry(entry).0 != Kind::Null) {
                    there.push(name.clone());
                }
            }
        }
        there.iter().for_each(|name| _ = missing.remove(name));
        Ok(())
    })?;
    Ok(never)
}

/// Every batch of these files; refused events are no one's fault here.
pub(super) fn each_batch(files: &[String], mut take: impl FnMut(&Batch) -> Result<()>) -> Result<()> {
    let options = events::options(None, None, events::FORCE, events::ZONE, BATCH_ROWS)?;
    let mut batcher = Batcher::new(options);
    for input in &Input::expand(files)? {
        let mut reader = EventReader::open(input)?;
        while let Some(event) = reader.next()? {
            if let Ok(full) = event.and_then(|event| batcher.push(event, 0)) {
                full.iter().try_for_each(&mut take)?;
            }
        }
    }
    batcher.finish().iter().try_for_each(take)
}
