//! Lists that plugins look things up in: put while events flow, national and a force's own, in versions, kept with evidence.

use std::fs;

use cordon_tests::host::Host;
use serde_json::{Value, json};

use crate::support::{BINARY, SignIn, cordon, plugin};

/// A good sign-in.
fn signs_in(id: u64, user: &str) -> String {
    SignIn { code: 0, ..SignIn::new(id, i64::try_from(id).unwrap(), user, "203.0.113.7") }.line()
}

fn post(host: &Host, token: &str, lines: &[String]) {
    let sent = host.request("POST", "/v1/events/entra.signin", Some(token), &lines.join("\n")).unwrap();
    assert_eq!(sent.status, 200, "{}", sent.body);
    host.settle(&host.first_token());
}

/// Whom the plugin found, with what was said of them.
fn found(host: &Host, force: &str) -> Vec<(String, String)> {
    let all = host.findings(&host.first_token(), force);
    let own = all.iter().filter(|one| one["rule"] == "watched-account");
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    own.map(|one| (text(one, "key"), text(one, "summary").rsplit(": ").next().unwrap().to_owned())).collect()
}

#[test]
fn a_list_is_put_while_events_flow_for_all_forces_or_one_and_its_versions_are_kept_and_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let (plugins, data) = (folder.path().join("plugins"), folder.path().join("data"));
    fs::create_dir(&plugins).unwrap();
    fs::copy(format!("{}/watched-accounts.wasm", plugin("watched-accounts")), plugins.join("w.wasm")).unwrap();
    let mut host = Host::start(BINARY, &data, &plugins);
    let tokens = ["avon", "kent"].map(|force| host.add_force(force));
    let put = |host: &Host, name: &str, text: &str, scope: &str, code: i32| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        let arguments =
            ["list", "put", "watched-accounts", &file.to_string_lossy(), "--for", scope, "--reason", "a test"];
        host.operator().run(&arguments).ends(code)
    };
    for token in &tokens {
        post(&host, token, &[signs_in(1, "anna")]);
    }
    assert!(found(&host, "avon").is_empty());

    let said = put(&host, "bad.csv", "key,value\r\nanna@westmarch.example,left\r\n,nobody\r\n", "all", 2).err;
    assert!(said.contains("line 3: there is a value and no key"), "{said}");
    let said =
        put(&host, "one.csv", "key,value\nAnna@westmarch.example,left\nben@westmarch.example,left\n", "all", 0).out;
    assert!(said.contains("watched-accounts for all: version 1 put, 2 entries"), "{said}");
    assert!(put(&host, "same.txt", "", "avon", 0).out.contains("version 1 put, 0 entries"));
    let said = put(&host, "own.ndjson", "[\"anna@westmarch.example\",\"ours\"]\n", "avon", 0).out;
    assert!(said.contains("for avon: version 2 put, 1 entry"), "{said}");
    assert!(
        put(&host, "own.ndjson", "[\"ANNA@westmarch.example\",\"ours\"]\n", "avon", 0).out.contains("is there already")
    );
    for token in &tokens {
        post(&host, token, &[signs_in(2, "anna"), signs_in(3, "ben"), signs_in(4, "cora")]);
    }
    let of = |entries: &[(&str, &str)]| -> Vec<(String, String)> {
        entries.iter().map(|(user, why)| (format!("{user}@westmarch.example"), format!("{why}."))).collect()
    };
    // Avon's own entry stands before the national one.
    assert_eq!(found(&host, "avon"), of(&[("anna", "ours"), ("ben", "left")]));
    assert_eq!(found(&host, "kent"), of(&[("anna", "left"), ("ben", "left")]));

    // A force sees its own lists and the national ones, and puts its own only.
    let author = folder.path().join("author.token");
    fs::write(&author, host.token("force-author", Some("kent"))).unwrap();
    let author = host.with_token(&author);
    let shown = author.run(&["list", "show", "--format", "json"]).ends(0).out;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["lists"].as_array().unwrap().len(), 1, "{shown}");
    let file = folder.path().join("own.ndjson");
    let file = file.to_string_lossy();
    let put_for = |scope: &str, code| {
        let _ = author.run(&["list", "put", "watched-accounts", &file, "--for", scope, "--reason", "ours"]).ends(code);
    };
    put_for("avon", 2);
    put_for("all", 2);
    put_for("kent", 0);
    let _ = author.run(&["list", "show", "watched-accounts", "--for", "avon"]).ends(2);

    // After a crash the same versions are there, and evidence of before stands by itself, on another folder.
    put(&host, "two.txt", "cora@westmarch.example\n", "all", 0);
    host.kill();
    let host = Host::start(BINARY, &data, &plugins);
    post(&host, &tokens[0], &[signs_in(5, "cora"), signs_in(6, "ben")]);
    assert_eq!(found(&host, "avon").last().unwrap().0, "cora@westmarch.example");
    let operator = host.operator();
    let differs = operator.run(&["list", "diff", "watched-accounts", "1", "2"]).ends(1).out;
    assert!(
        differs.contains("- anna@westmarch.example") && differs.contains("1 added, 2 removed, 0 changed"),
        "{differs}"
    );
    let old = operator.run(&["list", "show", "watched-accounts", "--version", "1"]).ends(0).out;
    assert_eq!(old, "[\"anna@westmarch.example\",\"left\"]\n[\"ben@westmarch.example\",\"left\"]\n");
    let history = operator.run(&["list", "history", "watched-accounts", "--for", "avon"]).ends(0).out;
    assert!(history.lines().count() == 2 && history.contains("a test"), "{history}");
    let kept = folder.path().join("kept");
    for one in host.findings(&host.first_token(), "avon").iter().filter(|one| one["rule"] == "watched-account") {
        let _ = operator.run(&["evidence", one["id"].as_str().unwrap(), "-o", &kept.to_string_lossy()]).ends(0);
    }
    let said = cordon(folder.path()).run(&["reproduce", "kept"]).ends(0);
    assert!(said.out.contains("3 of 3 findings identical"), "{} {}", said.out, said.err);
    // Each says which versions it was looked up in, and by whose digest.
    let evidence = fs::read_dir(&kept).unwrap().filter_map(|entry| fs::read(entry.unwrap().path()).ok());
    let evidence = evidence.filter_map(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let mut of: Vec<Value> = evidence.map(|one| json!([one["finding"]["key"], one["lists"]])).collect();
    of.sort_by_key(Value::to_string);
    let digest = |scope: &str, number: usize| {
        let text =
            operator.run(&["list", "history", "watched-accounts", "--for", scope, "--format", "json"]).ends(0).out;
        serde_json::from_str::<Value>(&text).unwrap()["versions"][number - 1]["digest"].clone()
    };
    let versions = |national: usize| {
        json!({ "watched-accounts": {
            "national": { "number": national, "digest": digest("all", national) },
            "own": { "number": 2, "digest": digest("avon", 2) },
        }})
    };
    let due = [("anna", 1), ("ben", 1), ("cora", 2)];
    assert_eq!(of, due.map(|(user, version)| json!([format!("{user}@westmarch.example"), versions(version)])));
}

