//! The kinds of lane: whose cursor, state and findings they are. Pure.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::Digest;

/// Which of a plugin's lanes: `live`, `shadow:DIGEST` or `hunt:NUMBER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// What people are told of.
    Live,
    /// A version, by its component's digest, that runs beside the live one and tells nobody.
    Shadow(Digest),
    /// One search through stored events.
    Hunt(u64),
}

impl Lane {
    /// Whether people are told of its findings.
    #[must_use]
    pub fn is_live(self) -> bool {
        self == Self::Live
    }

    /// Its kind, without which one it is.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Shadow(_) => "shadow",
            Self::Hunt(_) => "hunt",
        }
    }

    /// For people: a digest is cut short.
    #[must_use]
    pub fn short(self) -> String {
        match self {
            Self::Shadow(digest) => format!("shadow:{}", digest.short()),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live => f.write_str("live"),
            Self::Shadow(digest) => write!(f, "shadow:{digest}"),
            Self::Hunt(number) => write!(f, "hunt:{number}"),
        }
    }
}

/// A text that is no kind of lane.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a lane is `live`, `shadow:DIGEST` or `hunt:NUMBER`")]
pub struct NoLane;

impl FromStr for Lane {
    type Err = NoLane;

    fn from_str(text: &str) -> Result<Self, NoLane> {
        match text.split_once(':') {
            None if text == "live" => Ok(Self::Live),
            Some(("shadow", digest)) => Digest::from_hex(digest).map(Self::Shadow).ok_or(NoLane),
            Some(("hunt", number)) => number.parse().map(Self::Hunt).map_err(|_| NoLane),
            _ => Err(NoLane),
        }
    }
}

impl Serialize for Lane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lane {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_is_called_means_it_again() {
        for lane in [Lane::Live, Lane::Shadow(Digest::of(b"component")), Lane::Hunt(7)] {
            assert_eq!(lane.to_string().parse(), Ok(lane));
        }
        for wrong in ["", "shadow", "shadow:12", "hunt:x", "live:1"] {
            assert_eq!(wrong.parse::<Lane>(), Err(NoLane), "{wrong}");
        }
    }
}
