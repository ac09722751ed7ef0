//! What a user was seen with, and since when. Pure.

/// Of each kind at most; then the one goes that was not seen for the longest time.
const EACH: usize = 24;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// One kind: countries, devices, networks or tools, each with the day on which it was seen last.
pub(crate) type Kind = Vec<(String, i64)>;

/// Of one user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Past {
    /// Day of the first sign-in, since 1970 UTC.
    first: i64,
    /// Sign-ins, up to a thousand.
    pub(crate) sign_ins: i64,
    pub(crate) countries: Kind,
    pub(crate) devices: Kind,
    pub(crate) networks: Kind,
    pub(crate) tools: Kind,
}

impl Past {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Self { first, sign_ins, countries, devices, networks, tools } = self;
        serde_json::json!([first, sign_ins, countries, devices, networks, tools]).to_string().into_bytes()
    }

    /// What was kept; nothing where it is not of this version.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (first, sign_ins, countries, devices, networks, tools) = serde_json::from_slice(bytes).ok()?;
        Some(Self { first, sign_ins, countries, devices, networks, tools })
    }

    /// A user who was never seen.
    pub(crate) fn beginning(time: i64) -> Self {
        Self { first: time.div_euclid(DAY), ..Self::default() }
    }

    /// Days of history.
    pub(crate) fn days(&self, time: i64) -> i64 {
        (time.div_euclid(DAY) - self.first).max(0)
    }

    /// Counts a sign-in. Answers whether that is worth keeping: a thousand are enough.
    pub(crate) fn count(&mut self) -> bool {
        let more = self.sign_ins < 1_000;
        self.sign_ins += i64::from(more);
        more
    }
}

/// Takes something into a kind. Answers whether it is new there, and whether anything changed.
pub(crate) fn take(kind: &mut Kind, what: &str, time: i64) -> (bool, bool) {
    let day = time.div_euclid(DAY);
    if let Some((_, seen)) = kind.iter_mut().find(|(known, _)| known == what) {
        let later = *seen < day;
        *seen = day.max(*seen);
        return (false, later);
    }
    if kind.len() >= EACH {
        let oldest = kind.iter().enumerate().min_by_key(|(_, (_, seen))| *seen).map(|(at, _)| at);
        let _ = oldest.map(|at| kind.remove(at));
    }
    kind.push((what.to_owned(), day));
    (true, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_the_longest_unseen_goes() {
        let mut past = Past::beginning(5 * DAY);
        for day in 0..100 {
            assert_eq!(take(&mut past.countries, "GB", day * DAY).0, day == 0);
            assert_eq!(take(&mut past.countries, &format!("C{day}"), day * DAY), (true, true));
        }
        assert_eq!(past.countries.len(), EACH);
        assert!(past.countries.iter().any(|(country, _)| country == "GB"));
        assert_eq!((past.days(9 * DAY), past.days(0)), (4, 0));
        assert_eq!(Past::read(&past.bytes()), Some(past));
        assert_eq!(Past::read(b"old"), None);
    }
}
