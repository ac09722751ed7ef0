//! Since when an application read mail here, and on how many days. Pure.

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// When the day after a time begins.
pub(crate) fn next_day(time: i64) -> i64 {
    time.div_euclid(DAY).saturating_add(1).saturating_mul(DAY)
}

/// Of one application, or of the force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Past {
    /// The first day since 1970 UTC.
    first: i64,
    /// The last one.
    last: i64,
    /// On how many days.
    pub(crate) on: i64,
}

impl Past {
    pub(crate) fn bytes(self) -> Vec<u8> {
        serde_json::json!([self.first, self.last, self.on]).to_string().into_bytes()
    }

    /// What was kept; nothing where it is not of this version.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).map(|(first, last, on)| Self { first, last, on }).ok()
    }

    /// Days of history before a time.
    pub(crate) fn days(self, time: i64) -> i64 {
        (time.div_euclid(DAY) - self.first).max(0)
    }

    /// What is to be kept after a time; nothing where it would say the same, once a day.
    pub(crate) fn after(known: Option<Self>, time: i64) -> Option<Self> {
        let day = time.div_euclid(DAY);
        match known {
            None => Some(Self { first: day, last: day, on: 1 }),
            Some(Self { first, last, on }) if day > last => Some(Self { first, last: day, on: on.saturating_add(1) }),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_once_and_not_backwards() {
        let first = Past::after(None, 5 * DAY).unwrap();
        assert_eq!((Past::after(Some(first), 5 * DAY + 7), Past::after(Some(first), 0)), (None, None));
        let later = Past::after(Some(first), 9 * DAY).unwrap();
        assert_eq!((later.on, later.days(10 * DAY), later.days(0)), (2, 5, 0));
        assert_eq!((Past::read(&later.bytes()), Past::read(b"x")), (Some(later), None));
    }
}
