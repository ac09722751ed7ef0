//! One process a data folder. The lock goes with the process, however that ends.

use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::StoreError;

/// How long a child that this process starts may hold its files: until it becomes another program.
const RELEASED: Duration = Duration::from_secs(2);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Held as long as it lives.
pub(super) struct Lock {
    _file: File,
}

pub(super) fn take(data: &Path) -> Result<Lock, StoreError> {
    let path = data.join("lock");
    let disk = |error: std::io::Error| StoreError::disk(&path, error);
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(disk)?;
    let own = format!("process {} ", std::process::id());
    let holder = || std::fs::read_to_string(&path).unwrap_or_default();
    let is_childs = |error: &TryLockError| matches!(error, TryLockError::WouldBlock) && holder().starts_with(&own);
    until_released(|| file.try_lock(), is_childs).map_err(|error| match error {
        TryLockError::Error(error) => disk(error),
        TryLockError::WouldBlock => {
            let holder = match holder().trim() {
                "" => "another process".to_owned(),
                process => process.to_owned(),
            };
            StoreError::Locked { folder: data.to_owned(), holder }
        }
    })?;
    let process =
        std::env::args_os().next().map_or_else(|| "cordon".into(), |name| name.to_string_lossy().into_owned());
    let name = Path::new(&process).file_name().and_then(|name| name.to_str()).unwrap_or("cordon");
    file.set_len(0).map_err(disk)?;
    writeln!(file, "process {} ({name})", std::process::id()).map_err(disk)?;
    Ok(Lock { _file: file })
}

/// Tries again while a child of this process may be what holds it.
pub(super) fn until_released<T, E>(
    mut attempt: impl FnMut() -> Result<T, E>,
    is_childs: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let begun = Instant::now();
    loop {
        match attempt() {
            Err(error) if is_childs(&error) && begun.elapsed() < RELEASED => std::thread::sleep(LOOK),
            other => return other,
        }
    }
}
