//! CloudEvents 1.0.2 in JSON: one object or a batch of them, the event in `data` or, as Base64, in `data_base64`.
//!
//! `specversion` must be 1.0, and `id`, `source` and `type` texts that are not empty, as the specification asks. They and other
//! attributes are the envelope's and not kept; the event is the data, with its exact bytes. Data that is a string is taken
//! where it holds a JSON object. In binary mode the attributes stand in headers and the body is the data: it is then read as
//! any other (`plain.rs`).

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::pieces::Pieces;
use crate::events::{Cut, Envelope, EventOrigin, RawEvent, Refusal};
use crate::intake::{Framed, Framing, IntakeError};
use crate::model::SourceName;

/// Attributes that every CloudEvent has, beside `specversion`.
const REQUIRED: [&str; 3] = ["id", "source", "type"];

/// See the module.
pub struct CloudEvents {
    pieces: Pieces,
    source: Option<SourceName>,
    envelope: Envelope,
    empty: bool,
}

impl CloudEvents {
    /// Takes every event as this source; without it each is recognised by its shape. `limit` is in bytes of text.
    ///
    /// # Errors
    /// Broken compression.
    pub fn open(body: impl Read + Send + 'static, limit: u64, source: Option<SourceName>) -> Result<Self, IntakeError> {
        let envelope = Envelope::with(REQUIRED.into_iter().chain(["specversion", "data", "data_base64"]));
        Ok(Self { pieces: Pieces::cut(body, limit, Cut::Documents)?, source, envelope, empty: true })
    }
}

impl Framing for CloudEvents {
    fn next(&mut self) -> Result<Option<Result<Framed, Refusal>>, IntakeError> {
        match self.pieces.next()? {
            None if self.empty => Err(IntakeError::Unreadable("there is no event in the request".to_owned())),
            None => Ok(None),
            Some(piece) => {
                self.empty = false;
                Ok(Some(piece.and_then(|RawEvent { bytes, origin }| {
                    let bytes = data(&mut self.envelope, &bytes, &origin)?;
                    Ok(Framed { event: RawEvent { bytes, origin }, source: self.source.clone() })
                })))
            }
        }
    }
}

fn data(envelope: &mut Envelope, bytes: &[u8], origin: &EventOrigin) -> Result<Vec<u8>, Refusal> {
    envelope.open(bytes, origin)?;
    let refuse = |kind, reason: String| Refusal { origin: origin.clone(), kind, reason };
    check(|name| envelope.text(name).map(|text| text.into_owned()))
        .map_err(|reason| refuse("not-a-cloud-event", reason))?;
    match (envelope.member("data"), envelope.text("data_base64")) {
        (Some(_), Some(_)) => {
            Err(refuse("not-a-cloud-event", "it has `data` and `data_base64`: only one may be there".to_owned()))
        }
        (None, None) => Err(refuse("no-data", "it has no `data`: that is where the event stands".to_owned())),
        (Some(data), None) => match data.object() {
            Some(object) => Ok(object.into_owned().into_bytes()),
            None => Err(refuse("not-an-object", "`data` is no JSON object: an event is one".to_owned())),
        },
        (None, Some(text)) => STANDARD
            .decode(text.as_bytes())
            .map_err(|error| refuse("not-base64", format!("`data_base64` is no Base64: {error}"))),
    }
}

/// Whether the attributes are those of a CloudEvent 1.0; `attribute` gives one's text by name.
///
/// # Errors
/// In words, what is missing.
pub fn check(attribute: impl Fn(&str) -> Option<String>) -> Result<(), String> {
    match attribute("specversion").as_deref() {
        Some("1.0") => {}
        Some(other) => {
            let other: String = other.chars().take(20).collect();
            return Err(format!("its `specversion` is `{other}`: only 1.0 is read"));
        }
        None => return Err("it has no `specversion`: a CloudEvent says \"1.0\" there".to_owned()),
    }
    match REQUIRED.into_iter().find(|name| attribute(name).is_none_or(|text| text.is_empty())) {
        Some(name) => Err(format!("it has no `{name}`, which every CloudEvent has")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const HEAD: &str = "\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\"";

    fn read(text: &str) -> Vec<Result<String, &'static str>> {
        let mut events = CloudEvents::open(Cursor::new(text.as_bytes().to_vec()), 8 << 20, None).unwrap();
        let mut all = Vec::new();
        while let Some(piece) = events.next().unwrap() {
            all.push(match piece {
                Ok(framed) => Ok(String::from_utf8(framed.event.bytes).unwrap()),
                Err(refusal) => Err(refusal.kind),
            });
        }
        all
    }

    #[test]
    fn the_event_is_the_data_of_one_or_of_each_of_a_batch() {
        assert_eq!(read(&format!("{{{HEAD},\"data\":{{ \"n\":1 }}}}")), [Ok("{ \"n\":1 }".to_owned())]);
        let batch = format!(
            "[{{{HEAD},\"data\":{{\"n\":1}}}},\n{{{HEAD},\"data_base64\":\"eyJuIjoyfQ==\"}},{{{HEAD},\"datacontenttype\":\"text/plain\",\"data\":\"{{\\\"n\\\":3}}\"}}]"
        );
        assert_eq!(read(&batch), ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"].map(|text| Ok(text.to_owned())));
        // The largest event there may be, as Base64.
        let event = format!("{{\"t\":\"{}\"}}", "x".repeat((1 << 20) - 8));
        let text = format!("{{{HEAD},\"data_base64\":\"{}\"}}", STANDARD.encode(&event));
        assert_eq!(read(&text), [Ok(event)]);
    }

    #[test]
    fn what_is_no_cloud_event_of_version_1_is_refused_alone() {
        let all = format!(
            "[{{\"data\":{{}}}},{{{},\"data\":{{}}}},{{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"s\",\"type\":\"t\",\"data\":{{}}}},{{{HEAD}}},{{{HEAD},\"data\":\"text\"}},{{{HEAD},\"data_base64\":\"?\"}},{{{HEAD},\"data\":{{}},\"data_base64\":\"e30=\"}},7,{{{HEAD},\"data\":{{}}}}]",
            HEAD.replace("1.0", "0.3")
        );
        let expected = [
            Err("not-a-cloud-event"),
            Err("not-a-cloud-event"),
            Err("not-a-cloud-event"),
            Err("no-data"),
            Err("not-an-object"),
            Err("not-base64"),
            Err("not-a-cloud-event"),
            Err("not-an-object"),
            Ok("{}".to_owned()),
        ];
        assert_eq!(read(&all), expected);
    }

    #[test]
    fn a_request_without_any_event_is_refused() {
        for text in ["", "[]", " "] {
            let mut events = CloudEvents::open(Cursor::new(text.as_bytes()), 100, None).unwrap();
            assert!(events.next().unwrap_err().to_string().contains("no event"));
        }
    }
}
