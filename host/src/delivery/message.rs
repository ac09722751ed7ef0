//! What a message says of an alert, at a contact's level of detail. Pure. Texts of attackers are made harmless here, for every
//! channel: one line each, no control characters, and never anything that a reader's program would make a link of.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::call::{self, Reach};
use super::channel::Channel;
use super::contacts::{Contact, Level};
use super::ladder::Deadline;
use super::outbox::Message;
use super::{nolink, ocsf};
use crate::alerts::{Alert, Evidence, Kind, State, Story};
use crate::attack;

/// Characters of one text of an event.
const TEXT: usize = 500;
/// The weight of lines that show events.
const EVIDENCE: u8 = 4;
/// Bytes of the text of a message for who takes no large ones.
const SHORT: usize = 4 << 10;
/// Entities that are named.
const ENTITIES: usize = 12;

/// A message for people and for machines.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Note {
    /// In a line that a phone shows.
    pub(super) subject: String,
    /// For people.
    pub(super) lines: Vec<Line>,
    /// The same for machines.
    pub(super) data: Value,
    /// Where its contact says that they have it.
    pub(super) link: Option<String>,
    /// The same as an OCSF event, for those who get it so.
    pub(super) ocsf: Option<Value>,
}

/// A line for people.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// 0: says what the message means, and is never left out; the higher it is, the sooner it is left out.
    weight: u8,
    pub(super) text: String,
}

impl Line {
    pub(super) fn new(weight: u8, text: String) -> Self {
        Self { weight, text }
    }

    /// Whether it shows an event.
    pub(super) fn is_evidence(&self) -> bool {
        self.weight >= EVIDENCE
    }
}

impl Note {
    /// All lines.
    pub(super) fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|line| line.text.as_str()).collect();
        lines.join("\n")
    }

    /// Without its events and whom it is about, for who takes no more.
    pub(super) fn shortened(&self, contact: &Contact) -> Self {
        let mut short = self.clone();
        short.lines.retain(|line| !line.is_evidence());
        if short.lines.len() < self.lines.len() {
            short.lines.push(Line::new(0, "Its events are left out here: see `cordon alert show`".to_owned()));
        }
        short.lines = short.within(SHORT).into_iter().map(|text| Line::new(0, text)).collect();
        if let Some(data) = short.data.as_object_mut() {
            for name in ["evidence", "entities", "false-positives", "references", "alerts"] {
                data.remove(name);
            }
            data.insert("shortened".into(), json!(true));
        }
        if let Channel::Ocsf { version, .. } = contact.channel {
            short.ocsf = short.ocsf.map(|whole| ocsf::shortened(whole, version));
        }
        short
    }

    /// So many lines as fit into some bytes: evidence is left out first, what the message means is only shortened.
    pub(super) fn within(&self, bytes: usize) -> Vec<String> {
        let mut lines = self.lines.clone();
        let size = |lines: &[Line]| lines.iter().map(|line| line.text.len() + 3).sum::<usize>();
        let mut left_out = 0_usize;
        // What is said instead takes room, too.
        let room = bytes.saturating_sub(100);
        while size(&lines) > room {
            let heaviest = lines
                .iter()
                .enumerate()
                .filter(|(_, line)| line.weight > 0)
                .max_by_key(|(at, line)| (line.weight, *at));
            let Some((at, _)) = heaviest else { break };
            lines.remove(at);
            left_out += 1;
        }
        while size(&lines) > room {
            let Some(longest) = lines.iter_mut().max_by_key(|line| line.text.len()).filter(|line| line.text.len() > 32)
            else {
                break;
            };
            let half = longest.text.chars().count() / 2;
            longest.text = longest.text.chars().take(half).chain(['…']).collect();
        }
        if left_out > 0 {
            lines.push(Line::new(0, format!("{left_out} lines are left out here: see `cordon alert show`")));
        }
        lines.into_iter().map(|line| line.text).collect()
    }
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
    nolink::without(&out)
}

/// What a time is in the force's zone, and in UTC.
pub(super) fn when(time: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_microsecond(time).unwrap_or_default();
    let local = at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
    let utc = at.strftime("%H:%M").to_string();
    if local.ends_with("UTC") { local } else { format!("{local} ({utc} UTC)") }
}

