//! A finding is made again from its evidence, alone and elsewhere; whatever was changed since is noticed and named.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cordon::evidence::{Evidence, EvidenceError};
use cordon::ids::Digest;
use cordon_tests::cli::{Cordon, Said, at};
use cordon_tests::guest::{Guest, MANIFEST, data};
use serde_json::{Value, json};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");
const EVENTS: &str = "examples/events/*.jsonl";

/// A folder of this file's own, empty. Statics are never dropped, so it is none of the temporary ones.
fn own(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reproduce").join(name);
    let _ = fs::remove_dir_all(&folder); // not there the first time
    folder
}

/// The national plugins and no others, built once for all tests of this file.
static PLUGINS: LazyLock<String> = LazyLock::new(|| {
    let out = text(&own("plugins")).to_owned();
    let _ = cordon().run(&["build", "plugins", "--out", &out]).ends(0);
    out
});

fn cordon() -> Cordon {
    Cordon::new(BINARY, Path::new(&at(".")))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `run --evidence` over some events with the national plugins.
fn keep(folder: &Path, events: &str) -> Said {
    cordon().run(&["run", "-p", &PLUGINS, events, "--format", "ndjson", "--evidence", text(folder)])
}

/// Evidence of the sample events, made once: tests copy from it.
static KEPT: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = own("kept");
    assert!(!keep(&folder, EVENTS).ends(0).lines().is_empty());
    folder
});

fn evidence_files(folder: &Path) -> Vec<PathBuf> {
    cordon::evidence::files(folder).unwrap()
}

fn copy(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    fs::create_dir(to.path().join("plugins")).unwrap();
    for folder in ["", "plugins"] {
        for entry in fs::read_dir(from.join(folder)).unwrap().map(Result::unwrap) {
            if entry.path().is_file() {
                fs::copy(entry.path(), to.path().join(folder).join(entry.file_name())).unwrap();
            }
        }
    }
    to
}

/// One piece of evidence in a folder of its own, with the plugins.
fn one() -> (TempDir, PathBuf) {
    let folder = copy(&KEPT);
    let mut files = evidence_files(folder.path());
    let file = files.pop().unwrap();
    files.iter().for_each(|other| fs::remove_file(other).unwrap());
    (folder, file)
}

fn reproduce(arguments: &[&str]) -> Said {
    cordon().run(&[&["reproduce"], arguments].concat())
}

/// What the one file's re-run differs in.
fn differences(arguments: &[&str]) -> Vec<String> {
    let said = reproduce(&[arguments, &["--format", "json"]].concat()).ends(1);
    let all: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(all[0]["verdict"], "differs", "{all}");
    all[0]["differences"].as_array().unwrap().iter().map(|d| d["what"].as_str().unwrap().to_owned()).collect()
}

/// Every finding over these events has evidence and is made again from it, here and on what might be another machine.
fn all_reproduce(events: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let found = keep(folder.path(), events).ends(0).lines();
    let files = evidence_files(folder.path());
    let mut ids: Vec<String> = found.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    assert_eq!(files.iter().map(|f| f.file_stem().unwrap().to_str().unwrap().to_owned()).collect::<Vec<_>>(), ids);
    for finding in &found {
        let file = folder.path().join(format!("{}.json", finding["id"].as_str().unwrap()));
        assert_eq!(Evidence::from_bytes(&fs::read(file).unwrap()).unwrap().finding, *finding);
    }
    let _ = reproduce(&[text(folder.path())]).ends(0);

    let (elsewhere, copied, cache) = (tempfile::tempdir().unwrap(), copy(folder.path()), tempfile::tempdir().unwrap());
    drop(folder);
    let there = Cordon::new(BINARY, elsewhere.path()).env("XDG_CACHE_HOME", text(cache.path()));
    let said = there.run(&["reproduce", text(copied.path()), "--format", "json"]).ends(0);
    let all: Vec<Value> = serde_json::from_str(&said.out).unwrap();
    assert_eq!(all.len(), found.len());
    assert!(all.iter().all(|one| one["verdict"] == "identical" && one["remarks"] == json!([])), "{all:?}");
    found.len()
}

#[test]
fn every_finding_of_the_sample_events_reproduces_alone_and_elsewhere() {
    assert!(all_reproduce(EVENTS) >= 3);
}

#[test]
fn every_finding_of_the_real_audit_records_reproduces_alone_and_elsewhere() {
    let Some(records) = cordon_tests::real_data("m365-ual.jsonl.zst") else { return };
    assert_eq!(all_reproduce(text(&records)), 121);
}

// --- what was altered ---

