//! Today's plugins find what is planted for them, in the right force, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use cordon::ids::event_identity;
use cordon_tests::cli::Cordon;
use serde_json::Value;

use crate::{BINARY, PLUGINS};

fn simulate(folder: &Path, forces: &str, attacks: &str, errands: &str) {
    let _ = Cordon::new(BINARY, folder)
        .run(&[
            "simulate",
            "--for",
            forces,
            "--duration",
            "1d",
            "--rate",
            "0.5",
            "--seed",
            "7",
            "--attacks",
            attacks,
            "--errands",
            errands,
            "-o",
            "out",
        ])
        .ends(0);
}

fn truth(folder: &Path) -> Vec<Value> {
    let truth = std::fs::read_to_string(folder.join("out/truth.ndjson")).unwrap();
    truth.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn findings(folder: &Path, force: &str) -> Vec<Value> {
    let events = format!("out/{force}/*.jsonl");
    let arguments = ["run", "-p", &**PLUGINS, "--for", force, &events, "--format", "ndjson"];
    Cordon::new(BINARY, folder).run(&arguments).ends(0).lines()
}

fn text<'a>(of: &'a Value, path: &[&str]) -> &'a str {
    path.iter().fold(of, |value, name| &value[*name]).as_str().unwrap()
}

/// The identity of each event of a force, by its number in the order in which files are read; what comes again has none.
fn identities(folder: &Path, force: &str) -> Vec<String> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder.join("out").join(force)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
    for path in files {
        let source = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let identities = text.lines().map(|line| event_identity(&source, line.as_bytes()));
        all.extend(identities.filter(|identity| seen.insert(*identity)).map(|identity| identity.to_string()));
    }
    all
}

/// What else is true of an attack, by its story.
const ALSO: [(&str, &str); 4] = [
    // The break-in after the spray, which the story tells, too.
    ("password-spray", "spray-succeeded"),
    ("mfa-fatigue", "factor-asked-again"),
    ("audit-switched-off", "mailbox-audit-reduced"),
    ("mailbox-delegation", "send-as-granted"),
];
/// Stories in which nobody signs in from afar; in the others that is too far from home.
const AT_HOME: [&str; 2] = ["illicit-consent", "anonymous-sharing"];

/// Once the events are there with which an attack can be known, it is found: not at a later event.
fn found_once_it_is_knowable(attack: &Value, findings: &[Value], identities: &[String]) {
    let events: Vec<&Value> = attack["events"].as_array().unwrap().iter().collect();
    let last = events.iter().position(|event| event["identity"] == attack["knowable"]).unwrap();
    // Events of one source come in the order in which they arrive; those of another are read before or after all of them.
    let needed = events[..=last].iter().filter(|event| event["source"] == events[last]["source"]);
    let place = |identity: &Value| identities.iter().position(|known| *identity == **known).unwrap();
    let arrived = needed.map(|event| place(&event["identity"])).max().unwrap();
    let own = findings.iter().filter(|finding| finding["rule"] == attack["finds"]["rule"]);
    let places = own.map(|finding| place(&finding["event"]["digest"]));
    let of_attack = |place: &usize| events.iter().any(|event| event["identity"] == identities[*place]);
    let first = places.filter(of_attack).min().unwrap();
    assert!(first <= arrived, "{}: found at event {first}, knowable at {arrived}", attack["story"]);
}

#[test]
fn each_planted_attack_is_found_once_in_its_force_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    simulate(folder.path(), "avon,kent", "all", "0");
    let truth = truth(folder.path());
    assert_eq!(truth.len(), 34);
    for force in ["avon", "kent"] {
        let planted: Vec<&Value> = truth.iter().filter(|one| one["force"] == force).collect();
        assert!(planted.iter().all(|one| one["finds"].is_object()));
        let identities = identities(folder.path(), force);
        let attack_of = |identity: &str| {
            planted
                .iter()
                .find(|one| one["events"].as_array().unwrap().iter().any(|event| event["identity"] == identity))
        };
        let (mut found, mut keys) = (BTreeSet::new(), BTreeSet::new());
        let findings = findings(folder.path(), force);
        for finding in &findings {
            let (rule, digest) = (text(finding, &["rule"]), text(finding, &["event", "digest"]));
            let sequence = finding["event"]["sequence"].as_u64().unwrap() as usize;
            assert_eq!(identities[sequence - 1], digest);
            let Some(attack) = attack_of(digest) else {
                // The owner, at home, is too far from the intruder who was there before.
                let cited = finding["cited"].as_array().map_or(&[][..], Vec::as_slice).iter();
                let mut cited = cited.map(|one| one.as_str().unwrap().rsplit('/').next().unwrap().parse::<usize>());
                let follows = cited.any(|sequence| attack_of(&identities[sequence.unwrap() - 1]).is_some());
                assert!(follows && rule == "impossible-travel", "found, but not planted: {finding}");
                continue;
            };
            if rule == text(attack, &["finds", "rule"]) {
                assert_eq!(finding["plugin"]["id"], attack["finds"]["plugin"]);
                found.insert(text(attack, &["story"]));
                keys.insert((rule, text(finding, &["key"])));
            } else {
                let story = text(attack, &["story"]);
                let from_afar = rule == "impossible-travel" && !AT_HOME.contains(&story);
                assert!(from_afar || ALSO.contains(&(story, rule)), "{story} is no {rule}: {finding}");
            }
        }
        assert_eq!(found.len(), planted.len(), "{force}: {found:?}");
        for attack in &planted {
            found_once_it_is_knowable(attack, &findings, &identities);
        }
        // Whatever both logs and repeats say of one attack is one key.
        assert_eq!(keys.len(), planted.len(), "{keys:?}");
    }
}

#[test]
fn nothing_is_found_where_nothing_is_planted() {
    let folder = tempfile::tempdir().unwrap();
    simulate(folder.path(), "avon,kent,dorset,wessex", "none", "0");
    for force in ["avon", "kent", "dorset", "wessex"] {
        assert!(findings(folder.path(), force).is_empty(), "{force}");
    }
}

/// Forty errands a day are far more than a force of this size has: each kind comes some times.
#[test]
fn of_errands_only_those_are_told_of_that_a_rule_describes() {
    let folder = tempfile::tempdir().unwrap();
    let forces = ["avon", "kent", "dorset", "wessex"];
    simulate(folder.path(), &forces.join(","), "none", "40");
    let truth = truth(folder.path());
    assert_eq!(truth.len(), 160);
    let kinds: BTreeSet<&str> = truth.iter().map(|errand| text(errand, &["story"])).collect();
    assert_eq!(kinds.len(), cordon::simulate::ERRANDS.len(), "{kinds:?}");
    let mut told = BTreeSet::new();
    for force in forces {
        for finding in findings(folder.path(), force) {
            let is_of = |event: &Value| event["identity"] == finding["event"]["digest"];
            let errand = truth.iter().find(|errand| errand["events"].as_array().unwrap().iter().any(is_of));
            let errand = errand.unwrap_or_else(|| panic!("found, and nobody did anything: {finding}"));
            assert_eq!(errand["finds"]["rule"], finding["rule"], "{}: {finding}", errand["story"]);
            told.insert((force, text(&finding, &["rule"]).to_owned(), text(&finding, &["key"]).to_owned()));
        }
    }
    let may = truth.iter().filter(|errand| !errand["finds"].is_null()).count();
    assert!((20..=may).contains(&told.len()), "{} of {may}: {told:#?}", told.len());
}
