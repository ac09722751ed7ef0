//! The others: their findings are the same to the last byte, whatever hostile plugins do beside them.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use cordon::author::build::{Talk, build};
use cordon::author::find;
use cordon::events::Batch;
use cordon::findings::stamp;
use cordon::sandbox::{Outcome, Plugin, RunInput, Sandbox, SandboxOptions};
use cordon_tests::batches::{batch, rows};
use cordon_tests::cli::root;
use cordon_tests::guest::{EACH_ROW, Guest, MANIFEST};
use cordon_tests::hostile::{Ends, Hostile, caps};
use serde_json::{Map, Value};

use super::{ALL, BINARY, TEN};

/// Real plugins, written with the SDK and built as their authors build them, and one by hand.
static GOOD_ONES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let out = tempfile::tempdir().unwrap();
    let folders = ["mail-forwarding", "oauth-consent"].map(|name| root().join("plugins").join(name));
    let built = build(&find(&folders, &root()).unwrap(), Some(out.path()), Talk::ErrorsOnly).unwrap();
    let mut all: Vec<Vec<u8>> = built.iter().map(|built| fs::read(&built.path).unwrap()).collect();
    all.push(Guest::detecting(EACH_ROW).manifest(Some(&MANIFEST.replace("\"guest\"", "\"good\""))).build());
    all
});

/// What good and hostile plugins both are given; the very same batches, so that they share columns.
fn batches() -> Vec<Arc<Batch>> {
    let audit = fs::read_to_string(root().join("examples/events/m365-audit.jsonl")).unwrap();
    vec![batch("m365.audit", &audit.lines().collect::<Vec<_>>()), rows(500), Arc::clone(&TEN)]
}

fn sandbox(cache: &std::path::Path) -> Sandbox {
    let options = SandboxOptions { workers: 10, cache: cache.to_owned(), caps: caps(), preparer: Some(BINARY.into()) };
    Sandbox::new(options).unwrap()
}

/// The findings of all good plugins on all batches, as they are written.
fn written(sandbox: &Sandbox, good: &[Plugin], batches: &[Arc<Batch>]) -> Vec<u8> {
    let mut written = Vec::new();
    for batch in batches {
        for plugin in good {
            let settings = Value::Object(plugin.manifest().run_settings(&Map::new()).unwrap()).to_string();
            let report = sandbox.run(plugin, batch, &RunInput { settings: settings.into(), ..RunInput::default() });
            assert_eq!(report.outcome, Outcome::Completed, "{plugin:?}");
            for emitted in &report.findings {
                serde_json::to_writer(&mut written, &stamp(emitted, batch, plugin).unwrap()).unwrap();
                written.push(b'\n');
            }
        }
    }
    written
}

fn load(sandbox: &Sandbox, wasm: &[u8]) -> Plugin {
    sandbox.load(wasm, &Map::new()).unwrap()
}

/// Guests of the default limits of preparing, those that are loaded first.
fn hostile() -> (Vec<&'static Hostile>, Vec<&'static Hostile>) {
    ALL.iter()
        .filter(|guest| !guest.needs_own_preparing())
        .partition(|guest| matches!(guest.contract.ends, Ends::In { .. }))
}

#[test]
fn eight_hostile_plugins_at_once_change_no_byte_of_the_others_findings() {
    let cache = tempfile::tempdir().unwrap();
    let sandbox = sandbox(cache.path());
    let good: Vec<Plugin> = GOOD_ONES.iter().map(|wasm| load(&sandbox, wasm)).collect();
    let alone = written(&sandbox, &good, &batches());
    let findings = alone.iter().filter(|byte| **byte == b'\n').count();
    assert!(findings > 510 && alone.windows(15).any(|part| part == b"mail-forwarding"), "{findings}");

    let (runs, refused) = hostile();
    assert!(runs.len() > 40 && refused.len() > 25, "{} {}", runs.len(), refused.len());
    let plugins: Vec<Plugin> = runs.iter().map(|guest| load(&sandbox, &guest.wasm)).collect();
    let shared = batches();
    let (next, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    while let Some(plugin) = plugins.get(next.fetch_add(1, Ordering::Relaxed)) {
                        for batch in &shared {
                            let report = sandbox.run(plugin, batch, &RunInput::default());
                            assert!(report.findings.is_empty(), "{plugin:?}");
                        }
                    }
                })
            })
            .collect();
        let loader = scope.spawn(|| {
            for guest in &refused {
                assert!(sandbox.load(&guest.wasm, &Map::new()).is_err(), "{}", guest.name);
            }
        });
        let (done, shared, good, sandbox, alone) = (&done, &shared, &good, &sandbox, &alone);
        let others = scope.spawn(move || {
            let mut rounds = 0;
            while !done.load(Ordering::Acquire) || rounds < 3 {
                assert!(written(sandbox, good, shared) == *alone, "round {rounds} differs");
                rounds += 1;
            }
        });
        // Whatever fails in a thread fails the test, but only after the others were told to stop.
        let ended: Vec<_> = workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        let loaded = loader.join();
        done.store(true, Ordering::Release);
        others.join().unwrap();
        loaded.unwrap();
        ended.into_iter().for_each(|worker| worker.unwrap());
    });
}
