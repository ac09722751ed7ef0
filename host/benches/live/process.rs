//! What the system says of a process: CPU time by thread, memory.

use std::collections::BTreeMap;
use std::time::Duration;

/// CPU time and resident memory of a process.
pub struct Process(pub u32);

/// One tick of `/proc`'s CPU times: 100 a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

impl Process {
    /// CPU time so far, of all its threads, ended ones too.
    pub fn cpu(&self) -> Duration {
        cpu(&format!("/proc/{}/stat", self.0)).map(|(_, time)| time).unwrap()
    }

    /// The same by thread's name, numbers left off. Ended threads are not in it.
    pub fn threads(&self) -> BTreeMap<String, Duration> {
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir(format!("/proc/{}/task", self.0)).unwrap().flatten() {
            if let Some((name, time)) = cpu(&entry.path().join("stat").to_string_lossy()) {
                *found.entry(name).or_default() += time;
            }
        }
        found
    }

    /// Resident bytes, now and at most so far, in MiB.
    pub fn memory(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1_024
        };
        (of("VmRSS:"), of("VmHWM:"))
    }
}

/// Name and CPU time in one `stat` file.
fn cpu(path: &str) -> Option<(String, Duration)> {
    let text = std::fs::read_to_string(path).ok()?;
    let (head, tail) = text.rsplit_once(')')?;
    let name = head.split_once('(')?.1.trim_end_matches(|last: char| last.is_ascii_digit() || last == '-');
    let mut fields = tail.split_whitespace().skip(11);
    let (user, system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((name.to_owned(), TICK * (user + system)))
}