/// What happened, in words.
pub(super) fn news(kind: Kind) -> &'static str {
    match kind {
        Kind::Raised => "more grave than before",
        Kind::Acknowledged => "somebody has it",
        Kind::Started => "somebody works on it",
        Kind::Contained => "contained",
        Kind::Resolved => "closed",
        Kind::Reopened => "open again",
        _ => "new",
    }
}

/// Before whatever is said of an alert of an exercise.
pub(super) fn mark(alert: &Alert) -> &'static str {
    if alert.exercise.is_some() { "EXERCISE " } else { "" }
}

pub(super) fn severity(alert: &Alert) -> &'static str {
    alert.severity.word()
}

/// What an alert says of itself at a level of detail.
pub(super) fn says(alert: &Alert, level: Level, zone: &TimeZone) -> Vec<Line> {
    // Said first, whatever the level of detail.
    let mark = if alert.exercise.is_some() { "EXERCISE, no attack: " } else { "" };
    let mut lines = vec![Line::new(0, format!("{mark}Alert of {}, severity {}", alert.force, severity(alert)))];
    let mut line = |weight: u8, text: String| lines.push(Line::new(weight, text));
    if level >= Level::Summary {
        line(0, plain(&alert.title));
        line(0, plain(&alert.summary));
        let last = when(alert.last_seen, zone);
        let seen = match alert.count {
            1 => format!("once, at {last}"),
            count => format!("{count} times, first at {}, last at {last}", when(alert.first_seen, zone)),
        };
        line(0, format!("Seen {seen}; confidence {}", alert.confidence.word()));
        match alert.hunt {
            Some(number) => line(0, format!("Found by search {number} through what was stored, not when it happened")),
            None if alert.late => line(0, "Found long after it was recorded".to_owned()),
            None => {}
        }
    }
    if level == Level::Full {
        for (at, entity) in alert.entities.iter().take(ENTITIES).enumerate() {
            line(if at < 3 { 1 } else { 3 }, format!("- {}: {}", plain(&entity.kind), plain(&entity.value)));
        }
        if alert.entities.len() > ENTITIES {
            line(3, format!("- and {} more", alert.entities.len() - ENTITIES));
        }
        if !alert.attack.is_empty() {
            let named = |id: &String| attack::name(id).map_or_else(|| id.clone(), |name| format!("{id} {name}"));
            let named: Vec<String> = alert.attack.iter().map(named).collect();
            line(2, format!("ATT&CK: {}", named.join(", ")));
        }
        alert.next_steps.iter().for_each(|step| line(1, format!("Next: {}", plain(step))));
        alert.false_positives.iter().for_each(|text| line(2, format!("It may also be: {}", plain(text))));
        for Evidence { source, time, sha256, fields } in &alert.evidence {
            line(EVIDENCE, format!("Event of {source} at {time}, SHA-256 {sha256}: {}", plain(fields)));
        }
    }
    lines
}

/// By when an alert that nobody has is to be acknowledged, and whom to call: said at every level of detail, and never left out.
pub(super) fn asks(
    alert: &Alert,
    deadline: Deadline,
    contact: &Contact,
    calls: &[Reach],
    zone: &TimeZone,
) -> Vec<Line> {
    let by = (alert.state == State::New).then(|| match (contact.duty.copies, deadline) {
        (true, Deadline::At(by)) => format!("This is a copy: others are to acknowledge it by {}", when(by, zone)),
        (true, _) => "This is a copy: others are to acknowledge it".to_owned(),
        (false, Deadline::At(by)) => format!("Acknowledge it by {}; then others are told", when(by, zone)),
        (false, Deadline::Over) => "Acknowledge it now: nobody else is told after you".to_owned(),
        (false, Deadline::None) => "Acknowledge it when you take it: it has no deadline".to_owned(),
    });
    by.into_iter().chain(call::line(calls)).map(|text| Line::new(0, text)).collect()
}

