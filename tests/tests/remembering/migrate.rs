//! What a plugin remembers changes its form and its owner while events flow, and no attack is missed or told twice for it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cordon_contract::MANIFEST_SECTION;
use cordon_tests::cli::{Said, root};
use cordon_tests::host::{Host, request};
use serde_json::json;
use tempfile::TempDir;
use wasm_encoder::{ComponentSection as _, CustomSection};

use crate::support::{BINARY, component};

/// `stepping` as one of its versions, which keeps its values in the form of that schema. All are the same module.
fn stepping(id: &str, schema: u32) -> Vec<u8> {
    let manifest = std::fs::read_to_string(root().join("tests/guests/sdk/stepping/cordon.toml")).unwrap();
    let section = |manifest: &str| {
        let mut bytes = Vec::new();
        CustomSection { name: MANIFEST_SECTION.into(), data: manifest.as_bytes().into() }
            .append_to_component(&mut bytes);
        bytes
    };
    let mut bytes = component("stepping");
    bytes.truncate(bytes.strip_suffix(section(&manifest).as_slice()).expect("its manifest comes last").len());
    let changed = manifest
        .replace("id = \"stepping\"", &format!("id = \"{id}\""))
        .replace("version = \"2.0.0\"", &format!("version = \"{schema}.0.0\""))
        .replace("schema = 2", &format!("schema = {schema}"))
        .replace("default = 2", &format!("default = {schema}"));
    bytes.extend(section(&changed));
    bytes
}

/// A host with force `avon` and versions 1 to 3 of plugins, version 1 live.
struct Steps {
    host: Host,
    folder: TempDir,
    token: String,
    taken: AtomicU64,
}

impl Steps {
    fn start(ids: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("plugins")).unwrap();
        // What is in the configured folder keeps the settings that it had: the form of values is one of them.
        std::fs::write(folder.path().join("plugins/another.wasm"), stepping("another", 1)).unwrap();
        let host = begin(folder.path());
        let token = host.add_force("avon");
        for id in ids {
            for schema in 1..=3 {
                let file = folder.path().join("load.wasm");
                std::fs::write(&file, stepping(id, schema)).unwrap();
                let _ = host.operator().run(&["plugin", "load", &file.to_string_lossy()]).ends(0);
            }
        }
        let started = Self { host, folder, token, taken: AtomicU64::new(0) };
        for id in ids {
            let _ = started.deploy(id, 1, &["--mode", "live"]).ends(0);
        }
        started
    }

    fn deploy(&self, id: &str, schema: u32, more: &[&str]) -> Said {
        let version = format!("{id}@{schema}.0.0");
        let mut arguments = vec!["deploy", &version, "--for", "all", "--reason", "a test"];
        arguments.extend(more);
        self.host.operator().run(&arguments)
    }

    fn roll_back(&self, id: &str) {
        let _ = self.host.operator().run(&["rollback", id, "--reason", "a test"]).ends(0);
    }

    /// Each of these users takes a step, and every lane is done with it.
    fn step(&self, users: &[&str]) {
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        let lines: Vec<String> = users.iter().map(|user| step(user, number)).collect();
        let sent = self.host.request("POST", "/v1/events/custom.test", Some(&self.token), &lines.join("\n")).unwrap();
        assert_eq!(sent.status, 200, "{}", sent.body);
        self.host.settle(&self.host.first_token());
    }

    /// How often each user's third step was found, by plugin; and what was said.
    fn found(&self, id: &str) -> BTreeMap<String, Vec<String>> {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for one in self.host.findings(&self.host.first_token(), "avon") {
            if one["plugin"]["id"] == id {
                let text = |name: &str| one[name].as_str().unwrap().to_owned();
                found.entry(text("key")).or_default().push(text("summary"));
            }
        }
        found
    }

    fn users(&self, id: &str) -> Vec<String> {
        self.found(id).into_keys().collect()
    }
}

fn begin(folder: &Path) -> Host {
    Host::start(BINARY, &folder.join("data"), &folder.join("plugins"))
}

