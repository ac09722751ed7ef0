//! What a plugin remembers from event to event: its windows, and whether it keeps values. Declares; the host keeps.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use super::Manifest;
use super::read::{Errors, Node, Table};
use super::{named, words};

/// Windows of a plugin at most.
const WINDOWS: usize = 8;
/// The longest length and lateness: 31 days, in seconds.
const LONGEST: u64 = 31 * 86_400;
/// The largest value that a window tells apart.
const CAP: u32 = 1_024;
/// Where the manifest says none.
const USUAL_CAP: u32 = 256;

/// One declared window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Window {
    /// What it counts.
    pub counts: Counts,
    /// Its length.
    pub length: Span,
    /// How long after its own time an event may be received and still be counted with others.
    pub lateness: Span,
    /// The largest value that is told apart, 1 to 1,024.
    pub cap: u32,
}

/// What a window counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Counts {
    Events,
    /// Different members.
    Distinct,
}

/// Values that a plugin keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// The form of its values; a version that reads another form has another number.
    pub schema: u32,
}

/// Whether the order in which events arrive decides what a rule finds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Order {
    /// Any order within the lateness leads to the same keys: it only adds to windows and compares with a threshold.
    #[default]
    Any,
    /// It asks without adding, uses `first-time` or values.
    Arrival,
}

/// A length of time in whole seconds, written as `90s`, `10m`, `24h` or `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Seconds.
    pub seconds: u64,
}

impl Span {
    /// In microseconds.
    #[must_use]
    pub fn micros(self) -> i64 {
        i64::try_from(self.seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000)
    }

    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = digits.then(|| number.parse::<u64>().ok()?.checked_mul(unit)).flatten()?;
        (seconds <= LONGEST).then_some(Self { seconds })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm')];
        let whole = units.into_iter().find(|(unit, _)| self.seconds > 0 && self.seconds.is_multiple_of(*unit));
        let (unit, letter) = whole.unwrap_or((1, 's'));
        write!(f, "{}{letter}", self.seconds / unit)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl Order {
    pub(super) const WORDS: [(&str, Order); 2] = [("any", Order::Any), ("arrival", Order::Arrival)];
}

impl Manifest {
    /// Whether the plugin remembers anything from event to event: its batches then run one after the other.
    #[must_use]
    pub fn remembers(&self) -> bool {
        !self.windows.is_empty() || self.state.is_some()
    }
}

pub(super) fn windows(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<BTreeMap<String, Window>> {
    named::each(node, ("window", WINDOWS), errors, window)
}

fn window(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<Window> {
    const COUNTS: [(&str, Counts); 2] = [("events", Counts::Events), ("distinct", Counts::Distinct)];
    let table = node.table(errors)?;
    table.only(&["counts", "length", "lateness", "cap"], errors);
    let counts = table.need("counts", "counts = \"events\"", errors).and_then(|n| n.word(&COUNTS, errors));
    let length = span(&table, "length", "length = \"10m\"", errors);
    if length == Some(Span { seconds: 0 }) {
        errors.refuse(&table.span, &format!("{}.length", table.key), "expected a length greater than 0, such as `10m`");
    }
    let lateness = span(&table, "lateness", "lateness = \"1h\"", errors);
    let cap = table.get("cap").map_or(Some(USUAL_CAP), |n| match n.positive(errors) {
        Some(cap) if cap > CAP => {
            errors.refuse(&n.span, &n.key, format!("is {cap}: a window tells values up to {CAP} apart"));
            None
        }
        cap => cap,
    });
    Some(Window { counts: counts?, length: length?, lateness: lateness?, cap: cap? })
}

fn span(table: &Table<'_>, name: &str, example: &str, errors: &mut Errors<'_>) -> Option<Span> {
    let node = table.need(name, example, errors)?;
    let text = node.str(errors)?;
    let span = Span::parse(text);
    if span.is_none() {
        let reason = format!(
            "{} is no length of time: use a whole number and s, m, h or d, such as `10m`, up to 31d",
            words::quoted(text)
        );
        errors.refuse(&node.span, &node.key, reason);
    }
    span
}

pub(super) fn state(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<State> {
    let table = node.table(errors)?;
    table.only(&["schema"], errors);
    let schema = table.need("schema", "schema = 1", errors).and_then(|n| n.positive(errors));
    Some(State { schema: schema? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lengths_of_time_are_read_and_written_in_their_largest_unit() {
        for (text, seconds, written) in
            [("90s", 90, "90s"), ("10m", 600, "10m"), ("60m", 3_600, "1h"), ("31d", 2_678_400, "31d"), ("0d", 0, "0s")]
        {
            let span = Span::parse(text).unwrap();
            assert_eq!((span.seconds, span.to_string().as_str()), (seconds, written));
            assert_eq!(span.micros(), i64::try_from(seconds).unwrap() * 1_000_000);
        }
        for bad in ["", "10", "m", "1.5h", "-1m", "10 m", "32d", "99999999999999999999d", "1w", "1é"] {
            assert_eq!(Span::parse(bad), None, "{bad}");
        }
    }
}
