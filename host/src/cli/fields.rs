//! `cordon fields`

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Result, bail};
use cordon_contract::limits::BATCH_ROWS;
use serde_json::Value;

use super::exit::{self, Exit};
use super::{Format, events, style, text};
use crate::author::fields::{DISTINCT, FieldSurvey, Survey};
use crate::author::mask::shape;
use crate::events::{Batch, Batcher, EventReader};
use crate::findings::text::safe;

/// List the fields of events, as paths that a plugin's manifest takes
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon fields audit.jsonl
  cordon fields 'logs/*.json.gz' --mask         samples keep their shape, not their content
  cordon fields audit.jsonl --format json | jq '.\"m365.audit\".fields | keys'

Exit codes: 0 done, 2 no event could be read, 4 done in part: events were refused")]
pub(super) struct Args {
    #[command(flatten)]
    events: events::Args,
    /// Hide the content of samples, keep their shape
    #[arg(long)]
    mask: bool,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let inputs = args.events.inputs()?;
    let mut batcher = Batcher::new(args.events.options(BATCH_ROWS)?);
    let mut survey = Survey::default();
    let mut refused = 0_u64;
    for input in &inputs {
        let mut reader = EventReader::open(input)?;
        while let Some(event) = reader.next()? {
            match event.and_then(|event| batcher.push(event, 0)) {
                Ok(full) => full.iter().for_each(|batch| look(&mut survey, batch)),
                Err(refusal) => {
                    if refused < 3 {
                        super::warn(&safe(&refusal.to_string()))?;
                    }
                    refused += 1;
                }
            }
        }
    }
    batcher.finish().iter().for_each(|batch| look(&mut survey, batch));
    if survey.sources.is_empty() {
        bail!("no event could be read");
    }
    if args.mask {
        let fields = survey.sources.values_mut().flat_map(|source| source.fields.values_mut());
        fields.flat_map(|field| field.samples.iter_mut()).for_each(|sample| *sample = shape(sample));
    }
    match args.format {
        Format::Json => super::print_json(&survey)?,
        Format::Text => write!(super::out(), "{}", to_text(&survey))?,
    }
    if refused > 0 {
        super::warn(&format!("{} refused", text::plural(refused, "event")))?;
        return Ok(Exit::Part);
    }
    Ok(Exit::Done)
}

fn look(survey: &mut Survey, batch: &Batch) {
    for row in 0..batch.len() {
        if let Some(Ok(event)) = batch.event(row).map(serde_json::from_str::<Value>) {
            survey.look(batch.source().as_str(), &event);
        }
    }
}

fn to_text(survey: &Survey) -> String {
    let mut out = String::new();
    for (name, source) in &survey.sources {
        let _ = writeln!(out, "{}{name}{}  {}", style::STRONG, style::OFF, text::plural(source.events, "event"));
        let width = source.fields.keys().map(|path| path.chars().count()).max().unwrap_or(0).min(60);
        for (path, field) in &source.fields {
            let _ = writeln!(out, "  {:<width$}  {}", safe(path), line(field, source.events));
        }
        if source.beyond_limit > 0 {
            let _ = writeln!(out, "  and {} values in fields beyond the limit", text::count(source.beyond_limit));
        }
        out.push('\n');
    }
    out
}

/// `100%  17 distinct  string  "a", "b"`
fn line(field: &FieldSurvey, events: u64) -> String {
    let share = field.events * 100 / events.max(1);
    let share = if share == 0 { "<1%".to_owned() } else { format!("{share}%") };
    let distinct = if field.distinct_is_at_least {
        format!("over {}", text::count(DISTINCT as u64))
    } else {
        text::count(field.distinct as u64)
    };
    let kinds: Vec<&str> = field.kinds.iter().copied().collect();
    let samples: Vec<String> = field.samples.iter().map(|sample| safe(sample)).collect();
    format!(
        "{share:>4}  {distinct:>6} distinct  {:<8}  {}{}{}",
        kinds.join("|"),
        style::DIM,
        samples.join(" · "),
        style::OFF
    )
}
