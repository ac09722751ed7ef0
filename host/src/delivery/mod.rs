//! Delivery: whom an alert is told, and that they get it. Follows the log of alerts' changes, a cursor of its own behind.
//!
//! `contacts` keeps who is told and where; `route` says who of them an alert is for and who next when
//! nobody acknowledges it (`duty`: hours, ladder), pure; `outbox` keeps what waits to be sent,
//! written in the commit that moves the cursor, so that a crash loses nothing; a worker for each contact (`worker`) sends it by
//! its channel (`channels`), so that one dead destination delays no other. Sent at least once, under the same key. Decides nothing
//! about alerts.

mod call;
mod channel;
mod channels;
mod contacts;
mod digest;
mod duty;
mod follow;
mod html;
mod ladder;
mod linked;
mod links;
mod message;
mod nolink;
mod notes;
mod ocsf;
mod outbox;
mod page;
mod route;
mod tell;
mod tenant;
mod told;
mod weekly;
mod worker;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::Sender;
use jiff::tz::TimeZone;

pub use call::Reach;
pub use channel::Channel;
pub use contacts::{Contact, ContactError, Level, NewContact};
pub use digest::{Together, Why};
pub use duty::{Calendar, Duty, Hours};
pub use linked::Linked;
pub use ocsf::Version as OcsfVersion;
pub use outbox::{Message, Waiting};
pub use page::Standing;
pub use route::{About, Next, Plan, Told, Untold};
pub use weekly::Week;

use crate::audit::Audit;
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Store, StoreError};
pub use channels::{Mail, MailTls};
use channels::{Sent, Ways};
use links::Links;
use worker::Worker;

/// What delivery works with.
pub struct Setup {
    /// Where alerts are, and what waits.
    pub store: Arc<Store>,
    /// Who did what.
    pub audit: Arc<Audit>,
    /// A force's time zone.
    pub zone: Box<dyn Fn(&Force) -> TimeZone + Send + Sync>,
    /// How e-mail is sent.
    pub mail: Option<Mail>,
    /// Who can be called at the National Management Centre.
    pub desk: Option<Reach>,
    /// The host's address as contacts reach it; none where messages have no link.
    pub public_url: Option<String>,
    /// The proxy that messages by HTTP go through.
    pub proxy: Option<String>,
    /// An authority that is trusted besides the public ones.
    pub authority: Option<PathBuf>,
    /// The time in microseconds since 1970 UTC.
    pub now: fn() -> i64,
}

/// See the module. Dropping it ends its threads.
pub struct Delivery {
    shared: Arc<Shared>,
    stop: Option<Sender<()>>,
    follows: Option<JoinHandle<()>>,
    workers: Mutex<BTreeMap<Digest, Worker>>,
}

struct Shared {
    store: Arc<Store>,
    audit: Arc<Audit>,
    contacts: Mutex<BTreeMap<Digest, Contact>>,
    /// Wakes the worker of a contact.
    wake: Mutex<BTreeMap<Digest, Sender<()>>>,
    zone: Box<dyn Fn(&Force) -> TimeZone + Send + Sync>,
    ways: Ways,
    links: Links,
    desk: Option<Reach>,
    now: fn() -> i64,
}

