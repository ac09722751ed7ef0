//! When an event arrives: some minutes after it happened, some hours after, or again and again; and so in another order than
//! it happened.

use super::dice::Dice;
use super::noise::repeated;
use super::{Settings, million};

/// An event is late when it comes more than so long after it happened.
const LATE: i64 = 3_600 * SECOND;
const LATEST: i64 = 8 * LATE;
/// Deliveries of one event at most; ten were seen.
const DELIVERIES: usize = 10;
/// Between one delivery of an event and the next, at most.
const AGAIN: i64 = 1_800 * SECOND;
pub(super) const SECOND: i64 = 1_000_000;

/// What to do with events, as the settings say.
#[derive(Debug)]
pub(super) struct Delivery {
    late: u64,
    repeats: f64,
    /// The longest that one delivery waits for another, and an event for its first where it is not late.
    again: i64,
    ordinary: i64,
    /// Before it nothing happened.
    earliest: i64,
}

impl Delivery {
    pub(super) fn new(settings: &Settings) -> Self {
        // A short run has its repeats too.
        let again = AGAIN.min(settings.duration / 20).max(1);
        let earliest = if settings.live { i64::MIN } else { settings.start };
        let ordinary = if settings.live { i64::MAX } else { (settings.duration / 20).max(1) };
        Self { late: million(settings.late), repeats: settings.repeats, again, ordinary, earliest }
    }

    /// When what arrives now happened.
    pub(super) fn happened(&self, dice: &mut Dice, source: usize, at: i64) -> i64 {
        let late = at.saturating_sub(dice.between(LATE, LATEST));
        if dice.happens(self.late) && late >= self.earliest {
            return late;
        }
        // The unified audit log takes minutes, the others seconds; most are quicker than the slowest.
        let slowest = if source == 0 { 900 * SECOND } else { 120 * SECOND };
        let slowest = slowest.min(self.ordinary);
        let delay = dice.between(0, slowest).min(dice.between(0, slowest));
        (at - delay).max(self.earliest)
    }

    /// The times at which it comes again.
    pub(super) fn again(&self, dice: &mut Dice, source: usize, at: i64) -> Vec<i64> {
        let more = million(repeated(source, self.repeats));
        let mut times = Vec::new();
        let mut next = at;
        while times.len() + 1 < DELIVERIES && dice.happens(more) {
            next += dice.between(1, self.again + 1);
            times.push(next);
        }
        times
    }
}
