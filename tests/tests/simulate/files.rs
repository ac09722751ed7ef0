//! What `cordon simulate` writes, and in which proportions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cordon::events::{Batcher, EventOrigin, RawEvent};
use cordon::simulate::{SOURCES, STORIES};
use cordon_tests::batches::options;
use cordon_tests::cli::Cordon;

use crate::{BINARY, DAY, START, week};

/// Every file below a folder with its bytes.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        match path.is_dir() {
            true => files.extend(tree(&path).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes))),
            false => drop(files.insert(name, std::fs::read(&path).unwrap())),
        }
    }
    files
}

#[test]
fn the_same_seed_and_settings_give_the_same_bytes_and_another_seed_others() {
    let folder = tempfile::tempdir().unwrap();
    let simulate = |out: &str, seed: &str| {
        let said = Cordon::new(BINARY, folder.path()).run(&[
            "simulate",
            "--forces",
            "3",
            "--for",
            "avon,kent",
            "--duration",
            "6h",
            "--start",
            "2026-01-05T06:00",
            "--rate",
            "1/s",
            "--seed",
            seed,
            "-o",
            out,
            "--format",
            "json",
        ]);
        let said = said.ends(0);
        let summary: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        (summary, tree(&folder.path().join(out)))
    };
    let (summary, first) = simulate("first", "7");
    let (_, second) = simulate("second", "7");
    let (_, other) = simulate("other", "8");
    assert!(first == second, "the same seed gave other bytes");
    assert_ne!(first["avon/m365.audit.jsonl"], other["avon/m365.audit.jsonl"]);
    let names: Vec<&str> = first.keys().map(String::as_str).collect();
    assert!(names.contains(&"truth.ndjson") && names.contains(&"westmarch/entra.signin.jsonl"), "{names:?}");
    assert_eq!(names.len(), 3 * SOURCES.len() + 1);
    let lines: usize = first.iter().filter(|(name, _)| *name != "truth.ndjson").map(|(_, text)| lines(text)).sum();
    assert_eq!((summary["events"].as_u64(), summary["attacks"].as_u64()), (Some(lines as u64), Some(51)));
    // The same people in both, in different forces different ones.
    assert_ne!(first["avon/m365.audit.jsonl"], first["kent/m365.audit.jsonl"]);
    // What was written is not written over.
    let again = Cordon::new(BINARY, folder.path()).run(&["simulate", "-o", "first"]).ends(2);
    assert!(again.err.contains("not empty"), "{}", again.err);
}

fn lines(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

#[test]
fn every_event_is_recognised_as_what_it_is() {
    let mut traffic = week(0.05);
    let mut batchers = SOURCES.map(|_| Batcher::new(options(None)));
    let (mut batches, mut seen) = (Vec::new(), BTreeSet::new());
    let mut line = Vec::new();
    let mut at = 0;
    while let Some(sent) = traffic.next(&mut line) {
        at += 1;
        let origin = EventOrigin { file: "simulated".into(), line: at, unit: "line" };
        let event = RawEvent { bytes: std::mem::take(&mut line), origin };
        seen.insert(sent.source);
        let full = batchers[sent.source].push(event, sent.at).unwrap();
        batches.extend(full.map(|batch| (sent.source, batch)));
    }
    for (source, batcher) in batchers.iter_mut().enumerate() {
        assert_eq!(batcher.duplicate_keys(), 0);
        batches.extend(batcher.finish().into_iter().map(|batch| (source, batch)));
    }
    assert_eq!(seen.len(), SOURCES.len());
    for (source, batch) in &batches {
        assert_eq!(batch.source().as_str(), SOURCES[*source]);
        // Every event has a time of its own, and none is from before the start.
        assert!(batch.marks().iter().all(|mark| mark & 1 == 0));
        assert!(batch.times().iter().all(|time| (START..START + 7 * DAY).contains(&(time + 999_999))));
    }
}

#[test]
fn noise_repeats_and_late_events_are_as_many_as_the_settings_say() {
    let mut traffic = week(0.2);
    let mut line = Vec::new();
    let (mut lines, mut repeats, mut firsts, mut noise, mut late, mut events) = (0, 0, 0, 0, 0, 0);
    let (mut night, mut morning) = (0, 0);
    let mut disorder = 0;
    let mut last = 0;
    while let Some(sent) = traffic.next(&mut line) {
        if !sent.repeat {
            events += 1;
            late += u64::from(sent.at - sent.time > 3_600_000_000);
            let by_service = line.windows(20).any(|window| window == b"NT AUTHORITY\\\\SYSTEM");
            if !by_service {
                // Of the working days: three to six, and nine to twelve.
                let (day, hour) = ((sent.at - START) / DAY, (sent.at - START) % DAY / 3_600_000_000);
                night += u64::from(day < 5 && (2..5).contains(&hour));
                morning += u64::from(day < 5 && (9..12).contains(&hour));
            }
            firsts += u64::from(sent.source == 0);
            noise += u64::from(by_service);
        }
        if sent.source == 0 {
            lines += 1;
            repeats += u64::from(sent.repeat);
            disorder += u64::from(sent.time < last);
            last = sent.time;
        }
        line.clear();
    }
    let share =
        |part: u64, whole: u64| f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap());
    let near = |what: &str, found: f64, wanted: f64, slack: f64| {
        assert!((found - wanted).abs() < slack, "{what}: {found:.3}, not {wanted}");
    };
    near("repeats", share(repeats, lines), 0.4, 0.03);
    near("noise", share(noise, firsts), 0.6, 0.03);
    near("late", share(late, events), 0.02, 0.005);
    near("rate", share(lines, 7 * 86_400) / 0.2, 0.67, 0.1);
    assert!(share(disorder, lines) > 0.2, "records come in order");
    assert!(morning > 4 * night, "{morning} in the morning, {night} at night");
}

#[test]
fn each_attack_is_planted_once_and_all_of_its_events_arrive() {
    let mut traffic = week(0.05);
    let planted = traffic.planted().to_vec();
    let names: Vec<&str> = planted.iter().map(|one| one.story).collect();
    assert_eq!(names, STORIES.map(|story| story.name));
    let mut arrived = BTreeSet::new();
    let mut line = Vec::new();
    while let Some(sent) = traffic.next(&mut line) {
        if let Some(at) = sent.planted {
            let identity = cordon::ids::event_identity(SOURCES[sent.source], &line);
            assert!(planted[at].events.iter().any(|event| event.identity == identity));
            arrived.insert(identity);
        }
        line.clear();
    }
    for one in &planted {
        assert!(one.events.len() >= 2 && !one.accounts.is_empty() && one.first <= one.last, "{}", one.story);
        assert!(one.events.iter().all(|event| arrived.contains(&event.identity)), "{}", one.story);
        assert!(one.events.iter().any(|event| event.identity == one.knowable), "{}", one.story);
    }
}