impl Shared {
    fn contacts(&self) -> MutexGuard<'_, BTreeMap<Digest, Contact>> {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// With whom one may tell of alerts of a force.
    fn with_roster<T>(&self, force: &Force, then: impl FnOnce(&route::Roster<'_>) -> T) -> T {
        let national = Force::national();
        let of = |contact: &&Contact| contact.force == *force || contact.force == national;
        let contacts: Vec<Contact> = self.contacts().values().filter(of).cloned().collect();
        let (zone, national_zone) = ((self.zone)(force), (self.zone)(&national));
        then(&route::Roster { contacts: &contacts, zone: &zone, national_zone: &national_zone })
    }

    /// Who is told of an alert at a step of its ladder and a time.
    fn plan(&self, about: About<'_>, step: u8, at: i64) -> Plan {
        self.with_roster(about.force, |roster| roster.plan(about, step, at))
    }

    /// Whom the reader of a message is to call.
    fn whom_to_call(&self, about: About<'_>, reader: Option<&Contact>) -> Vec<Reach> {
        self.with_roster(about.force, |roster| call::whom(about, roster.contacts, self.desk.as_ref(), reader))
    }

    /// Has a contact's worker look for what waits. It looks by itself, only later, where it was just told.
    fn wake(&self, contact: &Digest) {
        let wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(worker) = wake.get(contact) {
            let _ = worker.try_send(());
        }
    }
}

impl Delivery {
    /// Reads the contacts and starts to follow the log of alerts.
    ///
    /// # Errors
    /// The store's; files of the settings that cannot be read; and when the system gives no thread.
    pub fn start(setup: Setup) -> Result<Self, ContactError> {
        let Setup { store, audit, zone, mail, desk, public_url, proxy, authority, now } = setup;
        let ways = Ways::open(mail.as_ref(), proxy.as_deref(), authority.as_deref()).map_err(ContactError::Bad)?;
        let links = Links::open(&store, public_url.as_deref())?;
        let known = contacts::read(&store)?;
        let contacts = Mutex::new(known.clone());
        let shared = Arc::new(Shared { store, audit, contacts, wake: Mutex::default(), zone, ways, links, desk, now });
        let mut started = Self { stop: None, follows: None, workers: Mutex::default(), shared: Arc::clone(&shared) };
        for contact in known.into_values() {
            started.work(contact)?;
        }
        let (stop, stopped) = crossbeam_channel::bounded(0);
        let follows = std::thread::Builder::new().name("delivery".into());
        let follows = follows.spawn(move || follow::run(&shared, &stopped)).map_err(ContactError::Thread)?;
        (started.stop, started.follows) = (Some(stop), Some(follows));
        Ok(started)
    }

    /// Adds a contact. Nothing is told to it before it has confirmed a test message.
    ///
    /// # Errors
    /// See [`ContactError`].
    pub fn add(
        &self,
        new: NewContact,
        act: impl FnOnce(serde_json::Value) -> crate::audit::Act,
    ) -> Result<Contact, ContactError> {
        let contact = contacts::add(&self.shared, new, act)?;
        self.work(contact.clone())?;
        Ok(contact)
    }

    /// All contacts of a force, or of all.
    #[must_use]
    pub fn contacts(&self, force: Option<&Force>) -> Vec<Contact> {
        let all = self.shared.contacts();
        all.values().filter(|contact| force.is_none_or(|force| contact.force == *force)).cloned().collect()
    }

    /// Ends a contact. What waits for it goes to the dead letters. `keeps_outside`: its force must be reached outside of its tenant
    /// by another.
    ///
    /// # Errors
    /// See [`ContactError`].
    pub fn remove(
        &self,
        force: &Force,
        id: &str,
        keeps_outside: bool,
        act: impl FnOnce(serde_json::Value) -> crate::audit::Act,
    ) -> Result<(), ContactError> {
        let contact = contacts::find(&self.shared, force, id)?;
        if keeps_outside && reaches_outside(&contact) && self.reached_outside(force).count() == 1 {
            return Err(ContactError::NotNow(format!(
                "{force} is live, and `{id}` is its last confirmed contact outside of its tenant: add another first, or say why \
                 with --even-if-last"
            )));
        }
        // Its worker ends first: nothing of it is on its way then.
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).remove(&contact.key());
        self.shared.wake.lock().unwrap_or_else(PoisonError::into_inner).remove(&contact.key());
        contacts::remove(&self.shared, &contact, act)
    }

