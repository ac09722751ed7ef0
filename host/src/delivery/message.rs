//! What a message says of an alert, at a contact's level of detail. Pure. Texts of attackers are made harmless here, for every
//! channel: one line each, no control characters, and never anything that a reader's program would make a link of.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::contacts::{Contact, Level};
use super::outbox::Message;
use crate::alerts::{Alert, Evidence, Kind, State};
use crate::attack;

/// Characters of one text of an event.
const TEXT: usize = 500;
/// Entities that are named.
const ENTITIES: usize = 12;

/// A message for people and for machines.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Note {
    /// In a line that a phone shows.
    pub(super) subject: String,
    /// Lines for people.
    pub(super) text: String,
    /// The same for machines.
    pub(super) data: Value,
    /// Where its contact says that they have it.
    pub(super) link: Option<String>,
}

/// A text as it may stand in a message: one line, shortened, no link.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(TEXT * 4));
    for c in text.chars().take(TEXT) {
        match c {
            c if c.is_control() => out.push(' '),
            // Marks of direction and the like change what a reader sees.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {}
            c => out.push(c),
        }
    }
    if text.chars().count() > TEXT {
        out.push('…');
    }
    // What programs make links of: a scheme, and `www.`.
    out.replace("://", "[:]//").replace("www.", "www[.]").replace("WWW.", "WWW[.]")
}

/// What a time is in the force's zone, and in UTC.
pub(super) fn when(time: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_microsecond(time).unwrap_or_default();
    let local = at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
    let utc = at.strftime("%H:%M").to_string();
    if local.ends_with("UTC") { local } else { format!("{local} ({utc} UTC)") }
}

/// What happened, in words.
fn news(kind: Kind) -> &'static str {
    match kind {
        Kind::Raised => "more grave than before",
        Kind::Acknowledged => "somebody has it",
        Kind::Contained => "contained",
        Kind::Resolved => "closed",
        Kind::Reopened => "open again",
        Kind::Created | Kind::Assigned | Kind::Noted | Kind::Started => "new",
    }
}

fn severity(alert: &Alert) -> &'static str {
    alert.severity.word()
}

/// What an alert says of itself at a level of detail.
pub(super) fn says(alert: &Alert, level: Level, zone: &TimeZone) -> Vec<String> {
    // Said first, whatever the level of detail.
    let mark = if alert.exercise.is_some() { "EXERCISE, no attack: " } else { "" };
    let mut lines = vec![format!("{mark}Alert of {}, severity {}", alert.force, severity(alert))];
    if level >= Level::Summary {
        lines.push(plain(&alert.title));
        lines.push(plain(&alert.summary));
        let times = if alert.count == 1 { "once".to_owned() } else { format!("{} times", alert.count) };
        lines.push(format!(
            "Seen {times}, last at {}; confidence {}",
            when(alert.last_seen, zone),
            alert.confidence.word()
        ));
    }
    if level == Level::Full {
        for entity in alert.entities.iter().take(ENTITIES) {
            lines.push(format!("- {}: {}", plain(&entity.kind), plain(&entity.value)));
        }
        if alert.entities.len() > ENTITIES {
            lines.push(format!("- and {} more", alert.entities.len() - ENTITIES));
        }
        if !alert.attack.is_empty() {
            let named = |id: &String| attack::name(id).map_or_else(|| id.clone(), |name| format!("{id} {name}"));
            let named: Vec<String> = alert.attack.iter().map(named).collect();
            lines.push(format!("ATT&CK: {}", named.join(", ")));
        }
        for event in &alert.evidence {
            let Evidence { source, time, sha256, fields } = event;
            lines.push(format!("Event of {source} at {time}: {}", plain(fields)));
            lines.push(format!("  SHA-256 {sha256}"));
        }
        lines.extend(alert.next_steps.iter().map(|step| format!("Next: {}", plain(step))));
        lines.extend(alert.false_positives.iter().map(|text| format!("It may also be: {}", plain(text))));
    }
    lines
}

