//! Simulated traffic of forces, with attacks among it: from a seed and settings to events with their times. The same seed and
//! settings give the same bytes on any machine.
//!
//! What events look like is data (`m365/`, `entra/`, `azure/`); an attack is a story (`stories/`, one a file). Pure: reads no
//! clock, writes no file, knows no host. Memory is bounded by the rate: an event that is still to come again is kept as the
//! numbers that it is made from, not as bytes.

mod catalogue;
mod delivery;
mod dice;
mod noise;
mod people;
mod rhythm;
mod stories;
mod template;
mod times;
mod traffic;
mod truth;

pub use catalogue::SOURCES;
pub use stories::{ERRANDS, STORIES, Story};
pub use traffic::{Sent, Traffic};
pub use truth::{Finds, Planted, PlantedEvent};

/// What is simulated. Times and durations are microseconds.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The same seed, the same events.
    pub seed: u64,
    /// Which of several streams of one force: each has other events of the same people.
    pub stream: u64,
    /// When the first event arrives, since 1970 UTC.
    pub start: i64,
    /// How long events arrive.
    pub duration: i64,
    /// Events that arrive in a second on average, repeats among them.
    pub rate: f64,
    /// Events arrive now: at an even rate, without the rhythm of the day, some of what happened before the start.
    pub live: bool,
    /// The share of the service's own records in the unified audit log.
    pub noise: f64,
    /// The share of the lines of the unified audit log that are there already; below 0.9.
    pub repeats: f64,
    /// The share of events that arrive more than an hour after they happened.
    pub late: f64,
    /// The attacks on each force, each once.
    pub stories: Vec<&'static Story>,
    /// Errands of each force in a day: harmless, and a little like attacks.
    pub errands: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            stream: 0,
            start: 0,
            duration: 86_400 * delivery::SECOND,
            rate: 1.0,
            live: false,
            noise: 0.6,
            repeats: 0.4,
            late: 0.02,
            stories: Vec::new(),
            errands: 0,
        }
    }
}

/// Why nothing is simulated. The tables are part of the program: a test reads them all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("simulate/{file}: {reason}")]
pub struct SimulateError {
    file: String,
    reason: String,
}

impl SimulateError {
    fn table(file: &str, reason: &str) -> Self {
        Self { file: file.to_owned(), reason: reason.to_owned() }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is between 0 and 1")]
fn million(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * 1e6) as u64
}
