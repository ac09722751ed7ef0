//! The thread that follows the log of alerts: each change becomes messages for whom it is for, in one commit with the cursor. What nobody
//! acknowledges in time becomes messages for those of the next step.

use std::collections::BTreeSet;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::tell::{Told, tell, update};
use super::{Shared, ladder, outbox, weekly};
use crate::alerts::{self, Kind, State};
use crate::store::{Effects, StoreError};

/// Between two looks.
const TICK: Duration = Duration::from_millis(100);
/// Changes of one commit.
const PAGE: usize = 256;

/// The thread's life.
pub(super) fn run(shared: &Shared, stopped: &Receiver<()>) {
    let (mut cursor, mut climbed, mut pause) = (None, None, Duration::ZERO);
    let mut looked = 0;
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        pause = match climb(shared, &mut climbed)
            .and_then(|()| weekly::sum_up(shared, &mut looked))
            .and_then(|()| follow(shared, &mut cursor))
        {
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
    let (mut end, mut seen) = (after, BTreeSet::new());
    let (mut effects, mut woken) = (Effects::new(), BTreeSet::new());
    for logged in &page {
        // An alert's next change asks who was told of it: that is to be in the store then.
        if !seen.insert((&logged.force, logged.alert)) {
            break;
        }
        end = logged.number;
        let Some(alert) = alerts::read(&shared.store, &logged.force, logged.alert)? else { continue };
        let change = &logged.change;
        let told = match change.kind {
            Kind::Created | Kind::Raised => tell(shared, &alert, Told::Change(change), &mut woken)?,
            Kind::Acknowledged | Kind::Started | Kind::Contained | Kind::Resolved | Kind::Reopened => {
                update(shared, &alert, change, &mut woken)?
            }
            Kind::Assigned | Kind::Noted => continue,
        };
        effects = effects.and(told);
    }
    if end > after {
        shared.store.commit(effects.and(outbox::followed(end)))?;
    }
    *cursor = Some(end);
    woken.iter().for_each(|contact| shared.wake(contact));
    Ok(page.len() == PAGE || page.last().is_some_and(|last| last.number > end))
}

/// What nobody has acknowledged in time: those of the next step are told. `last`: when that was looked at last.
fn climb(shared: &Shared, last: &mut Option<i64>) -> Result<(), StoreError> {
    let now = (shared.now)();
    let (steps, mut effects) = ladder::due(&shared.store, now, *last)?;
    if steps.is_empty() {
        *last = Some(now);
        return Ok(());
    }
    let mut woken = BTreeSet::new();
    for step in steps {
        let alert = alerts::read(&shared.store, &step.force, step.alert)?;
        let Some(alert) = alert.filter(|alert| alert.state == State::New) else { continue };
        effects = effects.and(tell(shared, &alert, Told::Step(&step), &mut woken)?);
    }
    shared.store.commit(effects)?;
    *last = Some(now);
    woken.iter().for_each(|contact| shared.wake(contact));
    Ok(())
}
