//! Syncs several files at the same time. A file system commits what waits together: one after the other, each would wait
//! for a commit of its own.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Syncs under way at once. With more, measured, each waits longer than all of them need.
const AT_ONCE: usize = 8;

/// What became of each file's sync, in their order. Where the system gives no further thread, fewer run at once.
pub(super) fn all(files: &[&File]) -> Vec<io::Result<()>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(at) else { return done };
            done.push((at, file.sync_data()));
        }
    };
    let mut done = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..files.len().min(AT_ONCE))
            .filter_map(|_| std::thread::Builder::new().name("journal-sync".into()).spawn_scoped(scope, work).ok())
            .collect();
        let mut done = work();
        // A helper that ended without an answer leaves its files out: they count as not synced.
        helpers.into_iter().for_each(|helper| done.extend(helper.join().unwrap_or_default()));
        done
    });
    done.sort_by_key(|(at, _)| *at);
    let mut done = done.into_iter().peekable();
    let lost = || Err(io::Error::other("the sync did not end"));
    (0..files.len()).map(|at| done.next_if(|(of, _)| *of == at).map_or_else(lost, |(_, result)| result)).collect()
}
