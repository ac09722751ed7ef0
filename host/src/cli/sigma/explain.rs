//! `cordon sigma explain`

use std::io::Write as _;

use anyhow::{Result, bail};
use cordon_sigma::build::Built;
use cordon_sigma::engine::Engine;
use cordon_sigma::explain::{Look, explain};
use cordon_sigma::rule::Rule;

use super::Read;
use super::check::each_batch;
use crate::author::sigma::{self, OfBatch};
use crate::cli::exit::{self, Exit};
use crate::cli::{out, style, text};
use crate::findings::text::{safe, short};

/// Say what each part of a rule finds in events, value by value
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon sigma explain rule.yml --events events.jsonl            the first event of the rule's log source
  cordon sigma explain rule.yml --events events.jsonl --row 17   the event of line 17
  cordon sigma explain rule.yml --events events.jsonl --matches  the first event that it finds
  cordon sigma explain rules/ filters/ --rule 'Encoded PowerShell' --events events.jsonl
  cordon sigma explain rule.yml --placeholder admins=root,ada --events events.jsonl

Exit codes: 0 the rule finds the event, 1 it does not, 2 bad usage or input")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    read: Read,
    /// Which of several rules: its id or its title
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Events: files or globs
    #[arg(long, value_name = "EVENTS", required = true)]
    events: Vec<String>,
    /// Look at this event, counted from 1 over all that are read
    #[arg(long, value_name = "NUMBER")]
    row: Option<usize>,
    /// Look at the first event that the rule finds
    #[arg(long, conflicts_with = "row")]
    matches: bool,
}

pub(in crate::cli) fn run(args: &Args) -> Result<Exit> {
    let (built, tables) = (sigma::read(&args.read.input()?)?, sigma::tables(&args.read.table)?);
    let (id, rule) = chosen(&built, args.rule.as_deref())?;
    let engine = Engine::new(built.pack.clone()).map_err(anyhow::Error::msg)?;
    let mut seen = 0;
    let mut verdict = None;
    each_batch(&args.events, |batch| {
        let first = seen;
        seen += batch.len();
        let source = batch.source().as_str();
        if verdict.is_some() {
            return Ok(());
        }
        let of_source =
            built.pack.rules.iter().find(|of| of.id == *id && of.sources.iter().any(|(name, _)| name == source));
        let row = match (args.row, of_source) {
            (Some(row), _) => row.checked_sub(first + 1).filter(|row| *row < batch.len()),
            (None, None) => None,
            (None, Some(_)) if args.matches => {
                let found = engine.run(source, &OfBatch(batch)).map_err(anyhow::Error::msg)?;
                found
                    .iter()
                    .find(|found| engine.rules().get(found.rule as usize).is_some_and(|of| of.id == *id))
                    .map(|found| found.row as usize)
            }
            (None, Some(_)) => Some(0),
        };
        let Some(row) = row else { return Ok(()) };
        let (Some(of), Some(fields)) = (of_source, built.pack.sources.get(source)) else {
            bail!("event {} is of source {source}, and the rule looks into {}", first + row + 1, rule.logsource);
        };
        let number = u32::try_from(row)?;
        let mut out = out();
        writeln!(out, "{}{}{}  event {}, {source}", style::STRONG, safe(&rule.title), style::OFF, first + row + 1)?;
        let mut parts = Vec::new();
        for (_, guard) in &of.sources {
            parts.push(("log source".to_owned(), guard.clone()));
        }
        parts.extend(
            rule.searches
                .iter()
                .map(|(name, expr)| (name.clone(), tables.translated(source, &rule.logsource, expr.clone()))),
        );
        let mut held = true;
        for (name, expr) in &parts {
            let mut looks = Vec::new();
            let holds = explain(expr, fields, &OfBatch(batch), number, 1, &mut looks).map_err(anyhow::Error::msg)?;
            held &= name != "log source" || holds;
            writeln!(out, "\n{} {name}", mark(holds))?;
            for Look { depth, asked, values, held } in looks {
                let values: Vec<String> = values.iter().map(|value| safe(&short(value, 120))).collect();
                let shown = if values.is_empty() { String::new() } else { format!("   {}", values.join(" · ")) };
                writeln!(
                    out,
                    "{}{} {}{}{shown}{}",
                    "  ".repeat(depth),
                    mark(held),
                    safe(&asked),
                    style::DIM,
                    style::OFF
                )?;
            }
        }
        held &= explain(&of.when, fields, &OfBatch(batch), number, 1, &mut Vec::new()).map_err(anyhow::Error::msg)?;
        writeln!(out, "\nThe rule {} this event.", if held { "finds" } else { "does not find" })?;
        let rules = &built.pack.rules;
        let counts = |step: &cordon_sigma::pack::Step| rules.get(step.rule as usize).is_some_and(|of| of.id == *id);
        for counting in built.pack.correlations.iter().filter(|of| of.steps.iter().any(counts)) {
            let least = counting.at_least;
            if counting.within > 0 {
                let title = safe(&counting.title);
                writeln!(
                    out,
                    "The correlation \"{title}\" finds where events of its {least} rules come in their order."
                )?;
                continue;
            }
            writeln!(
                out,
                "The correlation \"{}\" counts its events, and finds from {least} on.",
                safe(&counting.title)
            )?;
        }
        verdict = Some(held);
        Ok(())
    })?;
    match verdict {
        Some(true) => Ok(Exit::Done),
        Some(false) => Ok(Exit::No),
        None if args.matches => {
            writeln!(out(), "The rule finds none of the {} events.", text::count(seen as u64))?;
            Ok(Exit::No)
        }
        None => bail!(
            "none of the {seen} events is the one that was asked for, or of the rule's log source ({})",
            rule.logsource
        ),
    }
}

/// The rule that is meant, with its id in the manifest.
fn chosen<'b>(built: &'b Built, wanted: Option<&str>) -> Result<(&'b String, &'b Rule)> {
    let of_events: Vec<_> = built.rules.iter().filter(|(_, rule)| rule.correlation.is_none()).collect();
    let named = |id: &str, rule: &Rule, wanted: &str| {
        let ids = [id, id.strip_prefix("sigma-").unwrap_or(id), &rule.title];
        ids.iter().any(|known| known.eq_ignore_ascii_case(wanted))
    };
    let meant = of_events.iter().filter(|(id, rule)| wanted.is_none_or(|wanted| named(id, rule, wanted)));
    let meant: Vec<_> = meant.copied().collect();
    let listed = |rules: &[(&String, &Rule)]| {
        let some = rules.iter().take(10).map(|(id, rule)| format!("\n  {} ({})", safe(&rule.title), safe(id)));
        let more = rules.len().saturating_sub(10);
        some.collect::<String>() + &if more > 0 { format!("\n  and {more} more") } else { String::new() }
    };
    match (meant.as_slice(), wanted) {
        ([one], _) => Ok(*one),
        ([], Some(wanted)) if !of_events.is_empty() => {
            bail!("no rule has the id or the title `{}`; there are:{}", safe(wanted), listed(&of_events))
        }
        ([], _) => {
            bail!("{}", built.refused.first().map_or_else(|| "no file holds a rule".to_owned(), ToString::to_string))
        }
        (several, _) => bail!(
            "{} rules: say which by --rule with its id or its title:{}",
            text::count(several.len() as u64),
            listed(several)
        ),
    }
}

fn mark(held: bool) -> &'static str {
    if held { "yes" } else { "no " }
}
