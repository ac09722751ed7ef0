//! Preparation: from a component as given to an artefact that can be mapped and run.
//!
//! Everything that touches untrusted code before it is confined (validate, compile, `configure`, snapshot) happens in a
//! child process with limits. The parent starts it, waits no longer than allowed, and believes nothing but its answer:
//! however the child ends, the parent has a clear refusal.

mod cache;
mod child;
mod limits;
mod parent;
mod prune;
mod snapshot;
mod strings;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(super) use cache::Cache;
pub use child::prepare_child;
pub(super) use parent::{Preparer, Request};

use crate::ids::Digest;
use crate::sandbox::Limit;

/// Raised whenever what an artefact is made of changes other than by wasmtime's own version.
/// A new refusal in the child is such a change: what was prepared before it was never asked.
const ARTEFACT_VERSION: &[u8] = b"cordon artefact 2";

/// What the child is to do. Written by the parent beside the component.
#[derive(Debug, Serialize, Deserialize)]
struct Job {
    component: PathBuf,
    /// Where the artefact goes.
    artefact: PathBuf,
    /// Where the answer goes.
    answer: PathBuf,
    /// `load` settings as JSON.
    load_settings: String,
    /// For the whole process.
    cpu_seconds: u32,
    /// For the whole process.
    memory_mib: u32,
    /// Bytes of the guest's linear memories while it configures.
    guest_memory: usize,
    /// Elements of the guest's tables.
    guest_table_elements: usize,
}

/// What the child answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    /// The artefact is written.
    Prepared {
        /// Of its bytes.
        sha256: Digest,
        /// What `configure` logged.
        log: Vec<String>,
    },
    /// The plugin's fault.
    Refused {
        /// In one line.
        reason: String,
        /// Where it hit one.
        limit: Option<Limit>,
    },
    /// The host's.
    Failed(String),
}

/// Names an artefact: the same component, settings, engine and CPU give the same one.
pub(super) fn key(component: Digest, load: &Map<String, Value>, engine: Digest) -> Digest {
    Digest::of_parts(&[ARTEFACT_VERSION, &component.0, canonical(load).as_bytes(), &engine.0])
}

/// JSON with sorted keys: the same settings have one text.
fn canonical(settings: &Map<String, Value>) -> String {
    let mut text = String::new();
    write_object(settings, &mut text);
    text
}

fn write_object(object: &Map<String, Value>, text: &mut String) {
    let mut members: Vec<(&String, &Value)> = object.iter().collect();
    members.sort_by_key(|(name, _)| name.as_str());
    text.push('{');
    for (name, value) in members {
        text.push_str(&Value::String(name.clone()).to_string());
        text.push(':');
        write_value(value, text);
        text.push(',');
    }
    text.push('}');
}

fn write_value(value: &Value, text: &mut String) {
    match value {
        Value::Object(object) => write_object(object, text),
        Value::Array(values) => {
            text.push('[');
            for value in values {
                write_value(value, text);
                text.push(',');
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}
