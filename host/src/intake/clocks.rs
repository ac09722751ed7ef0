//! What event times say of the sender's clock.

use crate::events::Batch;

/// Microseconds that an event's time may be ahead of its arrival: more is a wrong clock.
pub const AHEAD: i64 = 300_000_000;

/// Event times of a request's events of one source, beside their arrival.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clock {
    /// Events with a time of their own.
    pub events: u64,
    /// Of these, ahead of their arrival by more than [`AHEAD`].
    pub ahead: u64,
    /// By how much the furthest of them was ahead, in microseconds.
    pub furthest: i64,
    /// How late the least late event was, in microseconds; nothing where there is no event.
    pub least_late: i64,
}

impl Clock {
    /// Of all events of a batch.
    #[must_use]
    pub fn of(batch: &Batch) -> Self {
        let mut clock = Self::default();
        let rows = batch.times().iter().zip(batch.received()).zip(batch.marks());
        for ((time, received), _) in rows.filter(|(_, marks)| **marks & 1 == 0) {
            let late = received.saturating_sub(*time);
            let least = if clock.events == 0 { late } else { clock.least_late.min(late) };
            clock.least_late = least;
            clock.events += 1;
            if late < -AHEAD {
                clock.ahead += 1;
                clock.furthest = clock.furthest.max(-late);
            }
        }
        clock
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self.events == 0 || other.events == 0 {
            return if self.events == 0 { other } else { self };
        }
        Self {
            events: self.events + other.events,
            ahead: self.ahead + other.ahead,
            furthest: self.furthest.max(other.furthest),
            least_late: self.least_late.min(other.least_late),
        }
    }
}
