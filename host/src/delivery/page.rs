//! The page behind a message's link: the alert at its contact's level of detail, and a button. For a phone; no script; nothing in it
//! is taken from anywhere else. Pure.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use super::contacts::Contact;
use super::html::escaped;
use super::message;
use crate::alerts::Alert;

const STYLE: &str = "body{font:18px/1.4 sans-serif;margin:0 auto;padding:16px;max-width:40em;overflow-wrap:anywhere}\
    p{margin:.5em 0}.marking{font-weight:bold}h1{font-size:1.3em}\
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

/// A page, whole.
#[must_use]
pub(super) fn of_alert(alert: &Alert, contact: &Contact, standing: Standing, zone: &TimeZone) -> String {
    let reference = escaped(&alert.reference);
    let mut body = String::new();
    if !contact.marking.is_empty() {
        body.push_str(&format!("<p class=\"marking\">{}</p>\n", escaped(&message::plain(&contact.marking))));
    }
    body.push_str(&format!("<h1>{reference}</h1>\n"));
    let button = "<form method=\"post\"><button>I have this</button></form>\n";
    match standing {
        Standing::Open => body.push_str(button),
        Standing::Others => body.push_str(&format!("<p>Somebody has it already: it is {}.</p>\n", alert.state.word())),
        Standing::Theirs(since) => {
            let since = message::when(since, zone);
            body.push_str(&format!("<p>Done: {} has it since {since}.</p>\n", escaped(&message::plain(&contact.name))));
        }
    }
    // A link is used once: what it showed is not shown again.
    if !matches!(standing, Standing::Theirs(_)) {
        for line in message::says(alert, contact.level, zone) {
            body.push_str(&format!("<p>{}</p>\n", escaped(&line.text)));
        }
    }
    whole(&reference, &body)
}

/// The page of a link that is none, or not good any more: it does not say which.
#[must_use]
pub(super) fn none() -> String {
    whole(
        "No such link",
        "<h1>No such link</h1>\n<p>It may have ended. Call the national centre with the alert's name.</p>\n",
    )
}

fn whole(title: &str, body: &str) -> String {
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
        for standing in [Standing::Open, Standing::Theirs(0), Standing::Others] {
            let page = of_alert(&alert, &contact("full"), standing, &TimeZone::UTC);
            assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains('\u{202e}'), "{page}");
            assert_eq!(page.contains("<button"), standing == Standing::Open);
            assert!(!page.contains("://"), "{page}");
        }
        let little = of_alert(&alert, &contact("reference"), Standing::Open, &TimeZone::UTC);
        assert!(!little.contains("alert(1)") && little.contains("avon-1"), "{little}");
    }
}
