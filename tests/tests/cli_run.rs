//! `cordon run`, `inspect`, `fields`, `bench` on real plugins and sample events.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::{self, File};
use std::path::Path;
use std::sync::LazyLock;

use cordon_tests::cli::{Cordon, Said, at};
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// The national plugins, built once for all tests of this file.
static PLUGINS: LazyLock<String> = LazyLock::new(|| {
    let out = at("target/cordon/plugins");
    let _ = Cordon::new(BINARY, Path::new(&at("."))).run(&["build", "plugins", "--out", &out]).ends(0);
    out
});

fn plugin(id: &str) -> String {
    format!("{}/{id}.wasm", *PLUGINS)
}

fn cordon() -> Cordon {
    Cordon::new(BINARY, Path::new(&at(".")))
}

fn run(arguments: &[&str]) -> Said {
    let plugins = ["mail-forwarding", "oauth-consent", "privileged-role"].map(plugin);
    let mut all = vec!["run"];
    plugins.iter().for_each(|path| all.extend(["-p", path]));
    all.extend(arguments);
    cordon().run(&all)
}

/// What must not depend on when it ran.
fn timeless(mut finding: Value) -> Value {
    finding["event"].as_object_mut().unwrap().remove("received");
    finding
}

const EVENTS: &str = "examples/events/*.jsonl";

#[test]
fn findings_are_the_same_for_any_batches_and_any_number_of_workers() {
    let given = |workers: &str, batch: &str| -> Vec<Value> {
        let said = run(&[EVENTS, "--format", "ndjson", "--workers", workers, "--batch", batch]).ends(0);
        said.lines().into_iter().map(timeless).collect()
    };
    let first = given("1", "4096");
    assert!(first.len() >= 3, "{first:?}");
    for (workers, batch) in [("2", "4096"), ("2", "1"), ("3", "7"), ("1", "1")] {
        assert_eq!(given(workers, batch), first, "{workers} workers, batches of {batch}");
    }
}

#[test]
fn a_finding_says_where_its_event_stands_and_shows_declared_fields_only() {
    for finding in run(&[EVENTS, "--format", "ndjson"]).ends(0).lines() {
        let file = finding["event"]["file"].as_str().unwrap();
        let line = usize::try_from(finding["event"]["line"].as_u64().unwrap()).unwrap();
        let text = fs::read_to_string(Path::new(&at(".")).join(file)).unwrap();
        let event = text.lines().nth(line - 1).unwrap();
        let source = finding["event"]["source"].as_str().unwrap();
        let identity = cordon::ids::event_identity(source, event.trim().as_bytes());
        assert_eq!(finding["event"]["digest"], identity.to_string());
        let manifest = cordon::sandbox::inspect(&fs::read(plugin(finding["plugin"]["id"].as_str().unwrap())).unwrap())
            .unwrap()
            .manifest;
        let declared = &manifest.sources[source].fields;
        assert!(finding["evidence"].as_object().unwrap().keys().all(|handle| declared.contains_key(handle)));
    }
}

#[test]
fn ocsf_is_a_detection_finding_of_1_8_0() {
    for finding in run(&[EVENTS, "--format", "ocsf", "--for", "westmarch"]).ends(0).lines() {
        assert_eq!(cordon_tests::ocsf::faults(&finding), Vec::<String>::new(), "{finding}");
        assert_eq!(finding["type_uid"], 200_401);
        assert_eq!(finding["metadata"]["version"], "1.8.0");
        assert_eq!(finding["metadata"]["tenant_uid"], "westmarch");
        assert!(finding["finding_info"]["uid"].as_str().unwrap().len() == 64);
    }
}

#[test]
fn a_table_is_for_people_and_the_summary_goes_to_standard_error() {
    let said = run(&[EVENTS]).ends(0);
    assert!(said.out.contains("evidence") && said.out.contains("where"), "{}", said.out);
    assert!(!said.out.contains('\u{1b}'), "no colours into a file");
    assert!(said.err.contains("findings") && said.err.contains("CPU"), "{}", said.err);
}

#[test]
fn what_was_refused_is_counted_with_examples_and_the_rest_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.jsonl");
    let good = fs::read_to_string(at("examples/events/m365-audit.jsonl")).unwrap();
    let lines = good.lines().count();
    fs::write(&path, format!("{good}{{\"broken\" 1}}\n\"text\"\n{{\"of\":\"no known source\"}}\n")).unwrap();
    let said = run(&[path.to_str().unwrap(), "--format", "ndjson"]).ends(4);
    assert!(!said.lines().is_empty());
    assert!(
        said.err.contains("refused") && said.err.contains(&format!("mixed.jsonl line {}", lines + 1)),
        "{}",
        said.err
    );
}

