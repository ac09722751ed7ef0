//! The contract's types as the host sees them. Mirrors the records and variants of `wit/v1`; holds no logic.
//!
//! What a guest hands in is read in place: a [`WasmStr`] or [`WasmList`] is a checked place in the guest's memory, and
//! nothing is copied before its length has been looked at.

use wasmtime::component::{ComponentType, Lift, Lower, WasmList, WasmStr};

/// Interfaces that a plugin may import, as they are named in a component.
pub(super) const EVENTS: &str = "cordon:detection/events@1.0.0";
pub(super) const FINDINGS: &str = "cordon:detection/findings@1.0.0";
pub(super) const SETTINGS: &str = "cordon:detection/settings@1.0.0";
pub(super) const STATE: &str = "cordon:detection/state@1.0.0";
pub(super) const WINDOWS: &str = "cordon:detection/windows@1.0.0";
pub(super) const LISTS: &str = "cordon:detection/lists@1.0.0";
pub(super) const LOG: &str = "cordon:detection/log@1.0.0";
pub(super) const TYPES: &str = "cordon:detection/types@1.0.0";
/// All of them.
pub(super) const INTERFACES: &[&str] = &[TYPES, EVENTS, FINDINGS, SETTINGS, STATE, WINDOWS, LISTS, LOG];
/// Functions that a plugin exports.
pub(super) const CONFIGURE: &str = "configure";
pub(super) const DETECT: &str = "detect";
/// Where its state had another schema before.
pub(super) const MIGRATE: &str = "migrate";

/// The `batch` resource. A run has exactly one, so the handle says nothing more.
pub(super) struct BatchHandle;

/// `types.access-error`
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower)]
#[component(variant)]
pub(super) enum AccessFault {
    #[component(name = "not-declared")]
    NotDeclared(String),
    #[component(name = "needs-grant")]
    NeedsGrant(String),
    #[component(name = "bad-path")]
    BadPath(String),
    #[component(name = "bad-rows")]
    BadRows(String),
    #[component(name = "many-values")]
    ManyValues(String),
    #[component(name = "other")]
    #[allow(dead_code, reason = "the contract's room for later hosts")]
    Other(String),
}

/// `types.emit-error`
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower)]
#[component(variant)]
pub(super) enum EmitFault {
    #[component(name = "bad-row")]
    BadRow(String),
    #[component(name = "bad-rule")]
    BadRule(String),
    #[component(name = "bad-reference")]
    BadReference(String),
    #[component(name = "bad-field")]
    BadField(String),
    #[component(name = "too-large")]
    TooLarge(String),
    #[component(name = "too-many")]
    TooMany(String),
    #[component(name = "other")]
    #[allow(dead_code, reason = "the contract's room for later hosts")]
    Other(String),
}

impl EmitFault {
    pub(super) fn reason(&self) -> &str {
        match self {
            EmitFault::BadRow(text)
            | EmitFault::BadRule(text)
            | EmitFault::BadReference(text)
            | EmitFault::BadField(text)
            | EmitFault::TooLarge(text)
            | EmitFault::TooMany(text)
            | EmitFault::Other(text) => text,
        }
    }
}

/// `types.state-error`
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower)]
#[component(variant)]
pub(super) enum StateFault {
    #[component(name = "not-declared")]
    NotDeclared(String),
    #[component(name = "bad-rows")]
    BadRows(String),
    #[component(name = "fed-already")]
    FedAlready(String),
    #[component(name = "too-large")]
    TooLarge(String),
    #[component(name = "other")]
    Other(String),
}

impl StateFault {
    pub(super) fn reason(&self) -> &str {
        match self {
            StateFault::NotDeclared(text)
            | StateFault::BadRows(text)
            | StateFault::FedAlready(text)
            | StateFault::TooLarge(text)
            | StateFault::Other(text) => text,
        }
    }
}

/// `windows.entry`, in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct FeedArgument {
    pub(super) row: u32,
    pub(super) key: WasmStr,
    pub(super) member: WasmStr,
    pub(super) add: bool,
}

/// `windows.answer`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lower)]
#[component(record)]
pub(super) struct AnswerRecord {
    pub(super) value: u32,
    pub(super) capped: bool,
    #[component(name = "first-time")]
    pub(super) first_time: bool,
}

/// `state.place`, in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct PlaceArgument {
    pub(super) row: u32,
    pub(super) key: WasmStr,
}

/// `state.entry`, in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct SetArgument {
    pub(super) row: u32,
    pub(super) key: WasmStr,
    pub(super) value: WasmList<u8>,
    pub(super) seconds: u32,
}

/// `types.failure`
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift)]
#[component(variant)]
pub(super) enum Failure {
    #[component(name = "bad-settings")]
    BadSettings(String),
    #[component(name = "bad-event")]
    BadEvent(String),
    #[component(name = "other")]
    Other(String),
}

impl Failure {
    /// One line for people, at most 4 KiB.
    pub(super) fn reason(&self) -> String {
        let (what, text) = match self {
            Failure::BadSettings(text) => ("bad settings: ", text),
            Failure::BadEvent(text) => ("bad event: ", text),
            Failure::Other(text) => ("", text),
        };
        format!("{what}{}", shortened(text, 4096))
    }
}

/// `types.migrate-failure`
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift)]
#[component(variant)]
pub(super) enum MigrateFailure {
    #[component(name = "unsupported")]
    Unsupported(String),
    #[component(name = "bad-value")]
    BadValue(String),
    #[component(name = "other")]
    Other(String),
}

/// `types.entity`, in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct EntityArgument {
    pub(super) kind: WasmStr,
    pub(super) value: WasmStr,
}

/// `types.context-entry`, in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct ContextArgument {
    pub(super) key: WasmStr,
    pub(super) value: WasmStr,
}

/// `types.finding`, in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct FindingArgument {
    pub(super) row: u32,
    pub(super) rule: WasmStr,
    pub(super) severity: Option<WasmStr>,
    pub(super) confidence: Option<WasmStr>,
    pub(super) title: Option<WasmStr>,
    pub(super) summary: WasmStr,
    pub(super) entities: WasmList<EntityArgument>,
    pub(super) context: WasmList<ContextArgument>,
    pub(super) cited: WasmList<WasmStr>,
    pub(super) key: WasmStr,
}

/// `log.level`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "made by lifting only")]
pub(super) enum LevelArgument {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

/// `log.explanation`, in the guest's memory.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct ExplanationArgument {
    pub(super) row: u32,
    pub(super) field: WasmStr,
    pub(super) predicate: WasmStr,
    pub(super) value: Option<WasmStr>,
    pub(super) held: bool,
}

/// `text`, or its first `limit` bytes (cut between characters) and a mark that it was cut.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    format!("{}… ({} bytes)", &text[..text.floor_char_boundary(limit)], text.len())
}
