//! Pages of what a force has: which force, behind which number, how many rows.

use std::fmt::Write as _;

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::answer::{Refused, act, force_of};
use crate::identity::Caller;
use crate::model::Force;

/// Rows where nothing is said, and at most.
const ROWS: (usize, usize) = (100, 1_000);

/// The query of a page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(rename = "for")]
    force: Option<String>,
    after: Option<u64>,
    limit: Option<usize>,
}

/// A page that is asked for.
pub(super) struct Page {
    pub(super) force: Force,
    /// Rows behind this number.
    pub(super) after: u64,
    /// Rows at most.
    pub(super) limit: usize,
}

impl Asked {
    /// Of the caller's own force, or of the one that is named where the caller may see all.
    pub(super) fn page(&self, api: &Api, caller: &Caller) -> Result<Page, Refused> {
        let force = force_of(api, caller, self.force.as_deref())?;
        let (after, limit) = bounds(self.after, self.limit);
        Ok(Page { force, after, limit })
    }
}

impl Page {
    /// `{"findings": [...], "next": N}` of findings that are JSON already; `last` is the number of the last of the page.
    pub(super) fn of_findings(&self, found: &[(u64, String)], last: Option<u64>) -> impl IntoResponse + use<> {
        let next = last.unwrap_or(self.after);
        let mut text = String::from("{\"findings\":[");
        for (at, (_, finding)) in found.iter().enumerate() {
            let _ = write!(text, "{}{finding}", if at == 0 { "" } else { "," });
        }
        let _ = write!(text, "],\"next\":{next}}}");
        ([(CONTENT_TYPE, "application/json")], text)
    }

    /// Puts it into the audit that so many rows of the page were read.
    pub(super) fn read(&self, api: &Api, caller: &Caller, what: &'static str, rows: usize) -> Result<(), Refused> {
        let details: Value = json!({ "after": self.after, "limit": self.limit, "rows": rows });
        Ok(api.identity.record(act(caller, what, Some(self.force.clone()), details))?)
    }
}

/// Where a page begins and how many rows it has at most.
pub(super) fn bounds(after: Option<u64>, limit: Option<usize>) -> (u64, usize) {
    (after.unwrap_or(0), limit.unwrap_or(ROWS.0).clamp(1, ROWS.1))
}