#[test]
fn bad_input_gets_one_clear_message_and_exit_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let events = at("examples/events/m365-audit.jsonl");
    let mail = plugin("mail-forwarding");
    let cases: &[(&str, Vec<String>, &str)] = &[
        ("missing file", vec!["-p".into(), mail.clone(), "nowhere.jsonl".into()], "nowhere.jsonl"),
        ("directory", vec!["-p".into(), mail.clone(), at("examples")], "examples"),
        ("empty", vec!["-p".into(), mail.clone(), file("empty.jsonl", b"")], "empty.jsonl"),
        ("zip", vec!["-p".into(), mail.clone(), file("e.zip", b"PK\x03\x04....")], "zip"),
        ("plugin as events", vec!["-p".into(), mail.clone(), mail.clone()], "-p"),
        ("events as plugin", vec!["-p".into(), events.clone(), events.clone()], "not a plugin"),
        ("core module", vec!["-p".into(), file("core.wasm", b"\0asm\x01\0\0\0"), events.clone()], "cordon build"),
        ("not Wasm", vec!["-p".into(), file("text.wasm", b"hello"), events.clone()], "not WebAssembly"),
        ("no such plugin", vec!["-p".into(), "nowhere".into(), events.clone()], "nowhere"),
        (
            "two of one id",
            vec!["-p".into(), mail.clone(), "-p".into(), other_bytes(&mail, folder.path()), events.clone()],
            "two plugins",
        ),
        ("zone", vec!["-p".into(), mail.clone(), "--zone".into(), "Mars".into(), events.clone()], "Europe/London"),
        ("source", vec!["-p".into(), mail.clone(), "--source".into(), "m365".into(), events.clone()], "custom.NAME"),
        (
            "settings of the wrong type",
            vec![
                "-p".into(),
                mail.clone(),
                "--settings".into(),
                file("s.toml", b"[mail-forwarding.run]\nnot_there = 1\n"),
                events.clone(),
            ],
            "not_there",
        ),
        ("explain nowhere", vec!["-p".into(), mail, "--explain".into(), "99999".into(), events], "99999"),
    ];
    for (what, arguments, says) in cases {
        let mut all = vec!["run".to_owned()];
        all.extend(arguments.iter().cloned());
        let said = cordon().run(&all);
        assert_eq!(said.code, 2, "{what}: {}", said.err);
        assert!(said.err.contains(says), "{what} should say {says:?}: {}", said.err);
        assert!(!said.err.contains("panicked") && said.out.is_empty(), "{what}: {} {}", said.err, said.out);
    }
}

/// The same plugin with other bytes: one more custom section.
fn other_bytes(component: &str, folder: &Path) -> String {
    let mut bytes = fs::read(component).unwrap();
    bytes.extend([0, 2, 1, b'x']);
    let path = folder.join("other.wasm");
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn explain_shows_what_a_plugin_looked_at() {
    let finding = run(&[EVENTS, "--format", "ndjson"]).ends(0).lines().remove(0);
    let row = format!("{}:{}", finding["event"]["file"].as_str().unwrap(), finding["event"]["line"]);
    let said = run(&[EVENTS, "--explain", &row]).ends(0);
    assert!(said.out.contains("yes") && said.out.contains("1 finding"), "{}", said.out);
    let for_a_machine = run(&[EVENTS, "--explain", &row, "--format", "ndjson"]).ends(0);
    assert!(!for_a_machine.out.contains('\u{1b}'), "{}", for_a_machine.out);
}

#[test]
fn a_source_that_no_event_has_explains_the_empty_result() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("payroll.jsonl");
    fs::write(&path, "{\"booked\":\"2026-03-09T10:00:00Z\",\"sum\":1}\n").unwrap();
    let said = run(&[path.to_str().unwrap(), "--source", "custom.payroll", "--time-field", "booked"]).ends(0);
    assert!(said.err.contains("there was no such event"), "{}", said.err);
}

