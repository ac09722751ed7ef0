//! How grave a condition is. Pure.

use cordon_sdk::prelude::*;

/// What an event says of a condition.
pub(crate) struct Noticed<'a> {
    pub(crate) condition: &'a str,
    pub(crate) is_over: bool,
    /// How much there is, in `unit`.
    pub(crate) value: f64,
    /// How much there may be.
    pub(crate) bound: f64,
    pub(crate) unit: &'a str,
}

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Hours of disk below which nobody should sleep.
const LAST_HOURS: f64 = 2.0;
/// Percent of events refused from which detections miss much.
const MANY_REFUSED: f64 = 20.0;
/// Events passed without a result that are more than one odd batch.
const MANY_PASSED: f64 = 1_000.0;

pub(crate) fn severity(noticed: &Noticed<'_>) -> Severity {
    let Noticed { condition, is_over, value, bound, unit } = *noticed;
    if is_over {
        return Severity::Informational;
    }
    match condition {
        "source-silent" if value >= DAY => Severity::Critical,
        "source-silent" | "lane-resting" => Severity::High,
        "disk-low" if value <= LAST_HOURS => Severity::Critical,
        "disk-low" => Severity::High,
        "refusals-high" if value >= MANY_REFUSED => Severity::High,
        "lag-high" if value >= bound * 10.0 => Severity::High,
        "plugin-faulted" if value > MANY_PASSED => Severity::High,
        // `days, replaced`: another token for the same use lasts longer.
        "token-expiring" if value <= 1.0 && unit == "days" => Severity::High,
        "token-expiring" if value > 7.0 || unit != "days" => Severity::Low,
        _ => Severity::Medium,
    }
}
