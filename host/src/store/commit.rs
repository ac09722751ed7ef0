//! The commit thread: gathers effects that wait into one batch, makes it durable, answers.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::StoreError;
use super::commits::{self, Commits};
use super::effects::{Change, Effects};
use super::shown::{Changes, Shown};

/// Commits of one batch at most.
const GROUP: usize = 256;

/// Effects on their way to the disk.
pub(super) struct Commit {
    pub(super) effects: Effects,
    pub(super) answer: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

/// See the module.
pub(super) struct Committer {
    db: sled::Db,
    /// Sled's log.
    log: File,
    path: PathBuf,
    made: Commits,
    commits: Receiver<Commit>,
    common: Common,
    /// The number last given to each growing list, once looked up.
    numbers: HashMap<Vec<u8>, u64>,
}

/// What the thread has in common with the store.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) shown: Arc<Shown>,
    pub(super) synced: Arc<OnceLock<Synced>>,
    /// The first failed write. After it nothing is known of the disk.
    pub(super) broken: Arc<OnceLock<StoreError>>,
}

/// Told how long each write and sync took.
pub(super) type Synced = Box<dyn Fn(Duration) + Send + Sync>;

impl Committer {
    pub(super) fn new(
        db: sled::Db,
        log: File,
        path: PathBuf,
        made: Commits,
        commits: Receiver<Commit>,
        common: Common,
    ) -> Self {
        Self { db, log, path, made, commits, common, numbers: HashMap::new() }
    }

    pub(super) fn run(mut self) {
        while let Ok(first) = self.commits.recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(more) = self.commits.try_recv()
            {
                group.push(more);
            }
            self.group(group);
        }
        self.made.sync();
    }

    fn group(&mut self, group: Vec<Commit>) {
        let mut changes = Changes::new();
        let mut made = Vec::with_capacity(group.len());
        for Commit { effects, answer } in group {
            let result = match self.common.broken.get() {
                Some(error) => Err(StoreError::Broken(error.to_string())),
                None => self.take(effects, &mut changes),
            };
            match result {
                Ok(()) => made.push(answer),
                Err(error) => answer(Err(error)),
            }
        }
        let result = if changes.is_empty() { Ok(()) } else { self.write(changes) };
        if let Err(error) = &result {
            let _ = self.common.broken.set(error.clone());
        }
        made.into_iter().for_each(|answer| answer(result.clone()));
    }

    /// Adds one commit's effects to the group's, or nothing of them.
    fn take(&mut self, effects: Effects, changes: &mut Changes) -> Result<(), StoreError> {
        for (key, expected) in effects.expected {
            if self.get(&key, changes)? != expected {
                return Err(StoreError::Conflict);
            }
        }
        let mut own = Changes::new();
        let mut numbers = HashMap::new();
        self.changes(effects.changes, changes, &mut own, &mut numbers)?;
        changes.append(&mut own);
        self.numbers.extend(numbers);
        Ok(())
    }

    fn changes(
        &self,
        changes: Vec<Change>,
        group: &Changes,
        own: &mut Changes,
        numbers: &mut HashMap<Vec<u8>, u64>,
    ) -> Result<(), StoreError> {
        changes.into_iter().try_for_each(|change| self.change(change, group, own, numbers))
    }

    fn change(
        &self,
        change: Change,
        group: &Changes,
        own: &mut Changes,
        numbers: &mut HashMap<Vec<u8>, u64>,
    ) -> Result<(), StoreError> {
        match change {
            Change::Set { key, value } => {
                own.insert(key, value);
            }
            Change::Number { prefix, value } => {
                self.append(prefix, value, own, numbers)?;
            }
            Change::Add { key, delta } => {
                let before = match own.get(&key) {
                    Some(value) => value.clone(),
                    None => self.get(&key, group)?,
                };
                let before = before.map_or(Ok(0), |value| self.counter(&value))?;
                own.insert(key, Some(before.saturating_add(delta).to_le_bytes().to_vec()));
            }
            Change::Once { key, value, then } => {
                if !self.is_set(&key, group, own)? {
                    own.insert(key, Some(value));
                    self.changes(then, group, own, numbers)?;
                }
            }
            Change::Listed { key, prefix, value, then } => {
                if !self.is_set(&key, group, own)? {
                    let number = self.append(prefix, value, own, numbers)?;
                    own.insert(key, Some(number.to_be_bytes().to_vec()));
                    self.changes(then, group, own, numbers)?;
                }
            }
        }
        Ok(())
    }

    /// Adds a value to a growing list. The number that it got.
    fn append(
        &self,
        mut prefix: Vec<u8>,
        value: Vec<u8>,
        own: &mut Changes,
        numbers: &mut HashMap<Vec<u8>, u64>,
    ) -> Result<u64, StoreError> {
        let number = match numbers.get(&prefix).or_else(|| self.numbers.get(&prefix)) {
            Some(last) => last + 1,
            None => self.last_number(&prefix)? + 1,
        };
        numbers.insert(prefix.clone(), number);
        prefix.extend_from_slice(&number.to_be_bytes());
        own.insert(prefix, Some(value));
        Ok(number)
    }

    fn is_set(&self, key: &[u8], group: &Changes, own: &Changes) -> Result<bool, StoreError> {
        match own.get(key) {
            Some(value) => Ok(value.is_some()),
            None => Ok(self.get(key, group)?.is_some()),
        }
    }

    fn get(&self, key: &[u8], group: &Changes) -> Result<Option<Vec<u8>>, StoreError> {
        match group.get(key) {
            Some(value) => Ok(value.clone()),
            None => Ok(self.db.get(key).map_err(|error| self.failed(&error))?.map(|value| value.to_vec())),
        }
    }

    fn counter(&self, value: &[u8]) -> Result<u64, StoreError> {
        let number = value.try_into().map(u64::from_le_bytes);
        number.map_err(|_| StoreError::disk(&self.path, format!("a counter of {} bytes, and it has 8", value.len())))
    }

    /// The highest number of a growing list; 0 where it is empty.
    fn last_number(&self, prefix: &[u8]) -> Result<u64, StoreError> {
        let upper: Vec<u8> = prefix.iter().copied().chain([0xff; 8]).collect();
        let keys = self.db.range(prefix.to_vec()..=upper).keys().rev();
        for key in keys {
            let key = key.map_err(|error| self.failed(&error))?;
            let number = key.strip_prefix(prefix).and_then(|rest| <[u8; 8]>::try_from(rest).ok());
            if let Some(number) = number {
                return Ok(u64::from_be_bytes(number));
            }
        }
        Ok(0)
    }

    /// Applies, flushes and syncs. Meanwhile readers are shown what was there before; for good, when this fails.
    fn write(&mut self, mut changes: Changes) -> Result<(), StoreError> {
        let begun = Instant::now();
        changes.insert(commits::KEY.to_vec(), Some(self.made.next()));
        self.common.shown.hide(&changes).map_err(|error| self.failed(&error))?;
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.db.apply_batch(batch).map_err(|error| self.failed(&error))?;
        self.db.flush().map_err(|error| self.failed(&error))?;
        self.log.sync_data().map_err(|error| StoreError::disk(&self.path, error))?;
        if let Some(synced) = self.common.synced.get() {
            synced(begun.elapsed());
        }
        self.common.shown.reveal();
        self.made.made();
        Ok(())
    }

    fn failed(&self, error: &sled::Error) -> StoreError {
        StoreError::disk(&self.path, error)
    }
}
