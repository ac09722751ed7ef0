//! The commit thread: gathers effects that wait into one batch, makes it durable, answers.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crossbeam_channel::Receiver;

use super::StoreError;
use super::effects::{Change, Effects};

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
    durable: Arc<RwLock<()>>,
    commits: Receiver<Commit>,
    /// The number last given to each growing list, once looked up.
    numbers: HashMap<Vec<u8>, u64>,
    /// The first failed write. After it nothing is known of the disk.
    broken: Arc<OnceLock<StoreError>>,
}

/// What a group changes: keys with their values, removed ones without.
type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

impl Committer {
    pub(super) fn new(
        db: sled::Db,
        log: File,
        path: PathBuf,
        durable: Arc<RwLock<()>>,
        commits: Receiver<Commit>,
        broken: Arc<OnceLock<StoreError>>,
    ) -> Self {
        Self { db, log, path, durable, commits, numbers: HashMap::new(), broken }
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
    }

    fn group(&mut self, group: Vec<Commit>) {
        let mut changes = Changes::new();
        let mut made = Vec::with_capacity(group.len());
        for Commit { effects, answer } in group {
            let result = match self.broken.get() {
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
            let _ = self.broken.set(error.clone());
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
        for change in effects.changes {
            self.change(change, changes, &mut own, &mut numbers)?;
        }
        changes.append(&mut own);
        self.numbers.extend(numbers);
        Ok(())
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
            Change::Number { mut prefix, value } => {
                let number = match numbers.get(&prefix).or_else(|| self.numbers.get(&prefix)) {
                    Some(last) => last + 1,
                    None => self.last_number(&prefix)? + 1,
                };
                numbers.insert(prefix.clone(), number);
                prefix.extend_from_slice(&number.to_be_bytes());
                own.insert(prefix, Some(value));
            }
            Change::Once { key, value, then } => {
                let set = match own.get(&key) {
                    Some(value) => value.is_some(),
                    None => self.get(&key, group)?.is_some(),
                };
                if !set {
                    own.insert(key, Some(value));
                    for change in then {
                        self.change(change, group, own, numbers)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn get(&self, key: &[u8], group: &Changes) -> Result<Option<Vec<u8>>, StoreError> {
        match group.get(key) {
            Some(value) => Ok(value.clone()),
            None => Ok(self.db.get(key).map_err(|error| self.failed(&error))?.map(|value| value.to_vec())),
        }
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

    /// Applies, flushes and syncs. Meanwhile nobody reads: what is read is durable.
    fn write(&self, changes: Changes) -> Result<(), StoreError> {
        let _alone = self.durable.write().unwrap_or_else(PoisonError::into_inner);
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.db.apply_batch(batch).map_err(|error| self.failed(&error))?;
        self.db.flush().map_err(|error| self.failed(&error))?;
        self.log.sync_data().map_err(|error| StoreError::disk(&self.path, error))
    }

    fn failed(&self, error: &sled::Error) -> StoreError {
        StoreError::disk(&self.path, error)
    }
}
