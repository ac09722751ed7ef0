//! The thread that follows the log of alerts: each change becomes messages for whom it is for, in one commit with the cursor.

use std::collections::BTreeSet;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::outbox::{self, Message};
use super::{Shared, route};
use crate::alerts::{self, Kind};
use crate::ids::Digest;
use crate::store::StoreError;

/// Between two looks.
const TICK: Duration = Duration::from_millis(100);
/// Changes of one commit.
const PAGE: usize = 256;
/// How long late alerts wait for others: ten minutes, in microseconds.
const LATE: i64 = 600_000_000;

/// The thread's life.
pub(super) fn run(shared: &Shared, stopped: &Receiver<()>) {
    let (mut cursor, mut pause) = (None, Duration::ZERO);
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        pause = match follow(shared, &mut cursor) {
            Ok(true) => Duration::ZERO,
            Ok(false) => TICK,
            Err(error) => {
                tracing::error!("alerts are not sent: {error}");
                Duration::from_secs(1)
            }
        };
    }
}

/// One page. Whether there may be more.
fn follow(shared: &Shared, cursor: &mut Option<u64>) -> Result<bool, StoreError> {
    let after = match *cursor {
        Some(after) => after,
        None => outbox::cursor(&shared.store)?,
    };
    let page = alerts::log_after(&shared.store, after, PAGE)?;
    let Some(last) = page.last() else {
        *cursor = Some(after);
        return Ok(false);
    };
    let end = last.number;
    let contacts: Vec<_> = shared.contacts().values().cloned().collect();
    let (mut effects, mut woken) = (outbox::followed(end), BTreeSet::new());
    for logged in &page {
        if !matches!(logged.change.kind, Kind::Created | Kind::Raised | Kind::Resolved | Kind::Reopened) {
            continue;
        }
        let Some(alert) = alerts::read(&shared.store, &logged.force, logged.alert)? else { continue };
        for contact in contacts.iter().filter(|contact| contact.force == alert.force) {
            if route::hears(contact, &alert).is_err() {
                continue;
            }
            let parts = [alert.reference.as_bytes(), &logged.change.revision.to_be_bytes(), &contact.key().0];
            let now = (shared.now)();
            let message = Message {
                key: Digest::of_parts(&parts),
                force: alert.force.clone(),
                alert: alert.number,
                kind: logged.change.kind,
                late: alert.late,
                since: now,
                due: if alert.late { now.saturating_add(LATE) } else { now },
                tries: 0,
                why: String::new(),
            };
            effects = effects.and(outbox::add(contact, &message)?);
            woken.insert(contact.key());
        }
    }
    shared.store.commit(effects)?;
    *cursor = Some(end);
    woken.iter().for_each(|contact| shared.wake(contact));
    Ok(page.len() == PAGE)
}
