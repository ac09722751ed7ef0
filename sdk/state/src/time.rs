//! State time: what the events say, but never far ahead of when they came.

/// How far an event's own time may stand ahead of its receipt: ten minutes, in microseconds.
const AHEAD: i64 = 600_000_000;

/// The state time of an event: its own, but at most ten minutes behind its receipt, so that one dated 2099 ends nothing.
#[must_use]
pub fn state_time(event: i64, received: i64) -> i64 {
    event.min(received.saturating_add(AHEAD))
}

/// The lane's clock at each row: the latest state time so far, beginning with what it was before the batch.
pub(crate) fn clocks(before: i64, times: &[i64]) -> Vec<i64> {
    times
        .iter()
        .scan(before, |clock, time| {
            *clock = (*clock).max(*time);
            Some(*clock)
        })
        .collect()
}
