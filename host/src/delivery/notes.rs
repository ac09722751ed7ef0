//! Messages that are not about one alert: several alerts together, the note of a week, a test. Pure.

use jiff::tz::TimeZone;
use serde_json::json;

use super::contacts::{Contact, Level};
use super::ladder::Deadline;
use super::message::{Line, Note, mark, marked, news, plain, severity, when};
use super::weekly::{Came, Week};
use crate::alerts::{Alert, Kind, State};
use crate::results::{Outcome, Ran};

/// One of several alerts in a message.
pub(super) struct Digested {
    pub(super) alert: Alert,
    /// What happened to it last.
    pub(super) kind: Kind,
    /// By when it is to be acknowledged.
    pub(super) deadline: Deadline,
    /// Its force's.
    pub(super) zone: TimeZone,
}

/// Several alerts in one message: late ones, or more than a contact is told one by one. `call`: whom to call about them, in a line.
pub(super) fn digest(
    alerts: &[Digested],
    why: &str,
    contact: &Contact,
    link: Option<String>,
    call: Option<String>,
) -> Note {
    let subject =
        format!("{} ({why})", if alerts.len() == 1 { "1 alert".into() } else { format!("{} alerts", alerts.len()) });
    let mut lines = vec![Line::new(0, subject.clone())];
    let mut data = Vec::new();
    for Digested { alert, kind, deadline, zone } in alerts {
        let mut one = json!({
            "reference": alert.reference, "for": alert.force, "kind": kind, "severity": alert.severity, "state": alert.state,
        });
        let mut text = format!("- {}{} ({}), {}", mark(alert), alert.reference, severity(alert), news(*kind));
        if contact.level >= Level::Summary {
            text.push_str(&format!(": {}; last seen {}", plain(&alert.title), when(alert.last_seen, zone)));
            one["title"] = json!(alert.title);
        }
        if let (Deadline::At(by), State::New, false) = (deadline, alert.state, contact.duty.copies) {
            text.push_str(&format!("; acknowledge it by {}", when(*by, zone)));
            one["answer-by"] = json!(crate::findings::rfc3339(*by));
        }
        lines.push(Line::new(1, text));
        data.push(one);
    }
    if let Some(link) = &link {
        lines.push(Line::new(0, format!("To see them and say that you have them: {link}")));
    }
    lines.extend(call.map(|call| Line::new(0, call)));
    let mut data = json!({ "for": contact.force, "kind": "digest", "why": why, "alerts": data });
    if let Some(link) = &link {
        data["link"] = json!(link);
    }
    Note { link, ..marked(contact, subject, lines, data) }
}

/// What came in a week, also where nothing was found.
pub(super) fn weekly(week: Week, came: &Came, contact: &Contact, zone: &TimeZone) -> Note {
    let Came { events, refused, silent, exercises } = came;
    let force = &contact.force;
    let told = match week.told {
        0 => "no alert".to_owned(),
        1 => "one alert".to_owned(),
        told => format!("{told} alerts"),
    };
    let subject = format!("{force}, the week until {}: {told}", when(week.end, zone));
    let mut lines = vec![
        subject.clone(),
        format!("You were told of {told}."),
        format!("Events received: {events}; refused: {refused}."),
        format!("Hours in which no event came: {silent} of 168."),
    ];
    if exercises.is_empty() {
        lines.push("Exercises: none.".to_owned());
    }
    for Ran { exercise, at, outcome } in exercises {
        let outcome = match outcome {
            Outcome::Passed => "it reached a contact".to_owned(),
            Outcome::Failed(hop) => format!("it did not get through: {} failed", plain(hop)),
            Outcome::Begun => "it did not come to its end".to_owned(),
        };
        lines.push(format!("Exercise {} at {}: {outcome}.", plain(exercise), when(*at, zone)));
    }
    lines.push("This note comes every Monday, also when nothing was found. If it does not come, ask why.".to_owned());
    let data = json!({
        "for": force, "kind": "weekly", "end": crate::findings::rfc3339(week.end), "told": week.told, "events": events,
        "refused": refused, "silent-hours": silent, "exercises": exercises,
    });
    marked(contact, subject, lines.into_iter().map(|line| Line::new(0, line)).collect(), data)
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
    marked(contact, subject, lines.into_iter().map(|line| Line::new(0, line)).collect(), data)
}
