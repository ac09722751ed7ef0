//! Files as intake: folders whose complete files are taken once, and files that are followed as they grow.
//!
//! Each has a thread of its own, which looks every second. What it takes goes the way of a request: the same journal,
//! quotas, duplicates, refused lines. How far it has come is a mark in the store; a crash repeats at most the last piece,
//! which the journal knows by its key. Looks, and is told by nobody: that works on every file system.

mod bring;
mod follow;
mod marks;
mod standing;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, bounded};

pub use standing::Stands;

use super::Intake;
use crate::model::{Force, SourceName};
use crate::store::Store;
use bring::Bringer;
use standing::Standing;

/// What is done with a file of a folder once it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Done {
    Keep,
    Delete,
    /// Into the folder `done` in its folder.
    Move,
}

/// A folder or file that is an intake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileIntake {
    /// Whose events.
    pub force: Force,
    /// Takes every event as this source; without it each is recognised by its shape.
    pub source: Option<SourceName>,
    /// The folder, or the file.
    pub path: PathBuf,
    /// What is done with a taken file of a folder; none for one file that is followed.
    pub watch: Option<Done>,
}

/// See the module. Dropping it ends the threads.
pub struct Files {
    stop: Option<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    standings: Vec<Arc<Standing>>,
}

impl Files {
    /// Starts looking. `known` says whether a force is there, and may send.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(
        intake: &Arc<Intake>,
        store: &Arc<Store>,
        files: Vec<FileIntake>,
        known: impl Fn(&Force) -> bool + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let known: Arc<dyn Fn(&Force) -> bool + Send + Sync> = Arc::new(known);
        let mut made = Self { stop: Some(stop), threads: Vec::new(), standings: Vec::new() };
        for of in files {
            let standing = Arc::new(Standing::new(&of));
            let bringer = Bringer {
                intake: Arc::clone(intake),
                store: Arc::clone(store),
                known: Arc::clone(&known),
                standing: Arc::clone(&standing),
                stopped: stopped.clone(),
                force: of.force,
                source: of.source,
            };
            let (path, watch) = (of.path, of.watch);
            let thread = std::thread::Builder::new().name("files".into()).spawn(move || match watch {
                Some(done) => watch::run(&bringer, &path, done),
                None => follow::run(&bringer, &path),
            })?;
            made.threads.push(thread);
            made.standings.push(standing);
        }
        Ok(made)
    }

    /// How each stands, in the order given.
    #[must_use]
    pub fn standings(&self) -> Vec<Stands> {
        self.standings.iter().map(|standing| standing.get()).collect()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.stop = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