#[test]
fn any_single_flipped_bit_of_an_evidence_file_is_noticed() {
    let (_folder, file) = one();
    let good = fs::read(&file).unwrap();
    assert!(Evidence::from_bytes(&good).is_ok());
    let mut bytes = good.clone();
    for (at, byte) in good.iter().enumerate() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            let read = Evidence::from_bytes(&bytes);
            assert!(matches!(read, Err(EvidenceError::Altered | EvidenceError::NotEvidence)), "byte {at} bit {bit}");
            bytes[at] = *byte;
        }
    }
    for end in 0..good.len() {
        assert!(Evidence::from_bytes(&good[..end]).is_err(), "cut after {end} bytes");
    }
    assert!(Evidence::from_bytes(&[good.as_slice(), b"\n"].concat()).is_err());
}

#[test]
fn a_flipped_byte_of_evidence_or_plugin_is_said_by_the_command() {
    let (folder, file) = one();
    let flipped = |path: &Path, at: usize, code: i32| {
        let good = fs::read(path).unwrap();
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
        let said = reproduce(&[text(&file)]).ends(code);
        assert!(said.out.contains("altered") && said.out.contains("0 of 1 finding identical"), "{}", said.out);
        fs::write(path, good).unwrap();
    };
    let len = fs::read(&file).unwrap().len();
    for at in [20, 100, len / 2, len - 40, len - 1] {
        flipped(&file, at, 1);
    }
    flipped(&file, 3, 2); // no longer told from a file of another kind
    let component = Evidence::from_bytes(&fs::read(&file).unwrap()).unwrap().plugin.sha256;
    let component = folder.path().join("plugins").join(format!("{component}.wasm"));
    let len = fs::read(&component).unwrap().len();
    for at in [0, 8, len / 2, len - 1] {
        flipped(&component, at, 1);
    }
    let _ = reproduce(&[text(&file)]).ends(0);
}

/// Changes evidence and seals it anew, as somebody would who knows how.
fn forge(file: &Path, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    value.as_object_mut().unwrap().shift_remove("sha256");
    change(&mut value);
    let mut text = value.to_string();
    text.pop();
    let seal = Digest::of(text.as_bytes());
    fs::write(file, format!("{text},\"sha256\":\"{seal}\"}}\n")).unwrap();
}

/// A change, and what a re-run names.
type Forgery = (fn(&mut Value), &'static [&'static str]);

#[test]
fn what_was_changed_under_a_new_seal_is_named() {
    let cases: &[Forgery] = &[
        (|e| e["finding"]["summary"] = json!("Nothing happened."), &["finding.summary"]),
        (|e| e["finding"]["entities"][0]["value"] = json!("somebody else"), &["finding.entities[0].value"]),
        (
            |e| {
                e["trigger"]["time_us"] = json!(0);
                e["finding"]["extra"] = json!(1);
            },
            &["finding.event.time", "finding.extra"],
        ),
        (|e| e["trigger"]["sequence"] = json!(999), &["finding.event.sequence"]),
        (
            |e| e["trigger"]["event"] = json!(e["trigger"]["event"].as_str().unwrap().replacen("\":", "\": ", 1)),
            &["event-bytes", "finding"],
        ),
        (
            |e| e["plugin"]["run_settings"] = json!(format!("{} ", e["plugin"]["run_settings"].as_str().unwrap())),
            &["run-settings"],
        ),
        (|e| e["plugin"]["run_settings"] = json!("{\"never\": 1}"), &["run-settings", "run-settings", "outcome"]),
        (|e| e["plugin"]["load_settings_sha256"] = json!("0".repeat(64)), &["load-settings"]),
        (|e| e["force"] = json!("other"), &["finding"]),
        (|e| e["finding"]["id"] = json!("0".repeat(64)), &["finding"]),
    ];
    for (number, (change, expected)) in cases.iter().enumerate() {
        let (_folder, file) = one();
        forge(&file, change);
        assert_eq!(differences(&[text(&file)]), *expected, "forgery {number}");
    }
    // The engine is a remark, not a failure.
    let (_folder, file) = one();
    forge(&file, |e| e["engine"]["sha256"] = json!("0".repeat(64)));
    let said = reproduce(&[text(&file)]).ends(0);
    assert!(said.out.contains("identical") && said.out.contains("engine: was 000"), "{}", said.out);
}

