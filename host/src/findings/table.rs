//! A finding as a block of lines for people. Coloured; whoever prints it takes colours away where they are not wanted.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Reset, Style};
use cordon_contract::manifest::Severity;
use serde_json::Value;

use super::Finding;
use super::text::{safe, short};

/// Characters of one value that are shown.
const VALUE: usize = 160;

/// A few lines: what, when and where, who, context, evidence. Ends with an empty line.
#[must_use]
pub fn to_block(finding: &Finding) -> String {
    let (style, dim, off) = (style(finding.severity), Style::new().dimmed(), Reset);
    let mut out = String::new();
    let event = &finding.event;
    let _ = writeln!(
        out,
        "{style}{:<13}{off} {}{}{off}  {dim}{}/{}{off}",
        finding.severity.word().to_uppercase(),
        Style::new().bold(),
        safe(&finding.title),
        finding.plugin.id,
        finding.rule
    );
    let own = if event.has_own_time { "" } else { " (when received: the event has no time)" };
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "  {dim}{name:<11}{off} {value}");
    };
    line("when", &format!("{}{own}", event.time));
    line("what", &safe(&finding.summary));
    for entity in &finding.entities {
        line(&safe(&entity.kind), &safe(&short(&entity.value, VALUE)));
    }
    for (key, value) in &finding.context {
        line(&safe(key), &shown(value));
    }
    line("where", &format!("{} {} {}, {}", safe(&event.file), event.unit, event.line, event.source));
    let fields: Vec<String> = finding
        .evidence
        .iter()
        .map(|(handle, value)| (handle, shown(value)))
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(handle, value)| format!("{handle} = {value}"))
        .collect();
    if !fields.is_empty() {
        line("evidence", &fields.join("\n              "));
    }
    line("id", &finding.id.short());
    out.push('\n');
    out
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => safe(&short(text, VALUE)),
        other => safe(&short(&other.to_string(), VALUE)),
    }
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Informational => AnsiColor::Blue.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::High => AnsiColor::Red.on_default(),
        Severity::Critical => AnsiColor::Red.on_default().bold(),
    }
}
