//! A clock that a test sets for a host, by Debian's `faketime`. Only the wall clock: what is measured goes on as it does.

use std::path::{Path, PathBuf};

/// See the module.
#[derive(Debug)]
pub struct Clock {
    library: PathBuf,
    setting: PathBuf,
}

impl Clock {
    /// A clock that goes right, set by a file in `folder`. None where the library is not there: the test is then skipped.
    #[must_use]
    pub fn new(folder: &Path) -> Option<Self> {
        let libraries = ["/usr/lib", "/usr/lib64"].iter().flat_map(|lib| std::fs::read_dir(lib).into_iter().flatten());
        let library = libraries
            .flatten()
            .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
            .find(|library| library.exists());
        let Some(library) = library else {
            crate::skip("faketime (apt-get install faketime)");
            return None;
        };
        let clock = Self { library, setting: folder.join("clock") };
        clock.set(0);
        Some(clock)
    }

    /// Seconds ahead of the right time, from now on.
    ///
    /// # Panics
    /// When its file cannot be written.
    pub fn set(&self, seconds: i64) {
        // As a whole: a running host reads it at any moment.
        let draft = self.setting.with_extension("draft");
        std::fs::write(&draft, format!("{seconds:+}\n")).expect("the folder can be written");
        std::fs::rename(&draft, &self.setting).expect("the folder can be written");
    }

    /// What a process is given in its environment to go by this clock.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.setting.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ]
    }
}
