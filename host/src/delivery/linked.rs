//! What the link of a message leads to: alerts as they are now, at their contact's level of detail, and what the contact may do.

use super::ladder::Deadline;
use super::page::{self, Standing};
use super::{Contact, Delivery, ladder, links, route};
use crate::alerts::{self, Alert, State};
use crate::store::StoreError;

/// What a link leads to.
#[derive(Debug, Clone)]
pub struct Linked {
    /// The alerts, as they are now; at least one.
    pub alerts: Vec<Alert>,
    /// Whose link it is.
    pub contact: Contact,
}

impl Linked {
    /// Whether its contact may see an alert: not one that is about them.
    #[must_use]
    pub fn may_see(&self, alert: &Alert) -> bool {
        route::hears(&self.contact, alert.into()).is_ok()
    }
}

impl Delivery {
    /// What the link of a message leads to; none where its code is none or not good any more, its contact is gone, or the alert is
    /// about them.
    ///
    /// # Errors
    /// The store's.
    pub fn linked(&self, code: &str) -> Result<Option<Linked>, StoreError> {
        let shared = &self.shared;
        let Some(link) = links::find(&shared.store, code, (shared.now)())? else { return Ok(None) };
        let Some(contact) = shared.contacts().get(&link.contact).cloned() else { return Ok(None) };
        let mut linked = Linked { alerts: Vec::new(), contact };
        for (force, number) in &link.alerts {
            let alert = alerts::read(&shared.store, force, *number)?;
            linked.alerts.extend(alert.filter(|alert| route::hears(&linked.contact, alert.into()).is_ok()));
        }
        Ok(if linked.alerts.is_empty() { None } else { Some(linked) })
    }

    /// The page behind a link, or behind none; and what a browser may do with it.
    ///
    /// # Errors
    /// The store's.
    pub fn page(&self, of: Option<(&Linked, &[Standing])>) -> Result<(String, String), StoreError> {
        let shared = &self.shared;
        let Some((Linked { alerts, contact }, standings)) = of else {
            return Ok((page::none(shared.desk.as_ref()), page::policy()));
        };
        let mut parts = Vec::new();
        for (alert, standing) in alerts.iter().zip(standings) {
            let calls = shared.whom_to_call(alert.into(), Some(contact));
            let (zone, deadline) = ((shared.zone)(&alert.force), ladder::deadline(&shared.store, alert)?);
            parts.push(page::Part { alert, standing: *standing, zone, deadline, calls });
        }
        Ok((page::of(&parts, contact), page::policy()))
    }

    /// When an alert is to be acknowledged, microseconds since 1970 UTC; none where nobody waits for that.
    ///
    /// # Errors
    /// The store's.
    pub fn answer_by(&self, alert: &Alert) -> Result<Option<i64>, StoreError> {
        Ok(match ladder::deadline(&self.shared.store, alert)? {
            Deadline::At(by) if alert.state == State::New => Some(by),
            _ => None,
        })
    }
}
