//! All of SigmaHQ in one plugin: in the sandbox it finds what the engine finds natively, by the real binary.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use cordon::author::sigma::{Input, OfBatch, read};
use cordon::events::{self, Batch, Batcher, EventReader};
use cordon_sigma::engine::Engine;
use cordon_sigma::rule::Options;
use cordon_tests::batches::{RECEIVED, options};
use cordon_tests::cli::root;
use serde_json::Value;

use crate::cordon;

/// A file of the data folder, or none and a word why.
fn data(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared/data").join(name);
    if !path.exists() {
        println!("skipped: needs ../shared/data/{name}");
        return None;
    }
    Some(path)
}

fn unpacked(archive: &Path, folder: &Path) {
    tar::Archive::new(zstd::Decoder::new(File::open(archive).unwrap()).unwrap()).unpack(folder).unwrap();
}

/// (rule, identity of the event) of each match, natively.
fn natively(rules: &Path, events: &[PathBuf]) -> BTreeSet<(String, String)> {
    let input = Input { rules: vec![rules.to_owned()], tables: vec![], options: Options::default(), no_keywords: true };
    let engine = Engine::new(read(&input).unwrap().pack).unwrap();
    let mut found = BTreeSet::new();
    let mut look = |batch: &Batch| {
        for one in engine.run(batch.source().as_str(), &OfBatch(batch)).unwrap() {
            let identity = batch.identity(one.row as usize).unwrap().to_string();
            found.insert((engine.rules()[one.rule as usize].id.clone(), identity));
        }
    };
    for path in events {
        let mut batcher = Batcher::new(options(None));
        let mut reader = EventReader::open(&events::Input::File(path.clone())).unwrap();
        while let Some(event) = reader.next().unwrap() {
            batcher.push(event.unwrap(), RECEIVED).unwrap().iter().for_each(&mut look);
        }
        batcher.finish().iter().for_each(&mut look);
    }
    found
}

#[test]
fn all_of_sigmahq_in_one_plugin_finds_in_the_sandbox_what_the_engine_finds_outside_of_it() {
    let files = ["sigmahq-rules.tar.zst", "windows-otrf.jsonl.zst", "m365-ual.jsonl.zst"].map(data);
    let [Some(archive), Some(windows), Some(audit)] = files else { return };
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("sigmahq");
    unpacked(&archive, &rules);
    let cordon = cordon(folder.path());
    let said =
        cordon.run(&["sigma", "build", "sigmahq", "-o", "all.wasm", "--no-keywords", "--format", "json"]).ends(0);
    let built: Value = serde_json::from_str(&said.out).unwrap();
    let (taken, refused) = (built["rules"].as_u64().unwrap(), built["refused"].as_array().unwrap().len());
    println!("{taken} taken, {refused} refused: {}; {} bytes", built["refused_by_kind"], built["bytes"]);
    assert!(taken > 3_000 && refused > 0, "{taken} and {refused}");
    for refusal in built["refused"].as_array().unwrap() {
        let (file, line) = (refusal["file"].as_str().unwrap(), refusal["line"].as_u64().unwrap());
        assert!(fs::read_to_string(folder.path().join(file)).unwrap().lines().count() as u64 >= line, "{refusal}");
        assert!(!refusal["reason"].as_str().unwrap().is_empty());
    }

    let events = [windows, audit];
    let paths = events.each_ref().map(|path| path.to_str().unwrap());
    let said = cordon.run(&["run", "-p", "all.wasm", paths[0], paths[1], "--format", "ndjson"]).ends(0);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let sandboxed: BTreeSet<(String, String)> =
        said.lines().iter().map(|finding| (text(&finding["rule"]), text(&finding["event"]["digest"]))).collect();
    let natively = natively(&rules, &events);
    let missing: Vec<_> = natively.difference(&sandboxed).take(5).collect();
    let more: Vec<_> = sandboxed.difference(&natively).take(5).collect();
    assert!(missing.is_empty() && more.is_empty(), "missing {missing:?}, more {more:?}");
    assert!(sandboxed.len() > 300, "{} pairs", sandboxed.len());
    println!("{} pairs", sandboxed.len());
}