#[test]
fn a_run_over_files_looks_up_in_the_files_it_is_given_and_its_evidence_needs_them_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = (0..40).map(|id| signs_in(id, &format!("user{}", id % 10))).collect();
    fs::write(folder.path().join("events.jsonl"), lines.join("\n")).unwrap();
    fs::write(
        folder.path().join("leavers.ndjson"),
        json!({ "key": "user3@westmarch.example", "value": "left" }).to_string(),
    )
    .unwrap();
    let run = |more: &[&str], code| {
        let plugin = plugin("watched-accounts");
        let mut arguments = vec!["run", "-p", &plugin, "events.jsonl", "--format", "ndjson"];
        arguments.extend(more);
        cordon(folder.path()).run(&arguments).ends(code)
    };
    assert_eq!(run(&[], 0).lines().len(), 0);
    let found = run(&["--list", "watched-accounts=leavers.ndjson", "--evidence", "kept"], 0).lines();
    assert!(found.len() == 4 && found.iter().all(|one| one["key"] == "user3@westmarch.example"), "{found:?}");
    fs::remove_file(folder.path().join("leavers.ndjson")).unwrap();
    let said = cordon(folder.path()).run(&["reproduce", "kept"]).ends(0);
    assert!(said.out.contains("4 of 4 findings identical"), "{} {}", said.out, said.err);
    fs::write(folder.path().join("broken.ndjson"), "\"a\"\n{\"kee\":1}\n").unwrap();
    let said = run(&["--list", "watched-accounts=broken.ndjson"], 2).err;
    assert!(said.contains("broken.ndjson") && said.contains("line 2: unknown name `kee`"), "{said}");
    fs::write(folder.path().join("other.txt"), "a\n").unwrap();
    let said = run(&["--list", "nobodys=other.txt"], 0).err;
    assert!(said.contains("--list nobodys: no plugin"), "{said}");
}
