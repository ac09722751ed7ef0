//! What the host, the SDK and its macros must agree on: the path grammar, the manifest and the limits.
//!
//! Owns no I/O: callers read files and hand in text. Knows no Wasm and no JSON parser of events.

pub mod limits;
#[cfg(feature = "manifest")]
pub mod manifest;
pub mod path;
pub mod transform;

/// Name of the custom section of a component that holds its `cordon.toml`, byte for byte.
pub const MANIFEST_SECTION: &str = "cordon:manifest";

/// Name of the custom section of a component that holds `load` settings of its own, as a JSON object: in their place stands what
/// the operator gives.
pub const LOAD_SETTINGS_SECTION: &str = "cordon:load-settings";

/// The contract's package and version, as it stands in a component's imports.
pub const WIT_PACKAGE: &str = "cordon:detection";

/// The contract's version.
pub const WIT_VERSION: &str = "1.0.0";
