//! A JSON object that carries an event beside other members: those of a protocol, such as `{"time":..,"event":{..}}`.
//!
//! Gives members as they stand in the text, so that the event inside keeps its exact bytes. Holds one envelope at a time
//! and keeps its memory for the next one. Which members there are is the protocol's to know.

use std::borrow::Cow;

use super::batcher::{not_an_object, not_json, not_utf8, trim};
use super::tape::{Keys, Mark, NONE, Tape, unescape};
use super::{EventOrigin, Kind, Refusal};

/// See the module.
#[derive(Debug)]
pub struct Envelope {
    tape: Tape,
    empty: Mark,
    root: u32,
}

/// A member of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    /// What kind of value it is.
    pub kind: Kind,
    /// Its text as received; a string's without quotes, still escaped.
    raw: &'a str,
    escaped: bool,
}

impl Envelope {
    /// An empty one that knows these names.
    #[must_use]
    pub fn with<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let tape = Tape::new(Keys::with(names));
        let empty = tape.mark();
        Self { tape, empty, root: 0 }
    }

    /// Reads the next envelope, in place of the last one.
    ///
    /// # Errors
    /// When it is no JSON object, with its origin.
    pub fn open(&mut self, bytes: &[u8], origin: &EventOrigin) -> Result<(), Refusal> {
        self.tape.back_to(self.empty);
        let json = std::str::from_utf8(bytes).map(trim).map_err(|error| {
            let (kind, reason) = not_utf8(error.valid_up_to());
            Refusal { origin: origin.clone(), kind, reason }
        })?;
        self.root = self.tape.push(json).map_err(|error| not_json(origin.clone(), json, error))?.root;
        match self.tape.node(self.root).kind() {
            Kind::Object => Ok(()),
            kind => Err(not_an_object(origin.clone(), kind)),
        }
    }

    /// The member of this name; the last one where there are several.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Member<'_>> {
        let key = self.tape.keys().find(name)?;
        let at = self.tape.member(self.root, key, &mut 0);
        (at != NONE).then(|| {
            let node = self.tape.node(at);
            Member { kind: node.kind(), raw: self.tape.raw(node), escaped: node.escaped() }
        })
    }

    /// The text of the member of this name, where it is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.member(name)?.text()
    }
}

impl<'a> Member<'a> {
    /// What the string says; `None` where it is no string.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match (self.kind, self.escaped) {
            (Kind::String, false) => Some(Cow::Borrowed(self.raw)),
            (Kind::String, true) => {
                let mut text = String::with_capacity(self.raw.len());
                unescape(self.raw, &mut text);
                Some(Cow::Owned(text))
            }
            _ => None,
        }
    }

    /// The JSON object that it is, with its exact bytes, or that the string holds; `None` where it is neither.
    #[must_use]
    pub fn object(&self) -> Option<Cow<'a, str>> {
        match self.kind {
            Kind::Object => Some(Cow::Borrowed(self.raw)),
            _ => self.text().filter(|text| trim(text).starts_with('{')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> EventOrigin {
        EventOrigin { file: "f".into(), line: 3, unit: "event" }
    }

    #[test]
    fn the_event_inside_keeps_its_exact_bytes_and_the_last_of_several_counts() {
        let mut envelope = Envelope::with(["event"]);
        envelope.open(br#"{"event":1, "host":"a\nb","event": { "n" :1.50e0,"s":"\u00e4" } }"#, &origin()).unwrap();
        assert_eq!(envelope.member("event").unwrap().object().unwrap(), r#"{ "n" :1.50e0,"s":"\u00e4" }"#);
        assert_eq!(envelope.text("host").unwrap(), "a\nb");
        assert_eq!(envelope.text("event"), None);
        // Nothing of it is left in the next one.
        envelope.open(br#"{"time":7}"#, &origin()).unwrap();
        assert_eq!((envelope.member("event"), envelope.text("host")), (None, None));
        assert_eq!(envelope.member("time").unwrap().kind, Kind::Number);
    }

    #[test]
    fn an_object_may_stand_in_a_string_and_nothing_else_is_one() {
        let mut envelope = Envelope::with([]);
        envelope.open(br#"{"a":" {\"n\":1}","b":"text","c":[{}],"d":null}"#, &origin()).unwrap();
        assert_eq!(envelope.member("a").unwrap().object().unwrap(), " {\"n\":1}");
        for name in ["b", "c", "d"] {
            assert_eq!(envelope.member(name).unwrap().object(), None, "{name}");
        }
    }

    #[test]
    fn what_is_no_envelope_is_refused_with_its_place() {
        let mut envelope = Envelope::with([]);
        for (bytes, kind) in [
            (&b"[1]"[..], "not-an-object"),
            (b"{\"a\":", "not-json"),
            (b"{\"a\":\"\xff\"}", "not-utf8"),
            ("[".repeat(1_000).as_bytes(), "too-deep"),
        ] {
            let refusal = envelope.open(bytes, &origin()).unwrap_err();
            assert_eq!((refusal.kind, refusal.origin.line), (kind, 3));
            assert_eq!(envelope.member("a"), None);
        }
        envelope.open(b"{\"a\":1}", &origin()).unwrap();
        assert!(envelope.member("a").is_some());
    }
}
