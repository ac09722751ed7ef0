//! One process a data folder. The lock goes with the process, however that ends.

use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::StoreError;

/// How long a child that this process starts may hold its files: until it becomes another program.
pub(super) const RELEASED: Duration = Duration::from_secs(2);
/// Between two looks.
pub(super) const LOOK: Duration = Duration::from_millis(20);

/// Held as long as it lives.
pub(super) struct Lock {
    _file: File,
}

pub(super) fn take(data: &Path) -> Result<Lock, StoreError> {
    let path = data.join("lock");
    let disk = |error: std::io::Error| StoreError::disk(&path, error);
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(disk)?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(disk(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let is_own = text.starts_with(&format!("process {} ", std::process::id()));
        if !is_own || begun.elapsed() > RELEASED {
            let holder = match text.trim() {
                "" => "another process".to_owned(),
                process => process.to_owned(),
            };
            return Err(StoreError::Locked { folder: data.to_owned(), holder });
        }
        std::thread::sleep(LOOK);
    }
    let process =
        std::env::args_os().next().map_or_else(|| "cordon".into(), |name| name.to_string_lossy().into_owned());
    let name = Path::new(&process).file_name().and_then(|name| name.to_str()).unwrap_or("cordon");
    file.set_len(0).map_err(disk)?;
    writeln!(file, "process {} ({name})", std::process::id()).map_err(disk)?;
    Ok(Lock { _file: file })
}
