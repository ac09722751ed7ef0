//! Same events, same findings, with the same ids: for any number of workers, any size and cut of batches, any order of
//! files, artefacts from the cache or prepared anew. The same rounds go on by hand as `cordon reproduce --soak`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cordon::author::build::{Talk, build};
use cordon::author::find;
use cordon::events::{BatcherOptions, Input};
use cordon::registry::SettingsFile;
use cordon::sandbox::SandboxOptions;
use cordon::soak::{Findings, Round, Soak};
use cordon_tests::batches::{RECEIVED, options};
use cordon_tests::cli::root;
use serde_json::Value;

const PREPARER: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// A folder of this file's own. Statics are never dropped, so it is none of the temporary ones.
fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("same-findings").join(name)
}

/// Every plugin of the checkout, built in one call; no artefacts yet.
static BUILT: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
    let _ = fs::remove_dir_all(own("artefacts")); // not there the first time
    let sources = ["plugins", "examples"].map(|name| root().join(name));
    let built = build(&find(&sources, &root()).unwrap(), Some(&own("plugins")), Talk::ErrorsOnly).unwrap();
    built.into_iter().map(|built| built.path).collect()
});

fn soak(inputs: Vec<PathBuf>) -> Soak {
    Soak {
        inputs: inputs.into_iter().map(Input::File).collect(),
        plugins: BUILT.clone(),
        settings: SettingsFile::default(),
        options: BatcherOptions { zone: jiff::tz::TimeZone::get("Europe/London").unwrap(), ..options(None) },
        sandbox: SandboxOptions {
            workers: 1,
            cache: own("artefacts"),
            preparer: Some(PREPARER.into()),
            ..SandboxOptions::default()
        },
        received: RECEIVED,
    }
}

/// Runs these rounds after the first one. Rounds that the machine was too busy for are run once more.
fn holds(soak: &Soak, rounds: impl IntoIterator<Item = Round>) -> Findings {
    let first = soak.run(&Round::first(soak.inputs.len())).unwrap();
    for round in rounds {
        let told = match soak.compare(&first, &round) {
            Err(error) if error.is_of_the_moment() => soak.compare(&first, &round),
            told => told,
        };
        let told = told.unwrap_or_else(|error| panic!("{round}: {error}"));
        assert!(told.is_empty(), "{round}:\n{}", told.join("\n"));
    }
    first
}

/// Lines of every event file below a folder of the checkout.
fn lines_below(folder: &Path, lines: &mut Vec<String>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            lines_below(&path, lines);
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            lines.extend(fs::read_to_string(path).unwrap().lines().map(str::to_owned));
        }
    }
}

/// Events made from all sample events and cases: in a random order, some twice, most with an identity of their own.
fn generated(folder: &Path, events: usize, files: usize) -> Vec<PathBuf> {
    let mut lines = Vec::new();
    for samples in ["examples", "plugins"] {
        lines_below(&root().join(samples), &mut lines);
    }
    let mut chance = fastrand::Rng::with_seed(20_260_309);
    let mut texts = vec![String::new(); files];
    for number in 0..events {
        let line = chance.choice(&lines).unwrap();
        let mut event: Value = serde_json::from_str(line).unwrap();
        if let Some(id) = ["Id", "id", "correlationId"].into_iter().find(|name| event[*name].is_string())
            && chance.u8(0..4) > 0
        {
            event[id] = format!("00000000-0000-4000-8000-{number:012}").into();
        }
        let text = &mut texts[chance.usize(0..files)];
        text.push_str(&format!("{event}\n"));
    }
    let write = |(number, text): (usize, &String)| {
        let path = folder.join(format!("generated-{number}.jsonl"));
        fs::write(&path, text).unwrap();
        path
    };
    texts.iter().enumerate().map(write).collect()
}

#[test]
fn every_plugin_finds_the_same_in_generated_events_however_they_are_run() {
    let folder = tempfile::tempdir().unwrap();
    let soak = soak(generated(folder.path(), 900, 3));
    // The first round finds no artefacts, the others do.
    let found = holds(&soak, (2..=7).map(|number| Round::of(1, number, 3)));
    // What the host says of itself is of a source that no shape tells: its plugin is run, and has nothing to find here.
    let of_host = soak.plugins.iter().filter(|path| path.ends_with("cordon-health.wasm")).count();
    assert_eq!(of_host, 1, "{:?}", soak.plugins);
    // Nor has what counts within minutes, in events out of any order, or looks up in a list: `remembering` shows those.
    let counting = ["azure-bulk.wasm", "guessed-password.wasm", "password-spray.wasm", "watched-accounts.wasm"];
    let counting = soak.plugins.iter().filter(|path| counting.iter().any(|name| path.ends_with(name))).count();
    assert_eq!(counting, 4, "{:?}", soak.plugins);
    assert_eq!(found.plugins().len(), soak.plugins.len() - of_host - counting, "{:?}", found.plugins());
    assert!(found.len() >= 100, "{}", found.len());
}

#[test]
fn every_plugin_finds_the_same_in_real_records_however_they_are_run() {
    let Some(records) = cordon_tests::real_data("m365-ual.jsonl.zst") else { return };
    let first = Round::first(1);
    let rounds = [
        Round { number: 1, workers: 2, ..first.clone() },
        Round { number: 2, workers: 1, rows: 64, cold: true, ..first.clone() },
        Round { number: 3, workers: 2, rows: 1, ..first.clone() },
        Round { number: 4, workers: 2, rows: 513, cuts: Some(4), ..first.clone() },
        Round { number: 5, workers: 1, cuts: Some(5), ..first.clone() },
        Round { number: 6, workers: 2, cuts: Some(6), ..first },
    ];
    let found = holds(&soak(vec![records]), rounds);
    assert!(found.len() >= 45, "{}", found.len());
}