#[test]
fn another_plugin_or_other_settings_are_named() {
    let (folder, file) = one();
    let kept = Evidence::from_bytes(&fs::read(&file).unwrap()).unwrap();
    // The same plugin with other bytes: one more custom section.
    let mut bytes = fs::read(format!("{}/{}.wasm", *PLUGINS, kept.plugin.id)).unwrap();
    bytes.extend([0, 2, 1, b'x']);
    let other = folder.path().join("other.wasm");
    fs::write(&other, bytes).unwrap();
    assert_eq!(differences(&[text(&file), "-p", text(&other)]), ["plugin", "finding.plugin.digest"]);

    let settings = folder.path().join("s.json");
    let manifest = cordon::sandbox::inspect(&fs::read(&other).unwrap()).unwrap().manifest;
    let (name, setting) = manifest.settings.run.first_key_value().unwrap();
    let value = match &setting.default {
        Value::Array(_) => json!(["another"]),
        Value::Bool(was) => json!(!was),
        other => panic!("{name}: a default that this test does not know: {other}"),
    };
    let id = &kept.plugin.id;
    fs::write(&settings, json!({ id: { "run": { name: value } } }).to_string()).unwrap();
    assert_eq!(differences(&[text(&file), "--settings", text(&settings)])[0], "run-settings");
}

// --- what evidence holds ---

/// A guest over these events with evidence; the folder, and each file's evidence.
fn of_guest(guest: &Guest, events: &str, more: &[&str]) -> (TempDir, Vec<Evidence>) {
    let folder = tempfile::tempdir().unwrap();
    let (plugin, lines, kept) =
        (folder.path().join("guest.wasm"), folder.path().join("lines.jsonl"), folder.path().join("kept"));
    fs::write(&plugin, guest.build()).unwrap();
    fs::write(&lines, events).unwrap();
    let arguments = ["run", "-p", text(&plugin), text(&lines), "--source", "custom.test", "--evidence", text(&kept)];
    let _ = cordon().run(&[arguments.as_slice(), more].concat()).ends(0);
    let read = |file: &PathBuf| Evidence::from_bytes(&fs::read(file).unwrap()).unwrap();
    let evidence = evidence_files(&kept).iter().map(read).collect();
    (folder, evidence)
}

/// Emits for the first row of each batch.
const FIRST_ROW: &str = "(call $emit (i32.const 0))";

#[test]
fn event_bytes_survive_exactly() {
    let events = [
        r#"{ "a" :1.0e+00,"a":2 , "b":"\u00e4\ud83d\ude00\/ä😀","c":"\\\"\n"}"#.to_owned(),
        "{\"tab\":\t[ ],\"del\":\"\u{7f}\u{202e}\",\"long\":123456789012345678901234567890}".to_owned(),
        format!("{{\"Operation\":\"{}\"}}", "x".repeat(100_000)),
    ];
    let (folder, evidence) = of_guest(&Guest::detecting(FIRST_ROW), &events.join("\n"), &["--batch", "1"]);
    let mut kept: Vec<&str> = evidence.iter().map(|evidence| evidence.trigger.event.as_str()).collect();
    kept.sort_by_key(|event| events.iter().position(|sent| sent == event));
    assert_eq!(kept, events);
    let _ = reproduce(&[text(&folder.path().join("kept"))]).ends(0);
}

#[test]
fn cited_events_are_kept_where_the_batch_has_them_and_named_where_not() {
    let references = ["r1/local/custom.test/2", "r1/local/custom.test/99"];
    let guest = Guest::detecting(
        "(call $draft (i32.const 0))
         (i32.store (i32.const 1096) (i32.const 3000)) (i32.store (i32.const 1100) (i32.const 2))
         (i32.store (i32.const 3000) (i32.const 3100)) (i32.store (i32.const 3004) (i32.const 22))
         (i32.store (i32.const 3008) (i32.const 3200)) (i32.store (i32.const 3012) (i32.const 23))
         (if (call $send) (then unreachable))",
    )
    .with(&format!("{} {}", data(3100, references[0]), data(3200, references[1])));
    let (folder, evidence) = of_guest(&guest, "{\"n\":1}\n{\"n\":2}\n", &[]);
    let [evidence] = &evidence[..] else { panic!("{evidence:?}") };
    let cited: Vec<(&str, Option<&str>)> = evidence
        .cited
        .iter()
        .map(|cited| (cited.reference.as_str(), cited.event.as_ref().map(|event| event.event.as_str())))
        .collect();
    assert_eq!(cited, [(references[0], Some("{\"n\":2}")), (references[1], None)]);
    let kept = folder.path().join("kept");
    let _ = reproduce(&[text(&kept)]).ends(0);
    forge(&evidence_files(&kept)[0], |e| e["cited"][0]["event"]["event"] = json!("{\"n\":3}"));
    assert_eq!(differences(&[text(&kept)]), ["cited-event-bytes"]);
}