fn step(user: &str, number: u64) -> String {
    // The number makes each step an event of its own, and each request one.
    json!({ "Operation": "step", "UserId": user, "Number": number }).to_string()
}

#[test]
fn values_are_carried_over_to_a_new_schema_and_back_and_a_three_step_attack_across_both_is_found_once() {
    let steps = Steps::start(&["stepping"]);
    steps.step(&["anna", "ben"]);
    let said = steps.deploy("stepping", 2, &["--mode", "live"]).ends(0).out;
    assert!(said.contains("-> live 2.0.0"), "{said}");
    steps.step(&["anna", "ben", "cora"]);
    steps.roll_back("stepping");
    steps.step(&["anna", "cora"]);
    assert_eq!(steps.users("stepping"), ["anna"]);
    let _ = steps.deploy("stepping", 2, &["--mode", "live"]).ends(0);
    steps.step(&["ben", "cora"]);
    let found = steps.found("stepping");
    assert_eq!(found.keys().collect::<Vec<_>>(), ["anna", "ben", "cora"]);
    // Its window went the same ways.
    assert!(found.values().all(|said| said == &["3 events in the window."]), "{found:?}");
}

#[test]
fn where_values_cannot_be_carried_over_it_is_refused_until_the_operator_says_what_becomes_of_them() {
    let steps = Steps::start(&["stepping"]);
    steps.step(&["anna", "ben"]);
    steps.step(&["anna", "ben"]);
    let said = steps.deploy("stepping", 3, &["--mode", "live"]).ends(2).err;
    assert!(
        said.contains("schema 1") && said.contains("--on-schema keep") && said.contains("does not carry"),
        "{said}"
    );
    // Kept aside: the new version knows nothing of them, the old one all.
    let _ = steps.deploy("stepping", 3, &["--mode", "live", "--on-schema", "keep"]).ends(0);
    steps.step(&["anna", "cora"]);
    steps.roll_back("stepping");
    steps.step(&["anna"]);
    assert_eq!(steps.users("stepping"), ["anna"]);
    // What the new one had meanwhile was kept aside, too.
    let _ = steps.deploy("stepping", 3, &["--mode", "live", "--on-schema", "keep"]).ends(0);
    steps.step(&["cora"]);
    steps.step(&["cora"]);
    assert_eq!(steps.users("stepping"), ["anna", "cora"]);
    // Let go: ben's two steps were never taken.
    steps.roll_back("stepping");
    let _ = steps.deploy("stepping", 3, &["--mode", "live", "--on-schema", "reset"]).ends(0);
    steps.step(&["ben"]);
    steps.roll_back("stepping");
    steps.step(&["ben"]);
    assert_eq!(steps.users("stepping"), ["anna", "cora"]);
}

#[test]
fn a_shadow_that_becomes_live_goes_on_with_the_live_memory_or_with_its_own_as_the_operator_says() {
    let steps = Steps::start(&["stepping", "other"]);
    steps.step(&["anna"]);
    for id in ["stepping", "other"] {
        let _ = steps.deploy(id, 2, &[]).ends(0);
    }
    steps.step(&["anna", "ben"]);
    // Live knows two steps of anna, the shadow one.
    let said = steps.deploy("other", 3, &["--mode", "live", "--state", "shadow"]).ends(2).err;
    assert!(said.contains("no shadow of `other` 3.0.0"), "{said}");
    let _ = steps.deploy("stepping", 2, &["--mode", "live", "--state", "live"]).ends(0);
    let _ = steps.deploy("other", 2, &["--mode", "live", "--state", "shadow"]).ends(0);
    steps.step(&["anna"]);
    assert_eq!((steps.users("stepping"), steps.users("other")), (vec!["anna".to_owned()], vec![]));
    steps.step(&["anna"]);
    assert_eq!((steps.users("stepping"), steps.users("other")), (vec!["anna".to_owned()], vec!["anna".to_owned()]));
    // A shadow's memory is its own afterwards: nothing writes what the live lane took over.
    let _ = steps.deploy("other", 1, &[]).ends(0);
    steps.step(&["ben"]);
    steps.step(&["ben"]);
    assert_eq!(steps.users("other"), ["anna", "ben"]);
}

