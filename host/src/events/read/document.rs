//! JSON documents: arrays, `{"records":[...]}` and `{"value":[...]}`, pretty-printed or end to end. Streamed element by
//! element.

use super::{EventOrigin, Piece, RawEvent, Refusal, Stop, Text, scan};
use crate::events::batcher::too_large;

/// How far a document's beginning is looked at to see whether it is a wrapper.
const WINDOW: usize = 64 << 10;

#[derive(Default)]
pub(super) struct Documents {
    place: Place,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between documents.
    #[default]
    Outside,
    /// In an array, before an element.
    Element { first: bool, wrapped: bool },
    /// In a wrapper, after its array.
    Tail,
}

impl Documents {
    /// Enters the array or wrapper that begins here; `None` when it is neither.
    pub(super) fn enter(text: &mut Text) -> Result<Option<Self>, Stop> {
        text.buffer.fill_to(WINDOW);
        let available = text.buffer.available();
        let (consume, wrapped) = match available.first() {
            Some(b'[') => (1, false),
            _ => match wrapper(available) {
                Some(inside) => (inside, true),
                None => return Ok(None),
            },
        };
        text.buffer.consume(consume);
        Ok(Some(Self { place: Place::Element { first: true, wrapped } }))
    }

    pub(super) fn next(&mut self, text: &mut Text) -> Result<Piece, Stop> {
        loop {
            if self.place != Place::Outside {
                match self.element(text)? {
                    Some(piece) => return Ok(Some(piece)),
                    None => continue,
                }
            }
            let Some(first) = text.buffer.skip_space()? else { return Ok(None) };
            // A comma between documents: lines copied out of an array.
            if first == b',' {
                text.buffer.consume(1);
                continue;
            }
            if let Some(inside) = Self::enter(text)? {
                *self = inside;
                continue;
            }
            let line = text.buffer.line();
            let origin = text.origin(line);
            return value(text, origin, || {
                format!("the event that begins in line {line} is cut off: send the file whole")
            })
            .map(Some);
        }
    }

    /// The next element of the array that was entered; `None` when it has ended.
    pub(super) fn element(&mut self, text: &mut Text) -> Result<Piece, Stop> {
        loop {
            match self.place {
                Place::Outside => return Ok(None),
                Place::Tail => return self.tail(text),
                Place::Element { first, wrapped } => {
                    match text.buffer.skip_space()? {
                        None => return Err(cut_off(text)),
                        Some(b']') => {
                            text.buffer.consume(1);
                            self.place = if wrapped { Place::Tail } else { Place::Outside };
                            continue;
                        }
                        Some(b',') if !first => {
                            text.buffer.consume(1);
                            if text.buffer.skip_space()?.is_none() {
                                return Err(cut_off(text));
                            }
                        }
                        Some(_) if first => {}
                        Some(byte) => {
                            return Err(Stop::Broken(format!(
                                "line {}: after element {}, `,` or `]` is due and `{}` stands there; the rest cannot be read: mend the file, or give one event a line",
                                text.buffer.line(),
                                text.elements,
                                char::from(byte).escape_default()
                            )));
                        }
                    }
                    self.place = Place::Element { first: false, wrapped };
                    text.elements += 1;
                    let (element, origin) = (text.elements, text.element());
                    return value(text, origin, || {
                        format!("the document is cut off inside of element {element}; what stands before it was read: send the file whole")
                    })
                    .map(Some);
                }
            }
        }
    }

    /// What stands beside a wrapper's array is consumed; a member that may be meant as data is named.
    fn tail(&mut self, text: &mut Text) -> Result<Piece, Stop> {
        text.buffer.fill_to(WINDOW);
        let beside = beside(text.buffer.available());
        let origin = text.origin(text.buffer.line());
        let mut scan = scan::Value::inside_object();
        loop {
            let available = text.buffer.available();
            let (bytes, ended) = (available.len(), scan.scan(available));
            text.buffer.consume(ended.unwrap_or(bytes));
            if ended.is_some() {
                break;
            }
            if !text.buffer.fill()? {
                return Err(cut_off(text));
            }
        }
        self.place = Place::Outside;
        let reason = |name| format!("`{name}` stands beside the array of events and was not read: give events only");
        Ok(beside.map(|name| Err(Refusal { origin, kind: "beside-wrapper", reason: reason(name) })))
    }
}

