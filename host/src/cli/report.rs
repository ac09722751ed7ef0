//! What a run says on standard error: refusals and faults as they happen, then the summary; and explanations.

use std::fmt::Write as _;
use std::io::Write as _;

use super::{style, text};
use crate::events::EventOrigin;
use crate::findings::text::{safe, short};
use crate::registry::RegistryError;
use crate::sandbox::Outcome;
use crate::wiring::{Explained, Fault, Happening, REMEMBERED, Summary};

/// Characters of a value or reason that are shown.
const SHOWN: usize = 300;

/// Something that the reader should know at once. Refusals wait for the summary: there may be millions.
pub(super) fn happened(happening: &Happening, log: bool) -> std::io::Result<()> {
    match happening {
        Happening::Unreadable(error) => {
            writeln!(anstream::stderr(), "{}error:{} {}", style::BAD, style::OFF, safe(&error.to_string()))
        }
        Happening::Fault(fault) => {
            writeln!(anstream::stderr(), "{}fault:{} {}", style::BAD, style::OFF, of_fault(fault))
        }
        Happening::Log { plugin, line } if log => {
            let level = format!("{:?}", line.level).to_lowercase();
            writeln!(anstream::stderr(), "{}{plugin} {level}:{} {}", style::DIM, style::OFF, safe(&line.message))
        }
        _ => Ok(()),
    }
}

/// Plugins that are not run, while others are.
pub(super) fn not_loaded(refused: &[RegistryError]) -> std::io::Result<()> {
    for error in refused {
        let why = safe(&short(&error.to_string(), 2 * SHOWN));
        writeln!(anstream::stderr(), "{}not loaded:{} {why}", style::BAD, style::OFF)?;
    }
    Ok(())
}

fn of_fault(fault: &Fault) -> String {
    let mut text = format!("plugin `{}` {}", fault.plugin, fault.outcome.word());
    if let Some(limit) = fault.outcome.limit() {
        let _ = write!(text, " at its limit {limit}");
    }
    let _ = write!(text, " on {}", text::plural(fault.rows as u64, "event"));
    if let (Some(first), Some(last)) = (&fault.first, &fault.last) {
        let _ = write!(text, " ({} to {})", place(first), place(last));
    }
    let _ = write!(text, ", tried twice, no findings from them: {}", safe(&short(fault.outcome.reason(), SHOWN)));
    text
}

fn place(origin: &EventOrigin) -> String {
    format!("{} {} {}", safe(&origin.file), origin.unit, origin.line)
}

/// Absent fields of a plugin that are named.
const ABSENT: usize = 4;

