//! Real audit records: what the plugins find is what `plugins/JUDGED.md` lists, line by line, and every finding is judged.

use std::collections::BTreeSet;

use crate::{data, run};

/// `| plugin/rule | line | verdict | reason |` of `plugins/JUDGED.md`.
fn judged() -> BTreeSet<(String, usize)> {
    let text = std::fs::read_to_string(data::root().join("plugins/JUDGED.md")).unwrap();
    let mut all = BTreeSet::new();
    for row in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [rule, lines, verdict, reason] = cells[..] else { panic!("a row of JUDGED.md has four cells: {row}") };
        assert!(["true", "benign", "false"].contains(&verdict), "verdict in {row}");
        assert!(!reason.is_empty(), "no reason in {row}");
        for line in lines.split(',') {
            all.insert((rule.trim_matches('`').to_owned(), line.trim().parse().unwrap()));
        }
    }
    all
}

#[test]
fn findings_on_real_records_are_those_that_were_judged() {
    let judged = judged();
    let Some(lines) = data::real("m365-ual.jsonl.zst") else { return };
    let found: BTreeSet<_> = run::all("m365.audit", &lines).into_iter().map(|hit| (hit.rule, hit.line)).collect();
    let unjudged: Vec<_> = found.difference(&judged).collect();
    let lost: Vec<_> = judged.difference(&found).collect();
    assert!(
        unjudged.is_empty() && lost.is_empty(),
        "found but not judged: {unjudged:#?}\njudged but not found: {lost:#?}"
    );
}

#[test]
fn nothing_is_found_in_service_noise() {
    let Some(lines) = data::real("m365-ual.jsonl.zst") else { return };
    let service = |line: &&String| line.contains("NT AUTHORITY") || line.contains("Jit Provisioning");
    let noise: Vec<String> = lines.iter().filter(service).cloned().collect();
    assert!(noise.len() > 3_000);
    let hits = run::all("m365.audit", &noise);
    assert!(hits.is_empty(), "{} at {}", hits[0].rule, hits[0].line);
}

#[test]
fn repeats_of_one_act_have_one_key() {
    let Some(lines) = data::real("m365-ual.jsonl.zst") else { return };
    let hits = run::all("m365.audit", &lines);
    for hit in &hits {
        for other in hits.iter().filter(|other| other.rule == hit.rule && lines[other.line - 1] == lines[hit.line - 1])
        {
            assert_eq!(other.finding.key, hit.finding.key);
        }
        assert!(!hit.finding.key.is_empty());
    }
}