fn cut_off(text: &Text) -> Stop {
    Stop::Broken(format!(
        "the document is cut off after element {}, before its array is closed; what stands before it was read: send the file whole",
        text.elements
    ))
}

/// One whole value, in bounded memory: one that is too large is scanned through and refused.
pub(super) fn value(
    text: &mut Text,
    origin: EventOrigin,
    cut_off: impl Fn() -> String,
) -> Result<Result<RawEvent, Refusal>, Stop> {
    let mut scan = scan::Value::default();
    let mut looked = 0;
    let mut dropped = false;
    loop {
        let available = text.buffer.available();
        if let Some(end) = scan.scan(&available[looked..]) {
            let end = looked + end;
            if end == 0 && !dropped {
                // A stray `]` or `}`: taken as a piece of its own, or reading would stand still.
                let bytes = available[..1].to_vec();
                text.buffer.consume(1);
                return Ok(Ok(RawEvent { bytes, origin }));
            }
            let event = (!dropped && end <= text.most).then(|| available[..end].to_vec());
            text.buffer.consume(end);
            return Ok(event.map(|bytes| RawEvent { bytes, origin: origin.clone() }).ok_or_else(|| {
                let (kind, reason) = too_large(scan.scanned as u64);
                Refusal { origin, kind, reason }
            }));
        }
        looked = available.len();
        if looked > text.most {
            text.buffer.consume(looked);
            (looked, dropped) = (0, true);
        }
        if !text.buffer.fill()? {
            return Err(Stop::Broken(cut_off()));
        }
    }
}

/// Whether the beginning of a line is worth looking at closely.
pub(super) fn may_be_wrapper(head: &[u8]) -> bool {
    let name = head.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    let name = name.and_then(|rest| rest.strip_prefix(b"\""));
    name.is_some_and(|name| {
        [&b"records\""[..], b"value\"", b"@odata."]
            .iter()
            .any(|wanted| name.starts_with(wanted) || wanted.starts_with(name))
    })
}

/// Where the array of a wrapper begins: the position after its `[`. Before it only `@odata.` members may stand, and its
/// first element must be an object: else it is an event that happens to have such a field.
pub(super) fn wrapper(head: &[u8]) -> Option<usize> {
    let mut at = head.strip_prefix(b"{").map(|_| 1)?;
    loop {
        let (name, value) = member(head, at)?;
        if matches!(name, b"records" | b"value") {
            let inside = (head.get(value) == Some(&b'[')).then_some(value + 1)?;
            return matches!(head.get(space(head, inside)), Some(b'{' | b']')).then_some(inside);
        }
        if !name.starts_with(b"@") {
            return None;
        }
        let end = value + scan::Value::default().scan(&head[value..])?;
        let comma = space(head, end);
        at = (head.get(comma) == Some(&b',')).then_some(comma + 1)?;
    }
}

/// The first member after a wrapper's array that is not its own business.
fn beside(tail: &[u8]) -> Option<String> {
    let mut at = space(tail, 0);
    while tail.get(at) == Some(&b',') {
        let (name, value) = member(tail, at + 1)?;
        if !name.starts_with(b"@") && !matches!(name, b"nextLink" | b"count" | b"totalCount") {
            return Some(String::from_utf8_lossy(&name[..name.len().min(80)]).into_owned());
        }
        at = space(tail, value + scan::Value::default().scan(&tail[value..])?);
    }
    None
}

/// Name of the member at a position, and where its value begins. Names with escapes are none of ours.
fn member(head: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let start = space(head, at) + 1;
    if head.get(start - 1) != Some(&b'"') {
        return None;
    }
    let end = start + memchr::memchr(b'"', head.get(start..)?)?;
    let colon = space(head, end + 1);
    (head.get(colon) == Some(&b':')).then(|| (&head[start..end], space(head, colon + 1)))
}

/// The first position from `at` on that is no white space.
fn space(head: &[u8], mut at: usize) -> usize {
    while matches!(head.get(at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}
