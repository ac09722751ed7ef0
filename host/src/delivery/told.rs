//! Who was told of which alert: they are told what becomes of it.

use super::Contact;
use crate::alerts::{self, Alert};
use crate::ids::Digest;
use crate::store::{Effects, Space, Store, StoreError};

/// An alert has no more contacts than there are.
const MOST: usize = 1_024;

fn of_alert(alert: &Alert) -> Vec<u8> {
    alerts::key(&alert.force, alert.number)
}

/// The effect that a contact is told of an alert; `since` in microseconds since 1970 UTC.
pub(super) fn put(alert: &Alert, contact: &Contact, since: i64) -> Effects {
    let at = [of_alert(alert).as_slice(), &contact.key().0].concat();
    Effects::new().put(Space::Told, &at, since.to_be_bytes().to_vec())
}

/// Who was told of an alert.
pub(super) fn of(store: &Store, alert: &Alert) -> Result<Vec<Digest>, StoreError> {
    let of = of_alert(alert);
    let pairs = store.list(Space::Told, &of, None, MOST)?;
    Ok(pairs.iter().filter_map(|(at, _)| Some(Digest(at.get(of.len()..)?.try_into().ok()?))).collect())
}
