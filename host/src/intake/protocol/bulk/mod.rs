//! Elasticsearch's `_bulk`: an action a line, then its document; and the answer, an item for each action.
//!
//! `index` and `create` both append: an event is never replaced, whatever its `_id`, which is given back and not kept.
//! `update` and `delete` are refused, each for itself: what happened is not changed afterwards. The document is the event, with
//! its exact bytes; its action's index names the source (`names.rs`).
//!
//! Whoever does not see an action where one is due has lost count of the lines: such a request is refused whole, with the
//! line. Everything else is refused item by item. Holds the actions of one request (at most 65,536) and one document.

mod answer;

use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;

pub use answer::{Outcome, answer};

use super::names::{self, Named};
use super::pieces::Pieces;
use crate::events::{Cut, RawEvent, Refusal};
use crate::intake::{Framed, Framing, IntakeError};

/// Actions of one request at most: the answer names each.
const ACTIONS: usize = 65_536;
/// Bytes of an action's line at most: 512 of its `_id`, 255 of its index, and what shippers add.
const ACTION_BYTES: usize = 8 << 10;
/// Bytes of an `_id` at most, as in Elasticsearch.
const ID_BYTES: usize = 512;

/// What an action's line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Index,
    Create,
    Update,
    Delete,
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// One action, for the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    verb: Verb,
    index: Arc<str>,
    id: Option<Box<str>>,
}

/// See the module.
pub struct Bulk {
    pieces: Pieces,
    /// The index of actions that name none: the path's.
    index: Arc<str>,
    items: Vec<Item>,
    /// The last index, and its source: nearly all actions name the same.
    last: Option<(Arc<str>, Named)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Index(Target),
    Create(Target),
    Update(Target),
    Delete(Target),
}

#[derive(Deserialize)]
struct Target {
    #[serde(rename = "_index")]
    index: Option<String>,
    #[serde(rename = "_id")]
    id: Option<Id>,
}

/// Some shippers write a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(serde_json::Number),
}

impl Bulk {
    /// A request's body, with the index of its path and a limit in bytes of text.
    ///
    /// # Errors
    /// Broken compression.
    pub fn open(body: impl Read + Send + 'static, limit: u64, index: Option<&str>) -> Result<Self, IntakeError> {
        let pieces = Pieces::cut(body, limit, Cut::Lines)?;
        Ok(Self { pieces, index: index.unwrap_or_default().into(), items: Vec::new(), last: None })
    }

    /// Reads to the end without taking anything, so that every action can be answered.
    ///
    /// # Errors
    /// As [`Framing::next`].
    pub fn skip(&mut self) -> Result<(), IntakeError> {
        while self.next()?.is_some() {}
        Ok(())
    }

    /// The next action and the number of its line; `None` at the end. Empty lines between actions are passed.
    fn action(&mut self) -> Result<Option<(Line, u64)>, IntakeError> {
        loop {
            let RawEvent { bytes, origin } = match self.pieces.next()? {
                None => return Ok(None),
                Some(Ok(line)) => line,
                Some(Err(refusal)) => return Err(malformed(refusal.origin.line, "it is longer than any action")),
            };
            if bytes.is_empty() {
                continue;
            }
            if bytes.len() > ACTION_BYTES {
                return Err(malformed(origin.line, "it is longer than any action"));
            }
            let line = serde_json::from_slice(&bytes).map_err(|error| malformed(origin.line, &error.to_string()))?;
            return Ok(Some((line, origin.line)));
        }
    }

    fn source(&mut self, index: &Arc<str>) -> Named {
        match &self.last {
            Some((last, source)) if last == index => source.clone(),
            _ => {
                let source = names::source(index);
                self.last = Some((Arc::clone(index), source.clone()));
                source
            }
        }
    }

    fn index(&self, named: Option<String>) -> Arc<str> {
        match (named, &self.last) {
            (None, _) => Arc::clone(&self.index),
            (Some(named), Some((last, _))) if **last == *named => Arc::clone(last),
            (Some(named), _) => named.into(),
        }
    }
}

impl Framing for Bulk {
    fn next(&mut self) -> Result<Option<Result<Framed, Refusal>>, IntakeError> {
        let Some((line, number)) = self.action()? else { return Ok(None) };
        if self.items.len() == ACTIONS {
            return Err(IntakeError::TooMany { what: "actions", limit: ACTIONS as u64 });
        }
        let (verb, target) = match line {
            Line::Index(target) => (Verb::Index, target),
            Line::Create(target) => (Verb::Create, target),
            Line::Update(target) => (Verb::Update, target),
            Line::Delete(target) => (Verb::Delete, target),
        };
        let id = target.id.map(|id| match id {
            Id::Text(text) => text,
            Id::Number(number) => number.to_string(),
        });
        let index = self.index(target.index);
        let source = self.source(&index);
        let long = id.as_ref().is_some_and(|id| id.len() > ID_BYTES);
        self.items.push(Item { verb, index, id: id.filter(|_| !long).map(Into::into) });
        let refuse = |kind, reason: String| {
            let origin = crate::events::EventOrigin { file: "request".into(), line: number, unit: "line" };
            Ok(Some(Err(Refusal { origin, kind, reason })))
        };
        if verb != Verb::Delete {
            match self.pieces.next()? {
                None => {
                    let reason = format!("the request ends after the action of line {number}: its document is missing");
                    return refuse("no-document", reason);
                }
                Some(Err(refusal)) => return Ok(Some(Err(refusal))),
                Some(Ok(event)) if matches!(verb, Verb::Index | Verb::Create) && !long => match source {
                    Ok(source) => return Ok(Some(Ok(Framed { event, source }))),
                    Err(reason) => return refuse(BAD_INDEX, reason),
                },
                Some(Ok(_)) => {}
            }
        }
        match long {
            true => refuse("bad-id", format!("`_id` has more than {ID_BYTES} bytes")),
            false => {
                let verb = verb.word();
                refuse("not-supported", format!("`{verb}`: events are only added; send `index` or `create`"))
            }
        }
    }
}

/// The kind of a refusal because of its index.
const BAD_INDEX: &str = "bad-index";

fn malformed(line: u64, why: &str) -> IntakeError {
    IntakeError::Unreadable(format!(
        "line {line}: an action is due here, such as {{\"index\":{{}}}} or {{\"create\":{{}}}}, and a line of its document after it: {why}. Nothing of the request was taken"
    ))
}

#[cfg(test)]
mod tests;
