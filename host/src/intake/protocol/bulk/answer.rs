//! The answer to a `_bulk` request: an item for each action, in order, as Elasticsearch's clients read it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{BAD_INDEX, Bulk, Item};
use crate::intake::framed::TOO_MANY_SOURCES;

/// What became of a request whose actions could all be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken, but for the refused: by place (from 0), kind and reason.
    Taken {
        /// Sequence number of the first event that was taken.
        first: Option<u64>,
        /// The items that were not.
        refused: BTreeMap<u64, (&'static str, String)>,
    },
    /// Nothing was taken, for a reason of the moment: every item is to be sent again.
    Later(String),
}

/// The answer's body; `took` is in milliseconds.
#[must_use]
pub fn answer(bulk: &Bulk, outcome: &Outcome, took: u64) -> String {
    let errors = match outcome {
        Outcome::Taken { refused, .. } => !refused.is_empty(),
        Outcome::Later(_) => true,
    };
    let mut text = format!("{{\"took\":{took},\"errors\":{errors},\"items\":[");
    for (place, item) in (0_u64..).zip(&bulk.items) {
        if place > 0 {
            text.push(',');
        }
        let body = match outcome {
            Outcome::Later(reason) => refused(item, "busy", reason, 429),
            Outcome::Taken { first, refused: these } => match these.get(&place) {
                Some((kind, reason)) => refused(item, kind, reason, status(kind)),
                None => taken(item, first.unwrap_or(0), place),
            },
        };
        text.push_str(&json!({ item.verb.word(): body }).to_string());
    }
    text.push_str("]}");
    text
}

fn taken(item: &Item, first: u64, place: u64) -> Value {
    let id = item.id.as_deref().map_or_else(|| format!("{first}-{place}"), str::to_owned);
    json!({
        "_index": &*item.index,
        "_id": id,
        "_version": 1,
        "result": "created",
        "_shards": { "total": 1, "successful": 1, "failed": 0 },
        "_seq_no": first,
        "_primary_term": 1,
        "status": 201,
    })
}

fn refused(item: &Item, kind: &str, reason: &str, status: u16) -> Value {
    let class = match (status, kind) {
        (429, _) => "es_rejected_execution_exception",
        (_, BAD_INDEX) => "invalid_index_name_exception",
        (_, "not-supported" | "bad-id" | "no-document") => "illegal_argument_exception",
        _ => "document_parsing_exception",
    };
    let reason = format!("{kind}: {reason}");
    json!({
        "_index": &*item.index,
        "_id": item.id.as_deref(),
        "status": status,
        "error": { "type": class, "reason": reason },
    })
}

/// 429: what the client sends again, and may then be taken. 400: what it would send in vain.
fn status(kind: &str) -> u16 {
    match kind {
        TOO_MANY_SOURCES => 429,
        _ => 400,
    }
}
