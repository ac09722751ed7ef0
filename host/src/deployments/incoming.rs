//! A folder whose plugin files are loaded as they come. They run nowhere until they are deployed.
//!
//! A file is taken once it was the same in two looks: half a file that is being copied is not. One that is refused is named in
//! the log, and looked at again when it changes. What is loaded stays loaded when its file goes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::{DeployError, Deployments, Said, Scope};
use crate::registry::is_component;
use crate::sandbox::COMPONENT_BYTES;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(2);
/// Files that are looked at.
const FILES: usize = 10_000;

/// How a file was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    bytes: u64,
    changed: Option<SystemTime>,
    taken: bool,
}

/// A thread that looks. Dropping it ends it.
pub struct Incoming {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Incoming {
    /// Looks at a folder from now on. `now` answers microseconds since 1970 UTC.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(deployments: Arc<Deployments>, folder: PathBuf, now: fn() -> i64) -> std::io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let thread = std::thread::Builder::new().name("incoming".into());
        let thread = thread.spawn(move || run(&deployments, &folder, now, &stopped))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(deployments: &Deployments, folder: &Path, now: fn() -> i64, stopped: &Receiver<()>) {
    let (mut known, mut told) = (BTreeMap::new(), false);
    loop {
        match look(deployments, folder, now, known) {
            Ok(seen) => (known, told) = (seen, false),
            Err(error) => {
                known = BTreeMap::new();
                if !std::mem::replace(&mut told, true) {
                    tracing::error!("{}: cannot be looked at (`deploy.load-from`): {error}", folder.display());
                }
            }
        }
        if !matches!(stopped.recv_timeout(LOOK), Err(RecvTimeoutError::Timeout)) {
            return;
        }
    }
}

fn look(
    deployments: &Deployments,
    folder: &Path,
    now: fn() -> i64,
    known: BTreeMap<PathBuf, Seen>,
) -> std::io::Result<BTreeMap<PathBuf, Seen>> {
    let mut seen = BTreeMap::new();
    for entry in std::fs::read_dir(folder)?.take(FILES) {
        let path = entry?.path();
        // It may be gone by now.
        let Ok(about) = std::fs::metadata(&path) else { continue };
        if !is_component(&path) {
            continue;
        }
        let mut one = Seen { bytes: about.len(), changed: about.modified().ok(), taken: false };
        let before = known.get(&path);
        let same = before.is_some_and(|before| Seen { taken: false, ..before.clone() } == one);
        one.taken = same && (before.is_some_and(|before| before.taken) || take(deployments, &path, one.bytes, now()));
        seen.insert(path, one);
    }
    Ok(seen)
}

/// Whether nothing more is to be done with it as it is.
fn take(deployments: &Deployments, path: &Path, bytes: u64, now: i64) -> bool {
    let place = path.display();
    if bytes > COMPONENT_BYTES as u64 {
        tracing::error!("{place}: not loaded: it has {bytes} bytes, a plugin may have {COMPONENT_BYTES}");
        return true;
    }
    let Ok(wasm) = std::fs::read(path) else { return false };
    let (who, role, reason) = ("host".to_owned(), "host".to_owned(), format!("it came as {place}"));
    let said = Said { time: now, who, role, reason, forces: Vec::new(), dry_run: false };
    match deployments.load(&wasm, &Scope::All, &said) {
        Ok(version) => {
            tracing::info!("{place}: {} {} is loaded; it runs once it is deployed", version.id, version.name());
            true
        }
        Err(DeployError::Busy(_)) => false,
        Err(error) => {
            tracing::error!("{place}: not loaded: {error}");
            true
        }
    }
}