/// What a message is made from, beside its alert.
pub(super) struct From<'a> {
    pub(super) message: &'a Message,
    pub(super) contact: &'a Contact,
    pub(super) zone: &'a TimeZone,
    /// Where its contact says that they have it.
    pub(super) link: Option<String>,
    /// Whom to call.
    pub(super) calls: &'a [Reach],
    /// By when it is to be acknowledged.
    pub(super) deadline: Deadline,
    /// What it is part of.
    pub(super) story: Option<&'a Story>,
}

/// What is told of a change of an alert.
pub(super) fn of_alert(alert: &Alert, from: From<'_>) -> Note {
    let From { message, contact, zone, link, calls, deadline, story } = from;
    let kind = message.kind;
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
    let mark = mark(alert);
    let subject = format!("{mark}{subject}");
    let mut lines = vec![Line::new(0, format!("{mark}{reference}: {news}"))];
    lines.extend(says(alert, level, zone));
    if let Some(story) = story.filter(|_| level >= Level::Summary) {
        let (of, priority) = (story.timeline.len(), story.priority.word());
        lines.push(Line::new(0, format!("Part of incident {}: {of} alerts, priority {priority}", story.reference)));
    }
    lines.extend(asks(alert, deadline, contact, calls, zone));
    let link = link.filter(|_| alert.state == State::New);
    if let Some(link) = &link {
        lines.push(Line::new(0, format!("To say that you have it: {link}")));
    }
    if alert.state == State::New {
        lines.push(Line::new(0, format!("At the desk: cordon alert ack {reference}")));
    }
    let mut data = json!({
        "reference": reference, "for": alert.force, "kind": kind, "severity": alert.severity, "state": alert.state,
        "late": alert.late, "call": calls,
    });
    if let Some(link) = &link {
        data["link"] = json!(link);
    }
    if let Some(number) = alert.hunt {
        data["hunt"] = json!(number);
    }
    if let Some(id) = &alert.exercise {
        data["exercise"] = json!(id);
    }
    if message.unanswered {
        data["unanswered"] = json!(true);
    }
    if let (Deadline::At(by), State::New, false) = (deadline, alert.state, contact.duty.copies) {
        data["answer-by"] = json!(crate::findings::rfc3339(by));
    }
    if level >= Level::Summary {
        data["title"] = json!(alert.title);
        data["summary"] = json!(alert.summary);
        data["count"] = json!(alert.count);
        data["first-seen"] = json!(crate::findings::rfc3339(alert.first_seen));
        data["last-seen"] = json!(crate::findings::rfc3339(alert.last_seen));
        data["confidence"] = json!(alert.confidence);
        if let Some(story) = story {
            data["incident"] =
                json!({ "reference": story.reference, "alerts": story.timeline.len(), "priority": story.priority });
        }
    }
    if level == Level::Full {
        data["entities"] = json!(alert.entities);
        data["attack"] = json!(alert.attack);
        data["next-steps"] = json!(alert.next_steps);
        data["false-positives"] = json!(alert.false_positives);
        data["references"] = json!(alert.references);
        data["evidence"] = json!(alert.evidence);
    }
    let told = ocsf::Told { message, link: link.as_deref(), calls, zone, deadline };
    let ocsf = match contact.channel {
        Channel::Ocsf { version, .. } => Some(ocsf::of_alert(alert, contact, version, &told)),
        _ => None,
    };
    Note { link, ocsf, ..marked(contact, subject, lines, data) }
}

/// A note with the protective marking of its contact first.
pub(super) fn marked(contact: &Contact, subject: String, mut lines: Vec<Line>, mut data: Value) -> Note {
    if !contact.marking.is_empty() {
        lines.insert(0, Line::new(0, contact.marking.clone()));
        data["marking"] = json!(contact.marking);
    }
    Note { subject, lines, data, link: None, ocsf: None }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn texts_of_attackers_are_one_line_and_no_link() {
        assert_eq!(plain("a\r\nSubject: b\u{202e}\u{200b}c"), "a  Subject: bc");
        assert_eq!(
            plain("https://evil.example/ and www.evil.example"),
            "https[:]//evil.example/ and www[.]evil[.]example"
        );
        let long = plain(&"x".repeat(9_000));
        assert!(long.chars().count() == 501 && long.ends_with('…'));
    }
}
