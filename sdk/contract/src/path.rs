//! The path grammar: how a manifest, a plugin and a Sigma mapping name a field of an event.
//!
//! ```text
//! path   = name { "." name | "." quoted | index | "." transform }
//! name   = one or more characters other than  . [ ] " @ =  and white space (first character may not be @)
//! quoted = '"' { any character but '"' and '\' | '\"' | '\\' } '"'
//! index  = "[]"  every element, one slot each
//!        | "[n]" the element n, from 0
//!        | "[Name=Value]" the last element that is an object whose `Name` is the string `Value` (compared in case)
//! transform = "@json" parse a string that holds JSON | "@lower" Unicode lower case | "@ip" an address without port, brackets, ::ffff:
//! ```
//! `Parameters[Name=ForwardTo].Value`, `properties."odata.type"`, `Target[].ID`, `AuditData.@json.Id`, `ClientIP.@ip`.
//! Nothing may follow `@lower` or `@ip`. A path may hold several `[]`: their slots are flattened in document order.

use crate::limits;

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A member of an object; the name is compared in case.
    Name(String),
    /// `[]`: every element.
    All,
    /// `[n]`: one element, from 0.
    Index(u32),
    /// `[Name=Value]`: the last object element whose member `name` is the string `value`.
    Where {
        /// The member looked at.
        name: String,
        /// The string it must be.
        value: String,
    },
    /// `.@json`
    Json,
    /// `.@lower`
    Lower,
    /// `.@ip`
    Ip,
}

/// A parsed path. `Display` gives its canonical text; two paths that display alike are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    steps: Vec<Step>,
}

/// Why a path does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path `{path}`, at byte {at}: {reason}")]
pub struct PathError {
    /// The text that was given, shortened where it is long.
    pub path: String,
    /// Byte position in it, from 0.
    pub at: usize,
    /// What was wrong and what would do.
    pub reason: String,
}
