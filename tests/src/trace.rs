//! What a process asks of the system, by `strace`: which files were written and not synced when it answered.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::process::Command;

/// Whether `strace` is here and may trace.
#[must_use]
pub fn can_trace() -> bool {
    Command::new("strace").args(["-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success())
}

/// A command that runs another under `strace`, its calls written to a file.
#[must_use]
pub fn traced(program: &Path, log: &Path) -> Command {
    let mut command = Command::new("strace");
    let calls = "trace=write,writev,sendto,sendmsg,pwrite64,pwritev,pwritev2,fsync,fdatasync,ftruncate,copy_file_range,sendfile";
    command.args(["-f", "-y", "-s", "64", "-e", calls, "-e", "signal=none", "-o"]).arg(log).arg(program);
    command
}

/// What the trace says, call by call.
enum Call<'a> {
    /// A write, or the cutting of a file, begins.
    Writes(&'a str),
    /// A sync of a file begins, or ends well.
    Syncs(&'a str),
    Synced(&'a str),
}

/// The calls of a trace with their lines, in order. A call that another thread's line interrupts is told in two.
fn calls(trace: &str) -> Vec<(Call<'_>, &str)> {
    let mut syncing: HashMap<&str, &str> = HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((process, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if call.starts_with("<...") {
            if let Some(file) = syncing.remove(process).filter(|_| call.ends_with("= 0")) {
                calls.push((Call::Synced(file), line));
            }
            continue;
        }
        let Some((name, rest)) = call.split_once('(') else { continue };
        let Some((_, file)) = rest.split_once('<') else { continue };
        let file = file.split_once('>').map_or(file, |(file, _)| file);
        if !matches!(name, "fsync" | "fdatasync") {
            calls.push((Call::Writes(file), line));
            continue;
        }
        calls.push((Call::Syncs(file), line));
        if call.ends_with("= 0") {
            calls.push((Call::Synced(file), line));
        } else if call.ends_with("<unfinished ...>") {
            syncing.insert(process, file);
        }
    }
    calls
}

/// For each line of the trace in which the process wrote `answer`: the files below `folder` with bytes that no finished
/// `fsync` or `fdatasync` covers.
#[must_use]
pub fn unsynced_at_answers(trace: &str, folder: &str, answer: &str) -> Vec<BTreeSet<String>> {
    let mut dirty: BTreeSet<&str> = BTreeSet::new();
    // Files of which a sync is under way that covers all that was written.
    let mut covered: BTreeSet<&str> = BTreeSet::new();
    let mut answers = Vec::new();
    for (call, line) in calls(trace) {
        match call {
            Call::Syncs(file) => {
                covered.insert(file);
            }
            Call::Synced(file) => {
                if covered.remove(file) {
                    dirty.remove(file);
                }
            }
            Call::Writes(file) => {
                if line.contains(answer) {
                    answers.push(dirty.iter().map(|file| (*file).to_owned()).collect());
                }
                if file.starts_with(folder) {
                    covered.remove(file);
                    dirty.insert(file);
                }
            }
        }
    }
    answers
}

/// Files and folders that were synced.
#[must_use]
pub fn synced(trace: &str) -> BTreeSet<&str> {
    let files = calls(trace).into_iter().filter_map(|(call, _)| match call {
        Call::Synced(file) => Some(file),
        _ => None,
    });
    files.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsynced(trace: &str) -> Vec<Vec<String>> {
        unsynced_at_answers(trace, "/data", "done").into_iter().map(|files| files.into_iter().collect()).collect()
    }

    #[test]
    fn a_write_without_a_sync_after_it_is_seen() {
        let one = "7 pwrite64(5</data/a>, \"x\", 1, 0) = 1\n";
        let sync = "7 fdatasync(5</data/a>) = 0\n";
        let answer = "8 write(2</dev/null>, \"done\", 4) = 4\n";
        let none = vec![Vec::<String>::new()];
        assert_eq!(unsynced(&format!("{one}{answer}")), [["/data/a"]]);
        assert_eq!(unsynced(&format!("{one}{sync}{answer}")), none);
        assert_eq!(unsynced(&format!("{one}{sync}{one}{answer}")), [["/data/a"]]);
        let failed = "7 fdatasync(5</data/a>) = -1 EIO (Input/output error)\n";
        assert_eq!(unsynced(&format!("{one}{failed}{answer}")), [["/data/a"]]);
        let (begun, ended) = ("7 fdatasync(5</data/a> <unfinished ...>\n", "7 <... fdatasync resumed>) = 0\n");
        assert_eq!(unsynced(&format!("{one}{begun}{answer}{ended}")), [["/data/a"]]);
        assert_eq!(unsynced(&format!("{one}{begun}{ended}{answer}")), none);
        let other = "9 write(5</data/a>, \"y\", 1) = 1\n";
        assert_eq!(unsynced(&format!("{one}{begun}{other}{ended}{answer}")), [["/data/a"]]);
        assert_eq!(synced(&format!("{begun}{other}{ended}")).into_iter().collect::<Vec<_>>(), ["/data/a"]);
        assert!(synced(&format!("{begun}{other}{failed}")).is_empty());
    }
}
