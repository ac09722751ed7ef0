//! The page behind a message's link: the alert at its contact's level of detail, and a button. For a phone; no script; nothing in it
//! is taken from anywhere else. Pure.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use super::call::Reach;
use super::contacts::Contact;
use super::html::escaped;
use super::ladder::Deadline;
use super::message;
use crate::alerts::Alert;

const STYLE: &str = "body{font:18px/1.4 sans-serif;margin:0 auto;padding:16px;max-width:40em;overflow-wrap:anywhere}\
    p{margin:.5em 0}.marking{font-weight:bold}h1,h2{font-size:1.3em}h2{border-top:2px solid;padding-top:16px}\
    button{font:inherit;font-weight:bold;width:100%;min-height:56px;margin:16px 0}";

/// What a contact may do with an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Say that they have it.
    Open,
    /// They have it: since when, microseconds since 1970 UTC.
    Theirs(i64),
    /// Somebody else has it, or it is closed.
    Others,
}

/// An alert on a page.
pub(super) struct Part<'a> {
    pub(super) alert: &'a Alert,
    pub(super) standing: Standing,
    /// Its force's.
    pub(super) zone: TimeZone,
    /// By when it is to be acknowledged.
    pub(super) deadline: Deadline,
    /// Whom to call.
    pub(super) calls: Vec<Reach>,
}

/// A page, whole: of one alert, or of several with a button for each and one for all.
pub(super) fn of(parts: &[Part<'_>], contact: &Contact) -> String {
    let mut body = String::new();
    if !contact.marking.is_empty() {
        body.push_str(&format!("<p class=\"marking\">{}</p>\n", escaped(&message::plain(&contact.marking))));
    }
    if let [part] = parts {
        body.push_str(&section(part, contact, "h1", None));
        return whole(&part.alert.reference, &body);
    }
    let title = format!("{} alerts", parts.len());
    body.push_str(&format!("<h1>{title}</h1>\n"));
    if parts.iter().filter(|part| part.standing == Standing::Open).count() > 1 {
        body.push_str("<form method=\"post\"><button>I have all of these</button></form>\n");
    }
    for part in parts {
        body.push_str(&section(part, contact, "h2", Some(&part.alert.reference)));
    }
    whole(&title, &body)
}

/// `button`: the alert that its button is for, where the page has several.
fn section(part: &Part<'_>, contact: &Contact, heading: &str, button: Option<&str>) -> String {
    let Part { alert, standing, zone, deadline, calls } = part;
    let mut body = format!("<{heading}>{}</{heading}>\n", escaped(&alert.reference));
    match standing {
        Standing::Open => {
            let named = button.map_or_else(String::new, |reference| {
                format!("<input type=\"hidden\" name=\"alert\" value=\"{}\">", escaped(reference))
            });
            body.push_str(&format!("<form method=\"post\">{named}<button>I have this</button></form>\n"));
        }
        Standing::Others => body.push_str(&format!("<p>Somebody has it already: it is {}.</p>\n", alert.state.word())),
        Standing::Theirs(since) => {
            let since = message::when(*since, zone);
            body.push_str(&format!("<p>Done: {} has it since {since}.</p>\n", escaped(&message::plain(&contact.name))));
        }
    }
    // A link is used once: what it showed is not shown again.
    if !matches!(standing, Standing::Theirs(_)) {
        let said = message::says(alert, contact.level, zone);
        // Of several, each as much as a phone shows.
        let said = said.into_iter().filter(|line| button.is_none() || !line.is_evidence());
        for line in said.chain(message::asks(alert, *deadline, contact, calls, zone)) {
            body.push_str(&format!("<p>{}</p>\n", escaped(&line.text)));
        }
    }
    body
}

/// The page of a link that is none, or not good any more: it does not say which.
#[must_use]
pub(super) fn none(desk: Option<&Reach>) -> String {
    let desk = desk.map_or_else(
        || "the national centre".to_owned(),
        |desk| format!("{}, {},", message::plain(&desk.name), message::plain(&desk.call)),
    );
    let body =
        format!("<h1>No such link</h1>\n<p>It may have ended. Call {} with the alert's name.</p>\n", escaped(&desk));
    whole("No such link", &body)
}

fn whole(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{STYLE}</style></head>\n\
         <body>\n{body}</body></html>\n"
    )
}

/// What a browser may do with a page: show its text in this style, and send its form back.
#[must_use]
pub(super) fn policy() -> String {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_of_an_event_is_markup_a_link_or_more_than_the_contacts_level() {
        let hostile = "</p><script>alert(1)</script>'\" https://evil.example/\u{202e}";
        let text = || hostile.to_owned();
        let (source, time, sha256) = ("m365.audit".into(), "2026-03-02T09:00:00Z".into(), crate::ids::Digest([0; 32]));
        let alert = Alert {
            key: text(),
            title: text(),
            summary: text(),
            entities: vec![crate::model::Entity { kind: "user".into(), value: text() }],
            next_steps: vec![text()],
            false_positives: vec![text()],
            evidence: vec![crate::alerts::Evidence { source, time, sha256, fields: text() }],
            ..crate::alerts::sample(1)
        };
        let contact = |level: &str| -> Contact {
            serde_json::from_value(json!({
                "id": "soc", "force": "avon", "name": hostile.trim_end_matches('\u{202e}'), "severity": "low", "own": [],
                "channel": { "kind": "file", "path": "/x" }, "level": level, "marking": "<b>", "confirmed": 1,
            }))
            .unwrap()
        };
        let part = |alert, standing| {
            let calls = vec![Reach { name: text(), call: text() }];
            Part { alert, standing, zone: TimeZone::UTC, deadline: Deadline::At(0), calls }
        };
        let other = Alert { title: text(), ..crate::alerts::sample(2) };
        for standing in [Standing::Open, Standing::Theirs(0), Standing::Others] {
            let one = of(&[part(&alert, standing)], &contact("full"));
            let two = of(&[part(&alert, standing), part(&other, Standing::Open)], &contact("full"));
            for page in [&one, &two] {
                assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains('\u{202e}'), "{page}");
                assert!(!page.contains("://"), "{page}");
            }
            assert_eq!(one.contains("<button"), standing == Standing::Open);
            assert_eq!(two.contains("I have all of these"), standing == Standing::Open);
            assert!(two.contains("name=\"alert\" value=\"avon-2\"") && two.contains("avon-1"), "{two}");
        }
        let little = of(&[part(&alert, Standing::Open)], &contact("reference"));
        let said = little.split("Whom to call").next().unwrap();
        assert!(!said.contains("alert(1)") && said.contains("avon-1"), "{little}");
    }
}
