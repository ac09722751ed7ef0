//! What a pack of Sigma rules costs by how many rules it has, and in batches of how many events: the plugin's size, from the
//! component to the first batch, memory, and CPU time of the whole run over real Windows events. One worker.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench that cannot go on says so

#[path = "../../sdk/sigma/tests/support/data.rs"]
#[allow(dead_code, unreachable_pub, reason = "the tests use the rest of it")]
mod data;
mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use support::events::{self, Real};
use support::memory::resident;
use support::sigma::{built, unpacked};
use support::whole::whole_in_batches;
use support::{cpu, plugins};

use cordon::registry::{self, Loaded, SettingsFile};
use cordon::sandbox::Sandbox;

const COUNTS: [usize; 5] = [10, 100, 1_000, 3_000, 10_000];
const SIZES: [usize; 3] = [256, 1_024, 4_096];
const ROUNDS: usize = 3;

fn main() {
    let Some(archive) = data::file("sigmahq-rules.tar.zst") else { return };
    let Some(real) = events::real().into_iter().find(|real| real.name == "windows") else { return };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let rules = rules(&archive, folder.path());
    println!("rules of rules/windows, Windows events; beyond {} rules by variation of their texts", rules.len());
    println!(
        "| rules | .wasm, MiB | prepared, s | from the cache, s | prepared, MiB | resident, MiB | findings | ns an event at 256 | 1,024 | 4,096 |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for count in COUNTS {
        let home = folder.path().join(count.to_string());
        let wasm = pack(&rules, count, &home);
        let cache = home.join("cache");
        let load = || {
            let begun = Instant::now();
            let sandbox = plugins::sandbox(&cache);
            let loaded = registry::load(&sandbox, std::slice::from_ref(&wasm), &SettingsFile::default(), 1).unwrap();
            (sandbox, loaded, begun.elapsed().as_secs_f64())
        };
        let (_, _, cold) = load();
        let before = resident();
        let (sandbox, loaded, warm) = load();
        let summary = whole_in_batches(&real, &sandbox, &loaded, 4_096);
        let found: u64 = summary.findings.values().flat_map(|rule| rule.by_severity.values()).sum();
        let held = resident() - before;
        let costs = SIZES.map(|size| format!("{:.0}", cost(&real, &sandbox, &loaded, size)));
        println!(
            "| {count} | {:.1} | {cold:.1} | {warm:.2} | {:.1} | {held:.0} | {found} | {} |",
            mib(&wasm),
            mib(&cache),
            costs.join(" | ")
        );
    }
}

/// Nanoseconds of CPU time an event, the least of some rounds.
fn cost(real: &Real, sandbox: &Sandbox, loaded: &[Loaded], rows: usize) -> f64 {
    let round = |_| {
        let before = cpu::process();
        whole_in_batches(real, sandbox, loaded, rows);
        cpu::process() - before
    };
    let least = (0..ROUNDS).map(round).min().unwrap_or(Duration::ZERO);
    least.as_secs_f64() * 1e9 / real.events as f64
}

/// The rules of `rules/windows`, each with its text, by path.
fn rules(archive: &Path, folder: &Path) -> Vec<String> {
    let tree = unpacked(archive, folder);
    let (mut folders, mut files) = (vec![tree.join("rules/windows")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// So many rules as a plugin, as an author makes it: evenly chosen, or all of them again under other ids, with other texts that
/// match as rarely.
fn pack(rules: &[String], count: usize, home: &Path) -> PathBuf {
    let sources = home.join("rules");
    std::fs::create_dir_all(&sources).unwrap();
    for number in 0..count {
        let (at, copy) = if count <= rules.len() {
            (number * rules.len() / count, 0)
        } else {
            (number % rules.len(), number / rules.len())
        };
        let text = if copy == 0 { rules[at].clone() } else { varied(&rules[at], copy) };
        std::fs::write(sources.join(format!("{number:05}.yml")), text).unwrap();
    }
    let wasm = home.join("rules.wasm");
    built(&sources, &wasm);
    wasm
}

fn varied(rule: &str, copy: usize) -> String {
    let line = |line: &str| match line.strip_prefix("id: ") {
        Some(id) => format!("id: {copy:04}{}", id.get(4..).unwrap_or_default()),
        None => line.replace(".exe", &format!(".e{copy}")).replace(".dll", &format!(".d{copy}")),
    };
    rule.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// MiB of a file or of what a folder holds.
fn mib(path: &Path) -> f64 {
    fn bytes(path: &Path) -> u64 {
        if path.is_dir() {
            std::fs::read_dir(path).unwrap().map(|entry| bytes(&entry.unwrap().path())).sum()
        } else {
            path.metadata().unwrap().len()
        }
    }
    bytes(path) as f64 / f64::from(1 << 20)
}
