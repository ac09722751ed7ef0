//! Same events, same findings, with the same ids: for any number of workers, any size and cut of batches, any order of
//! files, artefacts from the cache or prepared anew. The same rounds go on by hand as `cordon reproduce --soak`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cordon::author::build::{Built, Talk, build};
use cordon::author::cases::Case;
use cordon::author::find;
use cordon::events::{BatcherOptions, Input};
use cordon::registry::SettingsFile;
use cordon::sandbox::SandboxOptions;
use cordon::soak::{Findings, Round, Soak};
use cordon_tests::batches::{RECEIVED, options};
use cordon_tests::cli::root;
use cordon_tests::event_files;
use serde_json::Value;

const PREPARER: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// A folder of this file's own. Statics are never dropped, so it is none of the temporary ones.
fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("same-findings").join(name)
}

/// Every plugin of the checkout, built in one call; no artefacts yet.
static BUILT: LazyLock<Vec<Built>> = LazyLock::new(|| {
    let _ = fs::remove_dir_all(own("artefacts")); // not there the first time
    let sources = ["plugins", "examples"].map(|name| root().join(name));
    build(&find(&sources, &root()).unwrap(), Some(&own("plugins")), Talk::ErrorsOnly).unwrap()
});

/// A plugin's folder in the checkout.
fn folder_of(id: &str) -> PathBuf {
    let folders = ["plugins", "examples"].map(|group| root().join(group).join(id));
    folders.into_iter().find(|folder| folder.is_dir()).unwrap()
}

/// Whether a plugin has windows or values: order matters to it.
fn remembers(id: &str) -> bool {
    let manifest = fs::read_to_string(folder_of(id).join("cordon.toml")).unwrap();
    manifest.lines().any(|line| line.starts_with("[windows.") || line == "[state]")
}

/// The plugins that are run: their ids.
fn ids(which: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut ids: Vec<&str> = BUILT.iter().map(|built| built.id.as_str()).filter(|id| which(id)).collect();
    ids.sort_unstable();
    ids
}

fn soak(inputs: Vec<PathBuf>, ids: &[&str]) -> Soak {
    let plugins = BUILT.iter().filter(|built| ids.contains(&built.id.as_str())).map(|built| built.path.clone());
    Soak {
        inputs: inputs.into_iter().map(Input::File).collect(),
        plugins: plugins.collect(),
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

/// Events made from all sample events and cases: in a random order, some twice, most with an identity of their own.
fn generated(folder: &Path, events: usize, files: usize) -> Vec<PathBuf> {
    let mut samples = vec![root().join("examples/events")];
    samples.extend(ids(|id| !remembers(id)).into_iter().map(folder_of));
    let mut found = Vec::new();
    samples.iter().for_each(|folder| event_files(folder, &mut found));
    let texts: Vec<String> = found.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).collect();
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
fn every_plugin_without_a_memory_finds_the_same_in_generated_events_however_they_are_run() {
    let folder = tempfile::tempdir().unwrap();
    // What the host says of itself is of a source that no shape tells, and a list of accounts is given to a run of its own.
    let (nothing, plugins) = (["cordon-health", "watched-accounts"], ids(|id| !remembers(id)));
    let soak = soak(generated(folder.path(), 900, 3), &plugins);
    // The first round finds no artefacts, the others do.
    let found = holds(&soak, (2..=7).map(|number| Round::of(1, number, 3)));
    let finding: Vec<&str> = plugins.iter().copied().filter(|id| !nothing.contains(id)).collect();
    assert_eq!(finding.len() + nothing.len(), plugins.len(), "{plugins:?}");
    assert_eq!(found.plugins(), finding);
    assert!(found.len() >= 100, "{}", found.len());
}

/// Of those that remember, the same is promised for the same order of events: that of their cases. Between sources no order is
/// promised, so cases of two logs are left out here, and with them `method-after-risk`: whichever log comes second triggers it.
#[test]
fn every_plugin_that_remembers_finds_the_same_in_its_cases_however_they_are_cut() {
    let after = "2027-01-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
    for id in ids(remembers) {
        let (mut found, mut joined) = (0, 0);
        for case in Case::folders(&folder_of(id)).unwrap() {
            let folder = tempfile::tempdir().unwrap();
            let text: toml::Table = fs::read_to_string(case.join("case.toml")).unwrap().parse().unwrap();
            let batches = text["batches"].as_array().unwrap();
            if batches.iter().any(|batch| batch["source"] != batches[0]["source"]) {
                joined += 1;
                continue;
            }
            let files = batches.iter().enumerate().map(|(number, batch)| {
                let path = folder.path().join(format!("{number}.jsonl"));
                match batch.get("events") {
                    Some(events) => drop(fs::copy(case.join(events.as_str().unwrap()), &path).unwrap()),
                    None => fs::write(&path, batch["inline"].as_str().unwrap()).unwrap(),
                }
                path
            });
            let case = Case::read(&case).unwrap();
            let settings = SettingsFile::of(id, case.run().clone(), case.load().clone());
            let soak = Soak { settings, received: after, ..soak(files.collect(), &[id]) };
            let first = Round::first(soak.inputs.len());
            let rounds = [
                Round { number: 1, workers: 2, rows: 1, ..first.clone() },
                Round { number: 2, workers: 1, cuts: Some(2), ..first },
            ];
            found += holds(&soak, rounds).len();
        }
        let joins = id == "method-after-risk" && joined > 0;
        assert!(found > 0 || joins, "{id} finds nothing in its cases");
    }
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
    let found = holds(&soak(vec![records], &ids(|_| true)), rounds);
    assert!(found.len() >= 45, "{}", found.len());
}