    /// Sends a contact a test message with a code in it, now.
    ///
    /// # Errors
    /// See [`ContactError`]; also where it cannot be sent.
    pub fn test(
        &self,
        force: &Force,
        id: &str,
        act: impl FnOnce(serde_json::Value) -> crate::audit::Act,
    ) -> Result<(), ContactError> {
        let (contact, code) = contacts::begin_test(&self.shared, force, id, act)?;
        let note = notes::test(&contact, &code);
        match self.shared.ways.send(&contact, &note, &Digest::of_parts(&[b"test", code.as_bytes()])) {
            Sent::Done => Ok(()),
            Sent::Later(reason) | Sent::Never(reason) | Sent::TooLarge(reason) => Err(ContactError::Unsent(reason)),
        }
    }

    /// A contact got the test message: from now on it is told.
    ///
    /// # Errors
    /// See [`ContactError`].
    pub fn confirm(
        &self,
        force: &Force,
        id: &str,
        code: &str,
        act: impl FnOnce(serde_json::Value) -> crate::audit::Act,
    ) -> Result<Contact, ContactError> {
        contacts::confirm(&self.shared, force, id, code, act)
    }

    /// Whether a contact of a force has confirmed that is reached outside of its tenant: only then may the force be live.
    #[must_use]
    pub fn is_reached_outside(&self, force: &Force) -> bool {
        self.reached_outside(force).next().is_some()
    }

    fn reached_outside(&self, force: &Force) -> impl Iterator<Item = Contact> + use<> {
        self.contacts(Some(force)).into_iter().filter(reaches_outside)
    }

    /// Who would be told of a new alert at a time, in microseconds since 1970 UTC.
    #[must_use]
    pub fn preview(&self, about: About<'_>, at: i64) -> Plan {
        let mut plan = self.shared.plan(about, 1, at);
        if self.whom_to_call(about).is_empty() {
            plan.gaps.push(format!(
                "messages of {} say nobody to call: give [delivery] desk, or `cordon contact add --call`",
                about.force
            ));
        }
        plan
    }

    /// Whom to call about an alert: of the force, and at the National Management Centre.
    #[must_use]
    pub fn whom_to_call(&self, about: About<'_>) -> Vec<Reach> {
        self.shared.whom_to_call(about, None)
    }

    /// Which contacts got the message of an exercise of a force, and when (microseconds since 1970 UTC).
    ///
    /// # Errors
    /// The store's.
    pub fn got_exercise(&self, force: &Force, id: &str) -> Result<Vec<(Contact, i64)>, StoreError> {
        let mut found = Vec::new();
        for contact in self.contacts(None) {
            let at = outbox::got_exercise(&self.shared.store, force, id, &contact)?;
            found.extend(at.map(|at| (contact, at)));
        }
        Ok(found)
    }

    /// What waits to be sent and what could not be, of a force or of all.
    ///
    /// # Errors
    /// The store's.
    pub fn waiting(&self, force: Option<&Force>) -> Result<Vec<Waiting>, StoreError> {
        let mut found = Vec::new();
        for contact in self.contacts(force) {
            found.extend(outbox::waiting(&self.shared.store, &contact)?);
        }
        Ok(found)
    }

    /// What could not be sent waits again (`true`), or is thrown away; how many messages that were.
    ///
    /// # Errors
    /// See [`ContactError`].
    pub fn dead(
        &self,
        force: &Force,
        id: &str,
        again: bool,
        act: impl FnOnce(serde_json::Value) -> crate::audit::Act,
    ) -> Result<usize, ContactError> {
        let contact = contacts::find(&self.shared, force, id)?;
        let moved = outbox::dead(&self.shared, &contact, again, act)?;
        self.shared.wake(&contact.key());
        Ok(moved)
    }

    fn work(&self, contact: Contact) -> Result<(), ContactError> {
        let key = contact.key();
        let (worker, wake) = Worker::start(Arc::clone(&self.shared), contact).map_err(ContactError::Thread)?;
        self.shared.wake.lock().unwrap_or_else(PoisonError::into_inner).insert(key, wake);
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).insert(key, worker);
        Ok(())
    }
}

fn reaches_outside(contact: &Contact) -> bool {
    contact.duty.outside && contact.confirmed.is_some()
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.follows.take() {
            let _ = thread.join();
        }
        self.shared.wake.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests;
