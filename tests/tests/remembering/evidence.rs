//! Every finding of a plugin that remembers is made again alone, on another data folder, from what its row was answered.

use std::collections::BTreeSet;
use std::path::Path;

use cordon::evidence::Evidence;
use cordon::sandbox::StateAnswer;
use cordon_tests::host::Host;

use crate::support::{BINARY, PLUGINS, SignIn, cordon, plugin, sign_ins};

/// Moved to where nothing else is.
fn elsewhere(kept: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::rename(kept, folder.path().join("kept")).unwrap();
    folder
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    cordon::evidence::files(&folder.join("kept")).unwrap()
}

#[test]
fn findings_of_a_run_are_made_again_alone_and_another_answer_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = sign_ins(1, 90);
    let begin = events.last().unwrap().seconds;
    // Five wrong passwords, a good one, and a good one from another country.
    for (number, id) in [1_001, 1_002, 1_003, 1_004, 1_005, 1_006, 1_008].into_iter().enumerate() {
        let code = if id < 1_006 { 50_126 } else { 0 };
        events.push(SignIn { code, ..SignIn::new(id, begin + number as i64, "zoe", "192.0.2.1") });
    }
    let lines: Vec<String> = events.iter().map(SignIn::line).collect();
    std::fs::write(folder.path().join("all.jsonl"), lines.join("\n")).unwrap();
    let mut arguments = vec!["run", "all.jsonl", "--evidence", "kept", "--format", "ndjson"];
    let plugins = ["remembering", "password-spray", "guessed-password"].map(plugin);
    plugins.iter().for_each(|plugin| arguments.extend(["-p", plugin]));
    let found = cordon(folder.path()).run(&arguments).ends(0).lines();
    let rules: BTreeSet<&str> = found.iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    assert!(
        rules.is_superset(&["answers", "many", "password-spray", "guessed-password", "new-country"].into()),
        "{rules:?}"
    );

    let moved = elsewhere(&folder.path().join("kept"));
    let said = cordon(moved.path()).run(&["reproduce", "kept"]).ends(0);
    assert!(said.out.contains(&format!("{0} of {0} findings identical", found.len())), "{}", said.out);

    let file = files(moved.path()).into_iter().find(|file| {
        let evidence = Evidence::from_bytes(&std::fs::read(file).unwrap()).unwrap();
        evidence.finding["rule"] == "answers"
    });
    let file = file.unwrap();
    let mut evidence = Evidence::from_bytes(&std::fs::read(&file).unwrap()).unwrap();
    for answer in &mut evidence.answers {
        if let StateAnswer::Window { value, .. } = answer {
            *value += 1;
        }
    }
    std::fs::write(&file, evidence.to_bytes().unwrap()).unwrap();
    let file = file.to_string_lossy().into_owned();
    let said = cordon(moved.path()).run(&["reproduce", &file]).ends(1);
    assert!(said.out.contains("finding.summary"), "{}", said.out);
    evidence.answers.clear();
    std::fs::write(&file, evidence.to_bytes().unwrap()).unwrap();
    let said = cordon(moved.path()).run(&["reproduce", &file]).ends(1);
    assert!(said.out.contains("the evidence holds no answer"), "{}", said.out);
}

#[test]
fn findings_of_the_live_host_are_made_again_elsewhere_with_the_events_of_earlier_batches_that_they_cite() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let host = Host::start(BINARY, &data, &PLUGINS.join("password-spray"));
    let (token, operator) = (host.add_force("avon"), host.first_token());
    for n in 0..7 {
        let one = SignIn::new(n, n as i64 * 60, &format!("user{n}"), "203.0.113.7");
        let answer = host.request("POST", "/v1/events/entra.signin", Some(&token), &one.line()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        host.settle(&operator);
    }
    let findings = host.findings(&operator, "avon");
    let mut arguments = vec!["evidence", "-o", "kept"];
    arguments.extend(findings.iter().map(|finding| finding["id"].as_str().unwrap()));
    assert_eq!(arguments.len(), 3 + 3, "{findings:?}");
    let _ = host.operator().run(&arguments).ends(0);
    let moved = elsewhere(&data.join("kept"));
    drop((host, folder));
    let said = cordon(moved.path()).run(&["reproduce", "kept"]).ends(0);
    assert!(said.out.contains("3 of 3 findings identical"), "{}", said.out);
    let mut cited = Vec::new();
    for file in files(moved.path()) {
        let evidence = Evidence::from_bytes(&std::fs::read(file).unwrap()).unwrap();
        assert!(evidence.cited.iter().all(|one| one.event.as_ref().is_some_and(|event| event.event.contains("50126"))));
        cited.push(evidence.cited.len());
    }
    cited.sort_unstable();
    assert_eq!(cited, [4, 5, 6]);
}
