//! The words of a refusal: what is wrong with one event, and the way out.

use cordon_contract::limits::{EVENT_BYTES, EVENT_DEPTH};

use super::super::sources::Nearest;
use super::super::tape::{ParseError, Problem};
use super::super::{EventOrigin, Kind};
use super::Refusal;

/// JSON's white space off both ends.
pub(in crate::events) fn trim(json: &str) -> &str {
    json.trim_matches([' ', '\t', '\r', '\n'])
}

pub(in crate::events) fn too_large(bytes: u64) -> (&'static str, String) {
    let reason = format!(
        "the event has {bytes} bytes, the limit is {EVENT_BYTES}; it was skipped: split it or take out its largest field before sending"
    );
    ("too-large", reason)
}

pub(in crate::events) fn not_utf8(at: usize) -> (&'static str, String) {
    let reason = format!("byte {at} of the event is no valid UTF-8 (or UTF-16) text: export it again as UTF-8");
    ("not-utf8", reason)
}

pub(in crate::events) fn not_json(origin: EventOrigin, json: &str, error: ParseError) -> Refusal {
    let at = error.at;
    let (kind, reason) = match error.problem {
        Problem::TooDeep => (
            "too-deep",
            format!("more than {EVENT_DEPTH} arrays and objects inside each other at byte {at}: flatten the event"),
        ),
        Problem::LoneSurrogate => (
            "lone-surrogate",
            format!(
                "a `\\u` escape at byte {at} is half of a surrogate pair, which is no character: the sender cut a text in two"
            ),
        ),
        Problem::Ends if json.is_empty() => ("not-json", "there is nothing where an event is due".to_owned()),
        Problem::Ends => (
            "not-json",
            format!("the event is cut off: it ends inside of a value, after {} bytes; send it whole", json.len()),
        ),
        Problem::Expected(what) => {
            ("not-json", format!("not JSON: expected {what} at byte {at}, found `{}`", excerpt(json, at)))
        }
    };
    Refusal { origin, kind, reason }
}

pub(in crate::events) fn not_an_object(origin: EventOrigin, kind: Kind) -> Refusal {
    let what = match kind {
        Kind::Null => "null",
        Kind::False | Kind::True => "a boolean",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Array => "an array inside an array",
        Kind::Object => "an object",
    };
    Refusal { origin, kind: "not-an-object", reason: format!("{what} is no event: an event is one JSON object") }
}

pub(super) fn unknown(origin: EventOrigin, nearest: Option<Nearest>) -> Refusal {
    let near = match nearest {
        Some(nearest) => {
            format!("nearest is {} ({}), of which it lacks {}", nearest.source, nearest.about, nearest.lacks.join(", "))
        }
        None => "it has no field of any".to_owned(),
    };
    let reason = format!(
        "the event has the shape of no known source; {near}. Name its source with --source, or take it as it is with --source custom.NAME --time-field PATH"
    );
    Refusal { origin, kind: "unknown-source", reason }
}

/// A few characters of the event, from a byte on, without control characters.
fn excerpt(json: &str, at: usize) -> String {
    let start = (0..=at.min(json.len())).rev().find(|at| json.is_char_boundary(*at)).unwrap_or(0);
    json[start..].chars().take(20).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