#[test]
fn the_grant_of_that_time_holds_for_the_re_run() {
    let guest = Guest::detecting(
        "(call $whole (local.get $batch) (i32.const 0) (i32.const 64))
         (if (i32.eqz (i32.load8_u (i32.const 64))) (then (call $emit (i32.const 0))))",
    );
    let manifest = format!("{MANIFEST}\n[grants]\nwhole-events = true\n");
    let guest = guest.manifest(Some(&manifest));
    let (folder, evidence) = of_guest(&guest, "{\"n\":1}\n", &["--grant-whole-events"]);
    assert!(evidence[0].caps.whole_events);
    let kept = folder.path().join("kept");
    let _ = reproduce(&[text(&kept)]).ends(0);
    forge(&evidence_files(&kept)[0], |e| e["caps"]["whole_events"] = json!(false));
    assert_eq!(differences(&[text(&kept)]), ["finding"]);
}

#[test]
fn load_settings_are_kept_and_prepared_again() {
    let manifest =
        format!("{MANIFEST}\n[settings.load.word]\ntype = \"string\"\ndefault = \"a\"\ndescription = \"d\"\n");
    let loaded = r#"{"word":"bb"}"#;
    let guest = Guest::detecting(&format!(
        "(if (i32.eq (i32.load (i32.const 4000)) (i32.const {})) (then (call $emit (i32.const 0))))",
        loaded.len()
    ))
    .configuring("(i32.store (i32.const 4000) (local.get $len))")
    .manifest(Some(&manifest));
    let settings = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(settings.path(), format!(r#"{{"guest":{{"load":{loaded}}}}}"#)).unwrap();
    let (folder, evidence) = of_guest(&guest, "{\"n\":1}\n", &["--settings", text(settings.path())]);
    assert_eq!(evidence[0].plugin.load_settings, loaded);
    let kept = folder.path().join("kept");
    let _ = reproduce(&[text(&kept)]).ends(0);
    forge(&evidence_files(&kept)[0], |e| e["plugin"]["load_settings"] = json!(r#"{"word":"ccc"}"#));
    assert_eq!(differences(&[text(&kept)]), ["load-settings", "finding"]);
}

#[test]
fn a_finding_that_depended_on_its_batch_is_found_out() {
    let breaks = "(if (i32.gt_u (call $len (local.get $batch)) (i32.const 1)) (then (call $emit (i32.const 0))))";
    let (folder, evidence) = of_guest(&Guest::detecting(breaks), "{\"n\":1}\n{\"n\":2}\n", &[]);
    assert_eq!(evidence.len(), 1);
    let said = reproduce(&[text(&folder.path().join("kept"))]).ends(1);
    assert!(said.out.contains("row rule") && said.out.contains("now nothing"), "{}", said.out);
}

// --- where evidence is kept ---

#[test]
fn evidence_is_its_owners_only_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("a/b");
    let _ = keep(&kept, EVENTS).ends(0);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&kept), mode(&kept.join("plugins"))), (0o700, 0o700));
    let files = evidence_files(&kept);
    let components = fs::read_dir(kept.join("plugins")).unwrap().map(|entry| entry.unwrap().path());
    for file in files.iter().cloned().chain(components) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    let names = |folder: &Path| fs::read_dir(folder).unwrap().count();
    let plugins = names(Path::new(&*PLUGINS));
    assert_eq!(
        (names(&kept), names(&kept.join("plugins"))),
        (files.len() + 1, plugins),
        "nothing half-written is left"
    );

    let before: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let again = keep(&kept, EVENTS).ends(0);
    assert!(again.err.contains(&format!("{} had theirs there before", files.len())), "{}", again.err);
    assert_eq!(before, files.iter().map(|file| fs::read(file).unwrap()).collect::<Vec<_>>());

    fs::write(&files[0], "mine").unwrap();
    fs::copy(&files[2], &files[1]).unwrap();
    let said = keep(&kept, EVENTS).ends(4);
    assert!(said.err.contains("nothing is overwritten") && said.err.contains("another finding"), "{}", said.err);
    assert!(said.err.contains("no evidence of 2 findings"), "{}", said.err);
    assert_eq!((fs::read_to_string(&files[0]).unwrap(), said.lines().len()), ("mine".into(), files.len()));
}

