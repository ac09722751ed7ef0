//! Where and when somebody was, how it is kept, and how fast one must have been from there to here.

/// Microseconds of an hour.
const HOUR: f64 = 3_600_000_000.0;
/// What Entra's clocks and those of relays may differ by.
const CLOCKS: i64 = 60_000_000;

/// A place at a time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// Microseconds since 1970 UTC.
    pub(crate) time: i64,
    /// Degrees.
    pub(crate) latitude: f64,
    /// Degrees.
    pub(crate) longitude: f64,
    pub(crate) country: String,
    pub(crate) city: String,
    pub(crate) ip: String,
    /// To cite its event.
    pub(crate) reference: String,
}

impl Place {
    /// As it is kept.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Self { time, latitude, longitude, country, city, ip, reference } = self;
        serde_json::json!([time, latitude, longitude, country, city, ip, reference]).to_string().into_bytes()
    }

    /// What was kept; nothing where it is not of this version.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (time, latitude, longitude, country, city, ip, reference) = serde_json::from_slice(bytes).ok()?;
        Some(Self { time, latitude, longitude, country, city, ip, reference })
    }

    /// For people: `Auckland, NZ`.
    pub(crate) fn name(&self) -> String {
        let parts = [self.city.as_str(), self.country.as_str()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }

    /// Kilometres along the earth.
    pub(crate) fn kilometres(&self, other: &Self) -> f64 {
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let (up, along) = ((b - a) / 2.0, (other.longitude - self.longitude).to_radians() / 2.0);
        let half = up.sin().powi(2) + a.cos() * b.cos() * along.sin().powi(2);
        2.0 * 6_371.0 * half.clamp(0.0, 1.0).sqrt().asin()
    }

    /// Whether somebody who travels so many kilometres an hour could not be at both; places nearer than `least` are one.
    pub(crate) fn too_far(&self, other: &Self, speed: f64, least: f64) -> bool {
        let kilometres = self.kilometres(other);
        #[allow(clippy::cast_precision_loss, reason = "hours need no microseconds")]
        let hours = (self.time.abs_diff(other.time).cast_signed() + CLOCKS).max(0) as f64 / HOUR;
        kilometres >= least && kilometres > speed * hours
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(minutes: i64, latitude: f64, longitude: f64) -> Place {
        let text = || "x".to_owned();
        let (country, city, ip, reference) = (text(), text(), text(), text());
        Place { time: minutes * 60_000_000, latitude, longitude, country, city, ip, reference }
    }

    #[test]
    fn distances_are_those_of_the_earth() {
        let london = place(0, 51.5, -0.12);
        for (latitude, longitude, kilometres) in
            [(51.5, -0.12, 0.0), (48.86, 2.35, 343.0), (-36.85, 174.76, 18_340.0), (-51.5, 179.88, 20_015.0)]
        {
            let far = london.kilometres(&place(0, latitude, longitude));
            assert!((far - kilometres).abs() < kilometres / 100.0 + 1.0, "{far} {kilometres}");
        }
    }

    #[test]
    fn an_airliner_may_arrive_and_a_stolen_password_may_not() {
        let (home, york) = (place(0, 51.5, -0.12), |minutes| place(minutes, 40.71, -74.0));
        assert!(york(60).too_far(&home, 1_000.0, 500.0) && home.too_far(&york(60), 1_000.0, 500.0));
        assert!(!york(420).too_far(&home, 1_000.0, 500.0));
        // Paris is near enough to be an error of the map.
        assert!(!place(1, 48.86, 2.35).too_far(&home, 1_000.0, 500.0));
    }

    #[test]
    fn what_is_kept_is_read_again_and_what_is_not_ours_is_not() {
        let kept = place(7, -36.85, 174.76);
        assert_eq!(Place::read(&kept.bytes()), Some(kept));
        assert_eq!(Place::read(b"[1]"), None);
    }
}
