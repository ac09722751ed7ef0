//! Limits that host and SDK both apply. Units are in the names or the comments; the WIT says the same.

/// Rows of a batch at most.
pub const BATCH_ROWS: usize = 4_096;
/// Bytes of events in a batch at most (a single event of up to [`EVENT_BYTES`] always fits).
pub const BATCH_BYTES: usize = 8 << 20;
/// Bytes of one event at most.
pub const EVENT_BYTES: usize = 1 << 20;
/// Nesting of one event at most: arrays and objects inside each other.
pub const EVENT_DEPTH: usize = 128;

/// Findings for one trigger row at most.
pub const FINDINGS_PER_ROW: usize = 64;
/// Bytes of text of all findings for one trigger row at most.
pub const FINDING_BYTES_PER_ROW: usize = 64 << 10;
/// Bytes of all findings of one batch at most: this much ...
pub const FINDING_BYTES: usize = 256 << 10;
/// ... and this much for each of its rows. A finding counts as its text and [`FINDING_BYTES_EACH`].
pub const FINDING_BYTES_FOR_ROW: usize = 2 << 10;
/// What a finding takes beside its text, about.
pub const FINDING_BYTES_EACH: usize = 256;
/// Bytes of a title.
pub const TITLE_BYTES: usize = 256;
/// Bytes of a summary.
pub const SUMMARY_BYTES: usize = 4_096;
/// Entities of a finding.
pub const ENTITIES: usize = 64;
/// Bytes of an entity's kind.
pub const ENTITY_KIND_BYTES: usize = 64;
/// Bytes of an entity's value.
pub const ENTITY_VALUE_BYTES: usize = 1_024;
/// Context entries of a finding.
pub const CONTEXT_ENTRIES: usize = 64;
/// Bytes of a context key.
pub const CONTEXT_KEY_BYTES: usize = 128;
/// Bytes of a context value.
pub const CONTEXT_VALUE_BYTES: usize = 4_096;
/// Cited references of a finding.
pub const CITED: usize = 64;
/// Bytes of a finding's key.
pub const KEY_BYTES: usize = 512;
/// Bytes of a reference.
pub const REFERENCE_BYTES: usize = 256;

/// Bytes of one log message.
pub const LOG_MESSAGE_BYTES: usize = 8 << 10;
/// Bytes of all log messages of one call of `detect` or `configure`.
pub const LOG_BYTES: usize = 64 << 10;

/// Bytes of `run` settings as JSON.
pub const RUN_SETTINGS_BYTES: usize = 64 << 10;
/// Bytes of a manifest: ten thousand rules with their texts.
pub const MANIFEST_BYTES: usize = 16 << 20;
/// Bytes of the `load` settings that a component carries with it.
pub const LOAD_SETTINGS_BYTES: usize = 32 << 20;
/// Bytes of a path.
pub const PATH_BYTES: usize = 1_024;
/// Steps of a path.
pub const PATH_STEPS: usize = 32;

/// Entries of one call on state or a window at most: this many ...
pub const STATE_ENTRIES: usize = 1_024;
/// ... and this many for each row of the batch.
pub const STATE_ENTRIES_FOR_ROW: usize = 4;
/// Bytes of a key or member of state and windows.
pub const STATE_KEY_BYTES: usize = 1_024;
/// Entries of one version of a list at most.
pub const LIST_ENTRIES: usize = 1_000_000;
/// Bytes of a list's key, after folding.
pub const LIST_KEY_BYTES: usize = STATE_KEY_BYTES;
/// Bytes of what stands beside a key.
pub const LIST_VALUE_BYTES: usize = 4_096;
/// Bytes of keys, members and values that one call of `detect` may hand to state, windows and lists: this many ...
pub const STATE_BYTES: usize = 4 << 20;
/// ... and this many for each row.
pub const STATE_BYTES_FOR_ROW: usize = 4 << 10;
/// References that a window answers with at most: as many as a finding cites.
pub const CONTRIBUTORS: usize = CITED;