/// A limit on the size of files stands in for a full disk: a write fails in the middle of a file.
#[test]
fn a_disk_that_takes_no_more_leaves_nothing_half_written_and_findings_go_on() {
    let full = |folder: &Path| {
        let limited = ["-c", "trap '' 25; ulimit -f 1; exec \"$@\"", "sh", BINARY];
        let run = ["run", "-p", &PLUGINS, EVENTS, "--format", "ndjson", "--evidence", text(folder)];
        Cordon::new("sh", Path::new(&at("."))).run(&[limited.as_slice(), &run].concat())
    };
    let kept = copy(&KEPT);
    let files = evidence_files(kept.path());
    files.iter().for_each(|file| fs::remove_file(file).unwrap());
    let said = full(kept.path()).ends(4);
    assert_eq!(said.lines().len(), files.len());
    assert!(said.err.contains("cannot be written: File too large"), "{}", said.err);
    assert!(said.err.contains(&format!("no evidence of {} findings could be kept", files.len())), "{}", said.err);
    assert_eq!(fs::read_dir(kept.path()).unwrap().count(), 1, "only the plugins");

    let empty = tempfile::tempdir().unwrap();
    let said = full(empty.path()).ends(2);
    assert!(said.out.is_empty() && said.err.contains(".wasm: cannot be written"), "{}", said.err);
    assert_eq!(fs::read_dir(empty.path().join("plugins")).unwrap().count(), 0);
}

#[test]
fn a_folder_that_cannot_take_evidence_is_said_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let altered = copy(&KEPT);
    let component = fs::read_dir(altered.path().join("plugins")).unwrap().next().unwrap().unwrap().path();
    fs::write(&component, "\0asm").unwrap();
    for (place, says) in
        [(file.as_path(), "cannot be made"), (&file.join("x"), "cannot be made"), (altered.path(), "altered")]
    {
        let said = keep(place, EVENTS).ends(2);
        assert!(said.out.is_empty() && said.err.contains(says), "{}", said.err);
    }
}

#[test]
fn what_cannot_be_re_run_says_why_and_the_way_out() {
    let (folder, file) = one();
    let empty = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str], code: i32, says: &str| {
        let said = reproduce(arguments).ends(code);
        assert!(said.out.contains(says) || said.err.contains(says), "{says}: {}\n{}", said.out, said.err);
    };
    said(&["nowhere"], 2, "no such file or folder");
    said(&[text(empty.path())], 2, "holds no evidence");
    said(&[&at("README.md")], 2, "not an evidence file");
    said(&[&at("examples/events/m365-audit.jsonl"), text(&file)], 4, "1 of 2 findings identical");
    let other = empty.path().join("guest.wasm");
    fs::write(&other, Guest::detecting(FIRST_ROW).build()).unwrap();
    said(&[text(&file), "-p", text(&other)], 2, "none of the plugins given with -p");
    fs::remove_dir_all(folder.path().join("plugins")).unwrap();
    said(&[text(&file)], 2, "give it with -p");
    said(&[text(&file), "-p", &PLUGINS], 0, "1 of 1 finding identical");
    for (change, says) in [
        ((|e| e["cordon_evidence"] = json!(9)) as fn(&mut Value), "version 9"),
        (|e| e["new"] = json!(1), "unknown field `new`"),
        (|e| e["trigger"]["unit"] = json!("verse"), "verse"),
        (|e| e["trigger"]["shape"] = json!("of 2031"), "of 2031"),
        (|e| e["plugin"]["sha256"] = json!("A".repeat(64)), "lower-case"),
    ] {
        let (_folder, file) = one();
        forge(&file, change);
        said(&[text(&file)], 2, says);
    }
}

// --- soak ---

#[test]
fn a_soak_says_what_it_did_and_how_to_see_a_difference_again() {
    let said = reproduce(&["--soak", "-p", &PLUGINS, EVENTS, "--seconds", "0", "--seed", "3"]).ends(0);
    assert!(said.out.contains("1 round over") && said.out.contains("seed 3"), "{}", said.out);
    let said = reproduce(&["--soak", EVENTS]);
    assert!(said.code == 2 && said.err.contains("--plugin"), "{}", said.err);

    let folder = tempfile::tempdir().unwrap();
    let (plugin, lines) = (folder.path().join("guest.wasm"), folder.path().join("lines.jsonl"));
    fs::write(&plugin, Guest::detecting(FIRST_ROW).build()).unwrap();
    fs::write(&lines, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n").unwrap();
    let soak = ["--soak", "-p", text(&plugin), text(&lines), "--source", "custom.test", "--seconds", "60"];
    let said = reproduce(&soak).ends(1);
    assert!(said.out.contains("differs") && said.out.contains("new: guest/rule-a"), "{}", said.out);
    let (_, again) = said.out.split_once("with ").unwrap();
    let again: Vec<&str> = again.split_whitespace().collect();
    let repeated = reproduce(&[soak.as_slice(), again.as_slice()].concat()).ends(1);
    let told = |said: &Said| said.out.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(told(&repeated), told(&said));
}