/// As many kills as `CORDON_TEST_KILLS` says; a migration up or down between any two.
#[test]
fn a_kill_at_any_moment_of_a_migration_under_load_loses_and_doubles_no_attack() {
    let kills: u64 = std::env::var("CORDON_TEST_KILLS").map_or(4, |kills| kills.parse().unwrap());
    let mut steps = Steps::start(&["stepping"]);
    // Much to carry over: two steps of each of these, and no third.
    let crowd: Vec<String> = (0..3_000).map(|n| step(&format!("crowd-{}", n % 1_500), n)).collect();
    let sent = steps.host.request("POST", "/v1/events/custom.test", Some(&steps.token), &crowd.join("\n")).unwrap();
    assert_eq!(sent.status, 200, "{}", sent.body);
    let operator = steps.host.first_token();
    let (stop, address) = (AtomicBool::new(false), RwLock::new(steps.host.address().to_owned()));
    let (users, changes) = (AtomicU64::new(0), AtomicU64::new(0));
    let mut random = fastrand::Rng::with_seed(kills);
    let Steps { host, folder, token, .. } = &mut steps;
    std::thread::scope(|scope| {
        let (stop, address, users, changes) = (&stop, &address, &users, &changes);
        let (operator, token) = (&operator, &*token);
        let until_answered = move |path: &str, token: &str, body: &str| {
            while !stop.load(Ordering::Relaxed) {
                let at = address.read().unwrap().clone();
                match request(&at, "POST", path, Some(token), body) {
                    Ok(answer) if answer.status == 200 => return true,
                    _ => std::thread::sleep(Duration::from_millis(10)),
                }
            }
            false
        };
        scope.spawn(move || {
            // Three steps of each user, in three requests.
            for n in 0.. {
                let user = format!("user-{n}");
                if !(0..3).all(|number| until_answered("/v1/events/custom.test", token, &step(&user, number))) {
                    return;
                }
                users.store(n + 1, Ordering::Relaxed);
            }
        });
        scope.spawn(move || {
            for n in 0_u64.. {
                let version = if n.is_multiple_of(2) { "2.0.0" } else { "1.0.0" };
                let to = json!({ "plugin": "stepping", "version": version, "for": "all", "mode": "live", "reason": "a test" });
                if !until_answered("/v1/deployments", operator, &to.to_string()) {
                    return;
                }
                changes.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(150));
            }
        });
        for _ in 0..kills {
            std::thread::sleep(Duration::from_millis(random.u64(200..700)));
            host.kill();
            *host = begin(folder.path());
            host.address().clone_into(&mut address.write().unwrap());
        }
        std::thread::sleep(Duration::from_millis(500));
        stop.store(true, Ordering::Relaxed);
    });
    steps.host.settle(&operator);
    let (users, changes) = (users.into_inner(), changes.into_inner());
    let found = steps.found("stepping");
    let doubled: Vec<_> =
        found.iter().filter(|(_, said)| said.as_slice() != ["3 events in the window."]).take(3).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    let missed: Vec<u64> = (0..users).filter(|n| !found.contains_key(&format!("user-{n}"))).take(3).collect();
    assert!(missed.is_empty(), "{missed:?} of {users}");
    assert!(found.len() as u64 <= users + 1 && users > 5 && changes > 2, "{} {users} {changes}", found.len());
    // None of the crowd lost a step.
    let third: Vec<String> = (0..1_500).map(|n| step(&format!("crowd-{n}"), 9_999)).collect();
    let sent = steps.host.request("POST", "/v1/events/custom.test", Some(&steps.token), &third.join("\n")).unwrap();
    assert_eq!(sent.status, 200, "{}", sent.body);
    steps.host.settle(&operator);
    let of_crowd = steps.found("stepping").keys().filter(|user| user.starts_with("crowd-")).count();
    assert_eq!(of_crowd, 1_500);
    println!("{kills} kills, {changes} changes of schema, {users} users");
}
