//! Since when something is known: baselines say how much history they stand on. Pure.

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Since when an account, an application or a force is known, and the day on which that was kept last.
///
/// Its bytes go into [`State`](crate::State) once a day, so that what is known for long does not expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// Days since 1970 UTC.
    first: i64,
    /// The same.
    last: i64,
}

impl Since {
    /// As it is kept in [`State`](crate::State).
    #[must_use]
    pub fn bytes(self) -> Vec<u8> {
        serde_json::json!([self.first, self.last]).to_string().into_bytes()
    }

    /// What was kept; nothing where it is something else.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).map(|(first, last)| Self { first, last }).ok()
    }

    /// Days of history at a time (microseconds since 1970 UTC); 0 at a time before.
    #[must_use]
    pub fn days(self, time: i64) -> i64 {
        (time.div_euclid(DAY) - self.first).max(0)
    }

    /// What is to be kept after something was seen at a time; nothing where it would say the same, once a day.
    #[must_use]
    pub fn after(known: Option<Self>, time: i64) -> Option<Self> {
        let day = time.div_euclid(DAY);
        match known {
            None => Some(Self { first: day, last: day }),
            Some(Self { first, last }) if day > last => Some(Self { first, last: day }),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_since_a_day_is_kept_once_a_day() {
        let since = Since::after(None, 5 * DAY).unwrap();
        assert_eq!((Since::after(Some(since), 5 * DAY + 1), Since::after(Some(since), 4 * DAY)), (None, None));
        let later = Since::after(Some(since), 9 * DAY).unwrap();
        assert_eq!((later.days(10 * DAY), later.days(0)), (5, 0));
        assert_eq!((Since::read(&later.bytes()), Since::read(b"x")), (Some(later), None));
    }
}
