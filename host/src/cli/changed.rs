//! What a change of the deployments came to.

use std::io::Write as _;

use anyhow::Result;
use serde_json::Value;

use super::answer::{number, of, short};
use super::{Format, print_json, text};

/// Forces that are named one by one in a line.
const NAMED: usize = 12;

/// The answer to a change. `asked_only`: nothing was changed.
pub(super) fn print(answer: &Value, asked_only: bool, format: Format) -> Result<()> {
    if format == Format::Json {
        return print_json(answer);
    }
    let mut out = super::out();
    let changes = answer.get("changes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match answer.get("generation").and_then(Value::as_u64) {
        Some(number) => writeln!(out, "generation {number}")?,
        None if asked_only && !changes.is_empty() => writeln!(out, "this would change:")?,
        None => writeln!(out, "nothing differs: nothing was changed")?,
    }
    differences(&mut out, changes)?;
    for skipped in answer.get("skipped").and_then(Value::as_array).into_iter().flatten() {
        let (lane, events) = (of(skipped, "lane"), number(skipped, "events"));
        writeln!(out, "  {lane} passes {} that came meanwhile", text::plural(events, "event"))?;
    }
    if answer.get("settled").and_then(Value::as_bool) == Some(false) {
        writeln!(out, "  lanes that end are still in their last batch: see `cordon plugin list`")?;
    }
    Ok(())
}

/// What differs; forces for which it is the same stand together.
pub(super) fn differences(out: &mut impl std::io::Write, changes: &[Value]) -> std::io::Result<()> {
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for change in changes {
        let (before, after) = (runs(change, "before"), runs(change, "after"));
        let other = if before == after { ", other settings" } else { "" };
        let line = format!("{}: {before} -> {after}{other}", of(change, "plugin"));
        match lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, forces)) => forces.push(of(change, "for")),
            None => lines.push((line, vec![of(change, "for")])),
        }
    }
    for (line, mut forces) in lines {
        let all = forces.iter().any(|name| name == "all");
        forces.retain(|name| name != "all");
        let count = forces.len();
        forces.truncate(NAMED);
        let mut named = forces.join(", ");
        if count > NAMED {
            named = format!("{named} and {} more", count - NAMED);
        }
        let whom = match (all, named.is_empty()) {
            (true, true) => "all".to_owned(),
            (true, false) => format!("all ({named})"),
            (false, _) => named,
        };
        writeln!(out, "  {line}; for {whom}")?;
    }
    Ok(())
}

fn runs(change: &Value, name: &str) -> String {
    let one = |run: &Value| format!("{} {} ({})", of(run, "mode"), of(run, "version"), short(run));
    let all: Vec<String> = change.get(name).and_then(Value::as_array).into_iter().flatten().map(one).collect();
    if all.is_empty() { "off".to_owned() } else { all.join(" and ") }
}
