//! Splunk's HTTP event collector (HEC): JSON objects one after another, each with its event; or raw lines.
//!
//! `{"time": .., "host": .., "source": .., "sourcetype": .., "index": .., "event": {..}, "fields": {..}}`: the event is what
//! stands in `event`, with its exact bytes; `sourcetype` names the source (`names.rs`), or the request's does where it has
//! none. The rest is Splunk's own and not kept: an event must have its time itself, as its source says. An event that is a
//! string is taken where the string holds a JSON object, and refused otherwise. At `/raw` every line is an event.

use std::io::Read;

use super::names::{self, Named};
use super::pieces::Pieces;
use crate::events::{Cut, Envelope, EventOrigin, Kind, RawEvent, Refusal};
use crate::intake::{Framed, Framing, IntakeError};

/// The kind of a refusal: no `event`.
pub const REQUIRED: &str = "event-required";
/// The kind of a refusal: an `event` with nothing in it.
pub const BLANK: &str = "event-blank";

/// See the module.
pub struct Hec {
    pieces: Pieces,
    /// What the request as a whole says of its events.
    source: Named,
    envelope: Option<Envelope>,
}

impl Hec {
    /// Objects with events in them. `sourcetype` is the request's, for those that name none; `limit` is in bytes of text.
    ///
    /// # Errors
    /// Broken compression.
    pub fn events(body: impl Read + Send + 'static, limit: u64, sourcetype: Option<&str>) -> Result<Self, IntakeError> {
        let envelope = Some(Envelope::with(["event", "sourcetype"]));
        Self::open(Pieces::cut(body, limit, Cut::Values)?, sourcetype, envelope)
    }

    /// An event a line.
    ///
    /// # Errors
    /// Broken compression.
    pub fn raw(body: impl Read + Send + 'static, limit: u64, sourcetype: Option<&str>) -> Result<Self, IntakeError> {
        Self::open(Pieces::cut(body, limit, Cut::Lines)?, sourcetype, None)
    }

    fn open(pieces: Pieces, sourcetype: Option<&str>, envelope: Option<Envelope>) -> Result<Self, IntakeError> {
        Ok(Self { pieces, source: names::source(sourcetype.unwrap_or_default()), envelope })
    }
}

impl Framing for Hec {
    fn next(&mut self) -> Result<Option<Result<Framed, Refusal>>, IntakeError> {
        loop {
            let event = match self.pieces.next()? {
                None => return Ok(None),
                Some(Ok(event)) if event.bytes.is_empty() => continue,
                Some(Ok(event)) => event,
                Some(Err(refusal)) => return Ok(Some(Err(refusal))),
            };
            return Ok(Some(match &mut self.envelope {
                None => framed(event, self.source.clone()),
                Some(envelope) => inside(envelope, event, &self.source),
            }));
        }
    }
}

fn framed(event: RawEvent, source: Named) -> Result<Framed, Refusal> {
    match source {
        Ok(source) => Ok(Framed { event, source }),
        Err(reason) => Err(Refusal { origin: event.origin, kind: "bad-sourcetype", reason }),
    }
}

/// The event in an object.
fn inside(envelope: &mut Envelope, object: RawEvent, otherwise: &Named) -> Result<Framed, Refusal> {
    let RawEvent { bytes, origin } = object;
    envelope.open(&bytes, &origin)?;
    let source = envelope.text("sourcetype").map_or_else(|| otherwise.clone(), |name| names::source(&name));
    let bytes = event(envelope, &origin)?;
    framed(RawEvent { bytes, origin }, source)
}

fn event(envelope: &Envelope, origin: &EventOrigin) -> Result<Vec<u8>, Refusal> {
    let refuse = |kind, reason: &str| Err(Refusal { origin: origin.clone(), kind, reason: reason.to_owned() });
    let Some(event) = envelope.member("event") else {
        return refuse(REQUIRED, "the object has no `event`: that is where the event stands");
    };
    if let Some(object) = event.object() {
        return Ok(object.into_owned().into_bytes());
    }
    match event.kind {
        Kind::Null => refuse(BLANK, "`event` is null"),
        Kind::String if event.text().is_some_and(|text| text.trim().is_empty()) => refuse(BLANK, "`event` is empty"),
        Kind::String => refuse(
            "not-an-object",
            "`event` is a text and no JSON object: let the shipper send JSON, so that detections can read its fields",
        ),
        _ => refuse("not-an-object", "`event` is no JSON object: an event is one"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// An event with its source, or the kind and number of its refusal.
    type Given = Result<(String, String), (&'static str, u64)>;

    fn read(mut hec: Hec) -> Vec<Given> {
        let mut all = Vec::new();
        while let Some(piece) = hec.next().unwrap() {
            all.push(match piece {
                Ok(Framed { event, source }) => {
                    let source = source.map_or_else(|| "recognised".to_owned(), |source| source.to_string());
                    Ok((source, String::from_utf8(event.bytes).unwrap()))
                }
                Err(refusal) => Err((refusal.kind, refusal.origin.line)),
            });
        }
        all
    }

    fn events(text: &str, sourcetype: Option<&str>) -> Vec<Given> {
        read(Hec::events(Cursor::new(text.as_bytes().to_vec()), 8 << 20, sourcetype).unwrap())
    }

    fn taken(source: &str, text: &str) -> Given {
        Ok((source.to_owned(), text.to_owned()))
    }

    #[test]
    fn events_stand_in_objects_one_after_another_and_keep_their_exact_bytes() {
        let text = "{\"time\":1.5,\"event\":{ \"n\" :1.0},\"fields\":{\"a\":\"b\"}}{\"sourcetype\":\"m365:audit\",\"event\":{\"n\":2}}\n\n{\"event\":\" {\\\"n\\\":3}\",\"sourcetype\":\"_json\"}";
        let expected =
            [taken("custom.vpn", "{ \"n\" :1.0}"), taken("m365.audit", "{\"n\":2}"), taken("recognised", " {\"n\":3}")];
        assert_eq!(events(text, Some("vpn")), expected);
    }

    #[test]
    fn what_is_no_event_is_refused_with_its_number() {
        let text = "{\"time\":1}{\"event\":\"\"}{\"event\":null}{\"event\":\"plain text\"}{\"event\":[1]}{\"event\":{},\"sourcetype\":\"cordon.audit\"} 17 {\"event\":{\"n\":1}}{\"event\":{\"n\":\"2}}{\"event\":{}}";
        let expected = [
            Err((REQUIRED, 1)),
            Err((BLANK, 2)),
            Err((BLANK, 3)),
            Err(("not-an-object", 4)),
            Err(("not-an-object", 5)),
            Err(("bad-sourcetype", 6)),
            Err(("not-an-object", 7)),
            taken("recognised", "{\"n\":1}"),
            Err(("not-json", 9)),
        ];
        assert_eq!(events(text, None), expected);
        assert_eq!(events(" \r\n", None), []);
    }

    #[test]
    fn raw_lines_are_events_as_they_stand() {
        let text = "{\"event\":1}\n\n [1]\r\n{}";
        let hec = Hec::raw(Cursor::new(text.as_bytes().to_vec()), 1 << 20, Some("vpn")).unwrap();
        let expected = [taken("custom.vpn", "{\"event\":1}"), taken("custom.vpn", " [1]"), taken("custom.vpn", "{}")];
        assert_eq!(read(hec), expected);
        let hec = Hec::raw(Cursor::new(b"{}".to_vec()), 1 << 20, Some("cordon.audit")).unwrap();
        assert_eq!(read(hec), [Err(("bad-sourcetype", 1))]);
    }
}
