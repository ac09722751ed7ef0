//! Which kinds of device used a session last, and from where. Pure.

/// Microseconds after which the same use is kept again, so that a session in use is not forgotten: a day.
const AGAIN: i64 = 86_400_000_000;

/// A session's use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Used {
    /// The kind of device.
    pub(crate) family: String,
    /// The network, roughly; empty is one of the force's own.
    pub(crate) network: String,
    pub(crate) ip: String,
    /// Microseconds since 1970 UTC.
    pub(crate) time: i64,
    /// To cite its event.
    pub(crate) reference: String,
}

/// The last use by each kind of device: three at most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Users {
    uses: Vec<Used>,
    /// Whether it was said already.
    pub(crate) told: bool,
}

impl Users {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let uses = self.uses.iter().map(|used| (&used.family, &used.network, &used.ip, used.time, &used.reference));
        serde_json::json!([self.told, uses.collect::<Vec<_>>()]).to_string().into_bytes()
    }

    /// What was kept; nothing where it is not of this version.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        type Kept = (bool, Vec<(String, String, String, i64, String)>);
        let Ok((told, uses)) = serde_json::from_slice::<Kept>(bytes) else { return Self::default() };
        let used = |(family, network, ip, time, reference)| Used { family, network, ip, time, reference };
        Self { uses: uses.into_iter().map(used).collect(), told }
    }

    /// The use by another kind of device from another network.
    pub(crate) fn elsewhere(&self, here: &Used) -> Option<&Used> {
        self.uses.iter().find(|used| used.family != here.family && used.network != here.network)
    }

    /// Takes a use in. Answers whether that is worth keeping.
    pub(crate) fn take(&mut self, here: Used) -> bool {
        match self.uses.iter_mut().find(|used| used.family == here.family) {
            Some(used) if used.network == here.network && here.time - used.time < AGAIN => false,
            // A late record is older than what is known already.
            Some(used) if used.time > here.time => false,
            Some(used) => {
                *used = here;
                true
            }
            None => {
                self.uses.push(here);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(family: &str, network: &str, time: i64) -> Used {
        let (family, network) = (family.to_owned(), network.to_owned());
        Used { family, network, ip: "192.0.2.4".to_owned(), time, reference: "r".to_owned() }
    }

    #[test]
    fn both_the_kind_of_device_and_the_network_must_differ() {
        let mut users = Users::default();
        assert!(users.take(used("Windows", "192.0", 0)) && !users.take(used("Windows", "192.0", 9)));
        assert_eq!(users.elsewhere(&used("Windows", "203.0", 1)), None);
        assert_eq!(users.elsewhere(&used("Apple", "192.0", 1)), None);
        assert!(users.elsewhere(&used("Apple", "203.0", 1)).is_some());
        assert!(users.take(used("Windows", "203.0", 5)) && !users.take(used("Windows", "192.0", 4)));
        assert_eq!(Users::read(&users.bytes()), users);
        assert_eq!(Users::read(b"x"), Users::default());
    }
}