/// The whole summary.
pub(super) fn summary(summary: &Summary) -> std::io::Result<()> {
    let mut out = String::new();
    let seconds = summary.elapsed.as_secs_f64().max(1e-6);
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let rate = (summary.events as f64 / seconds) as u64;
    let _ = writeln!(
        out,
        "{}{}{} in {} ({}/s), {}, {}",
        style::STRONG,
        text::plural(summary.events, "event"),
        style::OFF,
        text::time(summary.elapsed),
        text::count(rate),
        text::bytes(summary.bytes),
        summary.sources.iter().map(|(name, n)| format!("{} {name}", text::count(*n))).collect::<Vec<_>>().join(", "),
    );
    for (kind, refused) in &summary.refused {
        let _ = writeln!(out, "{}refused{} {} {kind}", style::BAD, style::OFF, text::count(refused.count));
        for example in &refused.examples {
            let _ = writeln!(out, "          {}", safe(&short(&example.to_string(), SHOWN)));
        }
    }
    if summary.duplicates > 0 {
        let events = text::plural(summary.duplicates, "event");
        let _ = writeln!(out, "{events} left out: the same, byte for byte, was delivered before");
    }
    if summary.changed > 0 {
        let events = text::plural(summary.changed, "event");
        let _ = writeln!(out, "{events} taken that were delivered before with other bytes");
    }
    if summary.duplicate_keys > 0 {
        let keys = text::plural(summary.duplicate_keys, "duplicate key");
        let _ = writeln!(out, "{keys} in the events: the last value of each counts");
    }
    let _ = writeln!(out, "{}{}{}", style::STRONG, text::plural(summary.found(), "finding"), style::OFF);
    for ((plugin, rule), count) in &summary.findings {
        let severities: Vec<String> =
            count.by_severity.iter().rev().map(|(s, n)| format!("{} {}", text::count(*n), s.word())).collect();
        let _ = writeln!(out, "  {plugin}/{rule}  {}", severities.join(", "));
    }
    if summary.repeats > 0 {
        let _ =
            writeln!(out, "  {} left out: their events were delivered more than once", text::count(summary.repeats));
    }
    if summary.forgotten > 0 {
        let _ = writeln!(
            out,
            "  an event that was delivered again after more than {} other findings is reported again",
            text::count(REMEMBERED as u64)
        );
    }
    for plugin in summary.plugins.iter().filter(|plugin| plugin.batches > 0) {
        let _ = write!(
            out,
            "{}plugin{} {}  {} CPU on {} of {}, columns {}, memory {}",
            style::DIM,
            style::OFF,
            plugin.id,
            text::time(plugin.cpu),
            text::plural(plugin.batches, "batch"),
            text::plural(plugin.events, "event"),
            text::time(plugin.columns_cpu),
            text::bytes(plugin.memory as u64),
        );
        let _ = match plugin.faults {
            0 => writeln!(out),
            n => writeln!(out, ", {}{}{}", style::BAD, text::plural(n, "fault"), style::OFF),
        };
    }
    for plugin in &summary.plugins {
        for (count, what) in [
            (
                plugin.forgot.late,
                "events came later than their window's lateness, and were not counted with all others",
            ),
            (plugin.forgot.evicted, "keys had to go for others: there is no more room for what it remembers"),
        ] {
            if count > 0 {
                let (bad, off, id) = (style::WARN, style::OFF, &plugin.id);
                let _ = writeln!(out, "{bad}warning:{off} plugin `{id}`: {} {what}", text::count(count));
            }
        }
    }
    for (plugin, sources) in &summary.unread {
        let _ = writeln!(
            out,
            "{}warning:{} plugin `{plugin}` reads {}, and there was no such event",
            style::WARN,
            style::OFF,
            sources.join(" and ")
        );
    }
    for absent in &summary.absent {
        // One field that no event has may be what keeps a rule silent; many are the shapes of other tenants.
        let named = absent.fields.iter().take(ABSENT).map(|(handle, path)| format!("{handle} ({path})"));
        let named: Vec<String> = named.collect();
        let more = absent.fields.len().saturating_sub(ABSENT);
        let _ = writeln!(
            out,
            "{}warning:{} plugin `{}`: {} of its {} fields of {} stood in no event: {}{}",
            style::WARN,
            style::OFF,
            absent.plugin,
            absent.fields.len(),
            absent.declared,
            absent.source,
            safe(&named.join(", ")),
            if more > 0 { format!(" and {more} more") } else { String::new() },
        );
    }
    write!(anstream::stderr(), "{out}")
}

/// What a plugin looked at in one event.
pub(super) fn explained(explained: &Explained) -> String {
    let mut out = String::new();
    let place = explained.origin.as_ref().map(place).unwrap_or_default();
    let _ = writeln!(out, "{}{}{} on {place}, {}", style::STRONG, explained.plugin, style::OFF, explained.source);
    if !explained.reads_source {
        let _ = writeln!(out, "  does not read {}\n", explained.source);
        return out;
    }
    for look in &explained.looks {
        let (held, colour) = if look.held { ("yes", style::GOOD) } else { ("no ", style::DIM) };
        let value = look.value.as_ref().map_or_else(|| "absent".into(), |value| safe(&short(value, SHOWN)));
        let _ = writeln!(
            out,
            "  {colour}{held}{}  {} {}  {}<- {value}{}",
            style::OFF,
            safe(&look.field),
            safe(&look.predicate),
            style::DIM,
            style::OFF
        );
    }
    if explained.looks.is_empty() {
        let _ = writeln!(out, "  looked at nothing through the SDK's predicates");
    }
    match &explained.outcome {
        Outcome::Completed => {
            let _ = writeln!(out, "  {}\n", text::plural(explained.findings as u64, "finding"));
        }
        outcome => {
            let _ = writeln!(out, "  {}{}{}: {}\n", style::BAD, outcome.word(), style::OFF, safe(outcome.reason()));
        }
    }
    out
}
