//! `column`, `column-for` and `values` equal what a plain walk finds, for any document and any path.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::sync::Arc;

use cordon::events::{Batcher, EventOrigin, RawEvent};
use cordon_contract::path::{Path, Step};
use cordon_tests::batches::{RECEIVED, options};
use cordon_tests::{plain_walk, real_data};
use proptest::prelude::*;
use serde_json::Value;

fn batcher() -> Batcher {
    Batcher::new(options(Some("custom.test")))
}

fn raw(json: &str, line: usize) -> RawEvent {
    let origin = EventOrigin { file: Arc::from("test"), line: line as u64, unit: "line" };
    RawEvent { bytes: json.as_bytes().to_vec(), origin }
}

/// Compares a batch of the documents, whole and cut in two.
fn check(documents: &[String], path: &Path) {
    let mut batcher = batcher();
    let mut expected = Vec::new();
    for (line, document) in documents.iter().enumerate() {
        let value = plain_walk::parse(document).unwrap().unwrap();
        let Ok(slots) = plain_walk::walk(Some(&value), path.steps()) else { continue };
        batcher.push(raw(document, line + 1), RECEIVED).unwrap();
        expected.push(slots);
    }
    assert!(expected.len() * 100 >= documents.len() * 98, "too many that serde_json cannot judge");
    let batch = batcher.finish().remove(0);
    plain_walk::compare(&batch, path, &expected);
}

/// A string as JSON, in one of several spellings.
fn spelled(text: &str, spelling: u8) -> String {
    match spelling {
        0 => serde_json::to_string(text).unwrap(),
        1 => {
            let mut out = String::from("\"");
            for unit in text.encode_utf16() {
                write!(out, "\\u{unit:04X}").unwrap();
            }
            out + "\""
        }
        _ => serde_json::to_string(text).unwrap().replace('/', "\\/").replace('a', "\\u0061"),
    }
}

const NAMES: &[&str] = &["a", "b", "Name", "Value", "é😀", "x.y", "q\"\\", "", "long name of a member"];
const TEXTS: &[&str] = &[
    "",
    "a",
    "A",
    "ForwardTo",
    "x",
    "1.2.3.4:80",
    "[::1]:1",
    "::ffff:9.8.7.6",
    "Ünï/\u{0}\n\"\\😀",
    "5",
    "null",
    "{\"a\":[1]}",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(TEXTS).prop_map(str::to_owned),
        1 => "\\PC{0,20}",
        1 => "[a-z]{30,90}",
    ]
}

fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => Just(""), 1 => Just(" "), 1 => Just("\r\n\t")]
}

fn string() -> impl Strategy<Value = String> {
    (text(), 0u8..3).prop_map(|(text, spelling)| spelled(&text, spelling))
}

fn object(value: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = String> {
    let member = (proptest::sample::select(NAMES), 0u8..3, space(), value);
    proptest::collection::vec(member, 0..6).prop_map(|members| {
        let members: Vec<String> = members
            .into_iter()
            .map(|(name, spelling, space, value)| {
                format!("{space}{}{space}:{space}{value}{space}", spelled(name, spelling))
            })
            .collect();
        format!("{{{}}}", members.join(","))
    })
}

fn value() -> impl Strategy<Value = String> + Clone {
    let leaf = prop_oneof![
        string(),
        proptest::sample::select(
            &["null", "true", "false", "0", "-1", "1.50", "2e3", "18446744073709551616", "-0.0"][..]
        )
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            3 => object(inner.clone()),
            3 => (proptest::collection::vec(inner.clone(), 0..5), space())
                .prop_map(|(elements, space)| format!("[{space}{}{space}]", elements.join(","))),
            // A document inside of a string.
            1 => (inner, 0u8..3).prop_map(|(inner, spelling)| spelled(&inner, spelling)),
        ]
    })
    .boxed()
}

fn steps() -> impl Strategy<Value = Path> {
    let step = prop_oneof![
        5 => proptest::sample::select(NAMES).prop_map(|name| Step::Name(name.to_owned())),
        3 => Just(Step::All),
        1 => (0u32..3).prop_map(Step::Index),
        1 => (proptest::sample::select(NAMES), proptest::sample::select(TEXTS))
            .prop_map(|(name, value)| Step::Where { name: name.to_owned(), value: value.to_owned() }),
        1 => Just(Step::Json),
    ];
    let first = proptest::sample::select(NAMES).prop_map(|name| Step::Name(name.to_owned()));
    let last = prop_oneof![4 => Just(None), 1 => Just(Some(Step::Lower)), 1 => Just(Some(Step::Ip))];
    (first, proptest::collection::vec(step, 0..5), last).prop_map(|(first, steps, last)| {
        let steps = std::iter::once(first).chain(steps).chain(last).collect();
        Path::from_steps(steps).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn columns_equal_a_plain_walk_for_any_document_and_path(
        documents in proptest::collection::vec(object(value()), 1..12),
        paths in proptest::collection::vec(steps(), 1..6),
    ) {
        for path in &paths {
            check(&documents, path);
        }
    }

    #[test]
    fn whatever_serde_takes_as_an_event_is_taken_and_whatever_it_refuses_is_refused(
        json in "[\\[\\]{}:,\"\\\\ae01.\\-+u\\x00-\\x20tnf😀]{0,16}",
    ) {
        let json = format!("{{\"a\":{json}}}");
        let taken = batcher().push(raw(&json, 1), RECEIVED).is_ok();
        let serde = serde_json::from_str::<serde_json::Map<String, Value>>(&json);
        // serde_json has no numbers beyond a double's range; events keep them as text.
        let beyond = serde.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
        prop_assert!(taken == serde.is_ok() || beyond, "{json}: taken {taken}, serde {serde:?}");
    }
}

#[test]
fn columns_equal_a_plain_walk_over_real_records() {
    for (name, paths) in [
        (
            "m365-ual.jsonl.zst",
            &[
                "Operation",
                "UserId.@lower",
                "ClientIP.@ip",
                "Parameters[Name=ForwardTo].Value",
                "Parameters[].Value",
                "ModifiedProperties[].NewValue",
                "ModifiedProperties[].NewValue.@json[]",
                "ExtendedProperties[Name=additionalDetails].Value.@json",
                "Target[].ID",
                "Folders[].FolderItems[].InternetMessageId",
                "Id",
                "RecordType",
                "Actor",
                "Absent",
            ][..],
        ),
        (
            "windows-otrf.jsonl.zst",
            &["Message", "EventID", "Image.@lower", "Keywords", "tags[]", "event_data.param2"][..],
        ),
    ] {
        let Some(file) = real_data(name) else { return };
        let text = String::from_utf8(zstd::decode_all(std::fs::File::open(file).unwrap()).unwrap()).unwrap();
        let lines: Vec<String> = text.lines().take(1_500).map(str::to_owned).collect();
        for at in paths {
            check(&lines, &Path::parse(at).unwrap());
        }
    }
}