#[test]
fn a_plugin_that_faults_is_named_with_its_events_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.jsonl");
    fs::write(&path, "{\"Operation\":\"see\"}\n{\"Operation\":\"boom\"}\n{\"Operation\":\"see\",\"n\":2}\n").unwrap();
    let guest = at("tests/guests/sdk/panicking");
    let run = |batch: &str| {
        let path = path.to_str().unwrap();
        let mail = plugin("mail-forwarding");
        let plugins = ["run", "-p", &guest, "-p", &mail];
        let events = [path, "--source", "custom.test", "--batch", batch, "--format", "ndjson"];
        cordon().run(&[plugins.as_slice(), events.as_slice()].concat()).ends(4)
    };
    let whole = run("4096");
    assert!(whole.lines().is_empty());
    for part in ["fault:", "`panicking` trapped", "3 events", "out of bounds", "src/lib.rs"] {
        assert!(whole.err.contains(part), "{part}: {}", whole.err);
    }
    // In batches of one, only the event that breaks it is lost.
    assert_eq!(run("1").lines().len(), 2);
}

#[test]
fn standard_input_and_files_give_the_same() {
    let path = at("examples/events/m365-audit.jsonl");
    let plugin = plugin("mail-forwarding");
    let ids = |said: Said| -> Vec<Value> { said.lines().into_iter().map(|mut finding| finding["id"].take()).collect() };
    let file = ids(cordon().run(&["run", "-p", &plugin, &path, "--format", "ndjson"]).ends(0));
    let piped = cordon().run_with(&["run", "-p", &plugin, "-", "--format", "ndjson"], File::open(&path).unwrap());
    assert_eq!(ids(piped.ends(0)), file);
    assert!(!file.is_empty());
}

#[test]
fn text_of_an_event_cannot_steer_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evil.jsonl");
    let event = r#"{"CreationTime":"2026-03-09T10:09:55","Id":"00000000-0000-4000-8000-000000000001","Operation":"Set-Mailbox","OrganizationId":"00000000-0000-4000-8000-0000000000aa","RecordType":1,"ResultStatus":"True","UserKey":"k","UserType":2,"Version":1,"Workload":"Exchange","ObjectId":"ben","UserId":"a\u001b[2Jb@force.example","Parameters":[{"Name":"Identity","Value":"ben\u001b]0;x\u0007"},{"Name":"ForwardingSmtpAddress","Value":"smtp:x@mailbox.example.net"}]}"#;
    fs::write(&path, format!("{event}\n")).unwrap();
    let said = cordon().run(&["run", "-p", &plugin("mail-forwarding"), path.to_str().unwrap()]).ends(0);
    assert!(
        said.out.contains("\\u{1b}") && !said.out.contains('\u{1b}') && !said.out.contains('\u{7}'),
        "{:?}",
        said.out
    );
}

#[test]
fn inspect_shows_the_import_list_and_no_signature() {
    let said = cordon().run(&["inspect", &plugin("mail-forwarding")]).ends(0);
    assert!(
        said.out.contains("cordon:detection/events@1.0.0") && said.out.contains("signature            none"),
        "{}",
        said.out
    );
    let json: Value =
        serde_json::from_str(&cordon().run(&["inspect", &plugin("mail-forwarding"), "--format", "json"]).ends(0).out)
            .unwrap();
    assert_eq!(json["manifest"]["plugin"]["id"], "mail-forwarding");
    assert_eq!(json["digest"], cordon::ids::Digest::of(&fs::read(plugin("mail-forwarding")).unwrap()).to_string());
}

#[test]
fn fields_lists_paths_and_masks_samples() {
    let events = at("examples/events/m365-audit.jsonl");
    let plain = cordon().run(&["fields", &events]).ends(0).out;
    assert!(plain.contains("Parameters[Name=") && plain.contains("westmarch.example"), "{plain}");
    let masked = cordon().run(&["fields", &events, "--mask"]).ends(0).out;
    assert!(masked.contains("Parameters[Name=") && !masked.contains("westmarch"), "{masked}");
}

#[test]
fn bench_measures_each_size_of_batch() {
    let events = at("examples/events/m365-audit.jsonl");
    let said = cordon()
        .run(&["bench", "-p", &plugin("mail-forwarding"), &events, "--batch", "1,64", "--format", "json"])
        .ends(0);
    let costs: Vec<Value> = serde_json::from_str(&said.out).unwrap();
    assert_eq!(costs.iter().map(|cost| cost["batch"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 64]);
    assert!(costs.iter().all(|cost| cost["ns_per_event"].as_f64().unwrap() > 0.0));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = std::process::Command::new(BINARY)
        .args(["inspect", &plugin("mail-forwarding"), &plugin("oauth-consent")])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
