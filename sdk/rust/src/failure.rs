//! Why a plugin gives up. Deterministic by definition: the same input fails again, so the host does not retry for long.

use std::fmt;

/// What `configure` and `detect` answer when they cannot go on.
///
/// ```
/// # use cordon_sdk::Failure;
/// fn threshold(text: &str) -> Result<u32, Failure> {
///     text.parse().map_err(|_| Failure::bad_settings(format!("`threshold` is `{text}`: use a whole number")))
/// }
/// assert_eq!(threshold("x").unwrap_err().to_string(), "bad settings: `threshold` is `x`: use a whole number");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Settings that parse but cannot work; the text names the setting.
    BadSettings(String),
    /// An event that the plugin cannot judge; the text names the row and the field.
    BadEvent(String),
    /// Anything else.
    Other(String),
}

impl Failure {
    /// Settings that parse but cannot work: name the setting, what it is and what would do.
    #[must_use]
    pub fn bad_settings(text: impl Into<String>) -> Self {
        Self::BadSettings(text.into())
    }

    /// An event that cannot be judged: name the field. Prefer to go on: one odd event should not stop the batch.
    #[must_use]
    pub fn bad_event(text: impl Into<String>) -> Self {
        Self::BadEvent(text.into())
    }

    /// Anything else.
    #[must_use]
    pub fn other(text: impl Into<String>) -> Self {
        Self::Other(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadSettings(text) => write!(f, "bad settings: {text}"),
            Self::BadEvent(text) => write!(f, "bad event: {text}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Failure {}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Other(text)
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        Self::Other(text.to_owned())
    }
}
