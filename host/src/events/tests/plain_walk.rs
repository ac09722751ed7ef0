//! Columns equal a plain walk with serde_json, for any document and any path.

use std::fmt::Write as _;

use cordon_contract::path::Step;
use cordon_contract::transform;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// One slot per `[]` element, as `cordon_contract::path` says it.
fn walk(value: Option<&Value>, steps: &[Step]) -> Vec<Option<Value>> {
    let Some(value) = value else {
        return if steps.contains(&Step::All) { vec![] } else { vec![None] };
    };
    let Some((step, rest)) = steps.split_first() else { return vec![Some(value.clone())] };
    match step {
        Step::Name(name) => walk(value.as_object().and_then(|object| object.get(name)), rest),
        Step::All => value.as_array().into_iter().flatten().flat_map(|element| walk(Some(element), rest)).collect(),
        Step::Index(index) => walk(value.as_array().and_then(|array| array.get(*index as usize)), rest),
        Step::Where { name, value: wanted } => {
            let fits =
                |element: &&Value| element.as_object().and_then(|o| o.get(name)) == Some(&Value::from(wanted.as_str()));
            walk(value.as_array().and_then(|array| array.iter().rfind(fits)), rest)
        }
        Step::Json => {
            let inner: Option<Value> = value.as_str().and_then(|text| serde_json::from_str(text).ok());
            walk(inner.as_ref(), rest)
        }
        Step::Lower => vec![Some(match value {
            Value::String(text) => Value::from(transform::lower(text)),
            other => other.clone(),
        })],
        Step::Ip => vec![value.as_str().and_then(transform::ip).map(|ip| Value::from(ip.to_string()))],
    }
}

/// A slot as serde_json sees it.
fn slot(column: &Column, slot: usize) -> Option<Value> {
    column.value(slot).map(|(kind, text)| match kind {
        Kind::String => Value::from(text),
        _ => {
            let value: Value = serde_json::from_str(text).unwrap();
            let fits = match kind {
                Kind::Null => value.is_null(),
                Kind::False => value == Value::Bool(false),
                Kind::True => value == Value::Bool(true),
                Kind::Number => value.is_number(),
                Kind::Array => value.is_array(),
                Kind::Object => value.is_object(),
                Kind::String => unreachable!(),
            };
            assert!(fits, "{kind:?} {text}");
            value
        }
    })
}

fn check(documents: &[String], path: &Path) {
    let mut batcher = Batcher::new(forced("custom.test"));
    for (line, document) in documents.iter().enumerate() {
        batcher.push(raw(document.clone(), line as u64 + 1), RECEIVED).unwrap();
    }
    let batches = batcher.finish();
    let batch = &batches[0];
    let expected: Vec<Vec<Option<Value>>> =
        documents.iter().map(|document| walk(Some(&serde_json::from_str(document).unwrap()), path.steps())).collect();
    check_batch(batch, path, &expected);
    // The same under a split.
    let middle = documents.len() / 2;
    check_batch(&batch.select(0..middle), path, &expected[..middle]);
    check_batch(&batch.select(middle..documents.len()), path, &expected[middle..]);
}

fn check_batch(batch: &Batch, path: &Path, expected: &[Vec<Option<Value>>]) {
    assert_eq!(batch.len(), expected.len());
    let multi = batch.values(path);
    assert_eq!(multi.starts.len(), batch.len() + 1);
    for (row, expected) in expected.iter().enumerate() {
        let found: Vec<_> =
            (multi.starts[row]..multi.starts[row + 1]).map(|at| slot(&multi.values, at as usize)).collect();
        assert_eq!(&found, expected, "values of `{path}`, row {row}");
    }
    assert_eq!(multi.values.rows.len(), *multi.starts.last().unwrap() as usize);
    if path.has_all() {
        assert!(matches!(batch.column(path), Err(AccessError::ManyValues(_))));
        assert!(matches!(batch.column_for(path, &[]), Err(AccessError::ManyValues(_))));
        return;
    }
    let column = batch.column(path).unwrap();
    assert_eq!(column.rows.len(), batch.len());
    let odd: Vec<u32> = (0..batch.len() as u32).filter(|row| row % 2 == 1).collect();
    let chosen = batch.column_for(path, &odd).unwrap();
    for (row, expected) in expected.iter().enumerate() {
        assert_eq!(slot(&column, row), expected[0], "column `{path}`, row {row}");
        if row % 2 == 1 {
            assert_eq!(slot(&chosen, row / 2), expected[0], "column_for `{path}`, row {row}");
        }
    }
    assert_eq!(chosen.rows.len(), odd.len());
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
        let taken = Batcher::new(forced("custom.test")).push(raw(json.clone(), 1), RECEIVED).is_ok();
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
        let Some(file) = shared_data(name) else { return };
        let text = String::from_utf8(zstd::decode_all(std::fs::File::open(file).unwrap()).unwrap()).unwrap();
        let lines: Vec<String> = text.lines().take(1_500).map(str::to_owned).collect();
        for at in paths {
            check(&lines, &path(at));
        }
    }
}