/// What is told of a change of an alert. `link`: where its contact says that they have it.
pub(super) fn of_alert(
    alert: &Alert,
    kind: Kind,
    message: &Message,
    contact: &Contact,
    zone: &TimeZone,
    link: Option<String>,
) -> Note {
    let news = if message.unanswered { "acknowledged by nobody yet" } else { news(kind) };
    let level = contact.level;
    let reference = &alert.reference;
    let subject = match level {
        Level::Reference => format!("{reference} ({}): {news}", severity(alert)),
        _ if kind == Kind::Created && !message.unanswered => {
            format!("{reference} ({}): {}", severity(alert), plain(&alert.title))
        }
        _ => format!("{reference} ({}), {news}: {}", severity(alert), plain(&alert.title)),
    };
    let mark = if alert.exercise.is_some() { "EXERCISE " } else { "" };
    let subject = format!("{mark}{subject}");
    let mut lines = vec![format!("{mark}{reference}: {news}")];
    lines.extend(says(alert, level, zone));
    if let Some(by) = message.answer_by {
        lines.push(format!("Acknowledge it by {}; then others are told", when(by, zone)));
    }
    let link = link.filter(|_| alert.state == State::New);
    if let Some(link) = &link {
        lines.push(format!("To say that you have it: {link}"));
    }
    if alert.state == State::New {
        lines.push(format!("At the desk: cordon alert ack {reference}"));
    }
    let mut data = json!({
        "reference": reference, "for": alert.force, "kind": kind, "severity": alert.severity, "state": alert.state,
        "late": alert.late,
    });
    if let Some(link) = &link {
        data["link"] = json!(link);
    }
    if let Some(id) = &alert.exercise {
        data["exercise"] = json!(id);
    }
    if message.unanswered {
        data["unanswered"] = json!(true);
    }
    if let Some(by) = message.answer_by {
        data["answer-by"] = json!(crate::findings::rfc3339(by));
    }
    if level >= Level::Summary {
        data["title"] = json!(alert.title);
        data["summary"] = json!(alert.summary);
        data["count"] = json!(alert.count);
        data["first-seen"] = json!(crate::findings::rfc3339(alert.first_seen));
        data["last-seen"] = json!(crate::findings::rfc3339(alert.last_seen));
        data["confidence"] = json!(alert.confidence);
    }
    if level == Level::Full {
        data["entities"] = json!(alert.entities);
        data["attack"] = json!(alert.attack);
        data["evidence"] = json!(alert.evidence);
        data["next-steps"] = json!(alert.next_steps);
        data["false-positives"] = json!(alert.false_positives);
        data["references"] = json!(alert.references);
    }
    Note { link, ..marked(contact, subject, lines, data) }
}

/// Several alerts in one message: late ones, or more than a contact is told one by one.
pub(super) fn digest(alerts: &[(Alert, Kind)], why: &str, contact: &Contact) -> Note {
    let subject = format!("{} alerts ({why})", alerts.len());
    let mut lines = vec![subject.clone()];
    for (alert, kind) in alerts {
        let title =
            if contact.level == Level::Reference { String::new() } else { format!(": {}", plain(&alert.title)) };
        let mark = if alert.exercise.is_some() { "EXERCISE " } else { "" };
        lines.push(format!("- {mark}{} ({}), {}{title}", alert.reference, severity(alert), news(*kind)));
    }
    let references: Vec<&String> = alerts.iter().map(|(alert, _)| &alert.reference).collect();
    let data = json!({ "for": contact.force, "kind": "digest", "why": why, "references": references });
    marked(contact, subject, lines, data)
}

/// A message that nothing happened for.
pub(super) fn test(contact: &Contact, code: &str) -> Note {
    let subject = format!("Test message for {} of {}", plain(&contact.name), contact.force);
    let lines = vec![
        subject.clone(),
        "Nothing happened. To get alerts here, tell the national centre this code, or run:".to_owned(),
        format!("cordon contact confirm {} --for {} --code {code}", contact.id, contact.force),
    ];
    let data = json!({ "for": contact.force, "kind": "test", "contact": contact.id, "code": code });
    marked(contact, subject, lines, data)
}

fn marked(contact: &Contact, subject: String, mut lines: Vec<String>, mut data: Value) -> Note {
    if !contact.marking.is_empty() {
        lines.insert(0, contact.marking.clone());
        data["marking"] = json!(contact.marking);
    }
    Note { subject, text: lines.join("\n"), data, link: None }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn texts_of_attackers_are_one_line_and_no_link() {
        assert_eq!(plain("a\r\nSubject: b\u{202e}\u{200b}c"), "a  Subject: bc");
        assert_eq!(
            plain("https://evil.example/ and www.evil.example"),
            "https[:]//evil.example/ and www[.]evil.example"
        );
        let long = plain(&"x".repeat(9_000));
        assert!(long.chars().count() == 501 && long.ends_with('…'));
    }
}
