//! Every format, compression and encoding gives the same events.

use std::io::Write as _;

use super::*;

const EVENTS: [&str; 3] = ["{\"n\":1,\"t\":\"é \\\"]}\\\\\"}", "{\"n\":2,\"t\":{\"x\":[1,{}]}}", "{\"n\":3}"];

fn gives(name: &str, content: impl AsRef<[u8]>, expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let (batches, refusals, error) = take_in(forced("custom.test"), &file(&folder, name, content));
    assert!(refusals.is_empty() && error.is_none(), "{name}: {refusals:?} {error:?}");
    assert_eq!(events(&batches), expected, "{name}");
}

#[test]
fn every_json_form_gives_the_same_events() {
    let [a, b, c] = EVENTS;
    gives("lines", format!("{a}\n{b}\n{c}\n"), &EVENTS);
    gives("lines, CRLF, blank lines, no last end", format!("\u{feff}\r\n{a}\r\n\r\n  {b} \r\n{c}"), &EVENTS);
    gives("one line", a, &EVENTS[..1]);
    gives("end to end", format!("{a}{b} {c}"), &EVENTS);
    gives("array", format!("[{a},{b},{c}]"), &EVENTS);
    gives("array over lines", format!("[\n{a},\n{b}\n,{c}\n]\n"), &EVENTS);
    gives("arrays, one a line", format!("[{a}]\n[{b},{c}]\n[]\n"), &EVENTS);
    gives("records", format!("{{\"records\":[{a},{b},{c}]}}"), &EVENTS);
    gives("records, one wrapper a line", format!("{{\"records\":[{a},{b}]}}\n{{\"records\":[{c}]}}\n"), &EVENTS);
    gives("wrapper in the middle of lines", format!("{a}\n{{ \"records\" : [ {b} ] }}\n{c}\n"), &EVENTS);
    gives(
        "value",
        format!(
            "{{\n \"@odata.context\": \"https://x/$metadata#a\",\n \"@odata.count\": 3,\n \"value\": [{a}, {b}, {c}],\n \"@odata.nextLink\": \"https://y\"\n}}\n"
        ),
        &EVENTS,
    );
    gives("empty array", "[]", &[]);
    gives("empty wrapper", "{\"value\":[]}", &[]);
    let pretty = "{\n  \"n\": 1,\n  \"t\": \"{[\"\n}";
    gives("pretty", format!("{pretty}\n{pretty}"), &[pretty, pretty]);
    gives("array of pretty", format!("[\n{pretty},\n{pretty}]"), &[pretty, pretty]);
    let with_value = "{\"value\":[1,2],\"name\":\"x\"}";
    gives("an event with a field `value`", format!("{with_value}\n{with_value}\n"), &[with_value, with_value]);
}

#[test]
fn what_stands_beside_a_wrappers_array_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let content = "{\"records\":[{\"n\":1}],\"name\":\"x\"}\n{\"n\":2}\n";
    let (batches, refusals, error) = take_in(forced("custom.test"), &file(&folder, "e", content));
    assert_eq!((events(&batches).len(), error.is_none()), (2, true));
    assert_eq!(refusals[0].kind, "beside-wrapper");
    assert!(refusals[0].reason.contains("`name`"));
}

#[test]
fn compression_is_known_by_its_first_bytes_and_may_have_several_parts() {
    let [a, b, c] = EVENTS.map(|event| format!("{event}\n"));
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
    gives("gzip", [gzip(&format!("{a}{b}")), gzip(&c)].concat(), &EVENTS);
    gives("zstd", [zstd(&a), zstd(&format!("{b}{c}"))].concat(), &EVENTS);
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    gives("zstd after a skippable frame", [&skippable[..], &zstd(&[a, b, c].concat())].concat(), &EVENTS);
}

fn utf16(text: &str, mark: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.then_some(0xfeff).into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
}

#[test]
fn utf16_is_decoded_and_broken_units_refuse_one_event_only() {
    let lines = EVENTS.join("\r\n");
    for mark in [true, false] {
        gives("LE", utf16(&lines, mark, u16::to_le_bytes), &EVENTS);
        gives("BE", utf16(&lines, mark, u16::to_be_bytes), &EVENTS);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut broken = utf16("{\"n\":1}\n{\"t\":\"", true, u16::to_le_bytes);
    broken.extend(0xd800u16.to_le_bytes());
    broken.extend(utf16("\"}\n{\"n\":3}\n", false, u16::to_le_bytes));
    let (batches, refusals, error) = take_in(forced("custom.test"), &file(&folder, "e", broken));
    assert_eq!((events(&batches).len(), error.is_none()), (2, true));
    assert_eq!((refusals[0].kind, refusals[0].origin.line), ("not-utf8", 2));
}

#[test]
fn purviews_csv_gives_the_audit_records() {
    let cell = |event: &str| format!("\"{}\"", event.replace('"', "\"\""));
    let pretty = "{\r\n  \"n\": 4\r\n}";
    for (delimiter, end) in [(",", "\n"), (",", "\r\n"), (";", "\r\n"), ("\t", "\n")] {
        let rows: Vec<String> = [EVENTS[0], EVENTS[1], EVENTS[2], pretty]
            .iter()
            .map(|event| ["2021", "\"me, \"\"I\"\"\nand more\"", &cell(event), "x"].join(delimiter))
            .collect();
        let header = ["CreationDate", "UserIds", "\"AuditData\"", "ResultCount"].join(delimiter);
        let body = format!("{header}{end}{}{end}", rows.join(end));
        let expected = [EVENTS[0], EVENTS[1], EVENTS[2], pretty];
        gives("csv", &body, &expected);
        gives("csv with a mark", format!("\u{feff}{body}"), &expected);
        gives(
            "PowerShell",
            format!("#TYPE Selected.System.Management.Automation.PSCustomObject{end}{body}"),
            &expected,
        );
        gives("UTF-16", utf16(&format!("#TYPE X{end}{body}"), true, u16::to_le_bytes), &expected);
    }
    gives("an empty first cell", "A\tAuditData\n\t{}\n", &["{}"]);
    let folder = tempfile::tempdir().unwrap();
    let rows = "A,AuditData,B\n1,\"{\"\"n\"\":1}\",2\n3\n4,,5\n\n6,\"{\"\"n\"\":\n2}\",7\n8,\"{\",9";
    let (batches, refusals, error) = take_in(forced("custom.test"), &file(&folder, "e.csv", rows));
    assert!(error.is_none());
    assert_eq!(events(&batches), ["{\"n\":1}", "{\"n\":\n2}"]);
    let counted: Vec<_> = refusals.iter().map(|refusal| (refusal.kind, refusal.origin.line)).collect();
    assert_eq!(counted, [("no-audit-data", 3), ("no-audit-data", 4), ("not-json", 8)]);
    assert_eq!(batches[0].origin(1).unwrap().line, 6);
}

#[test]
fn origins_count_lines_or_elements() {
    let folder = tempfile::tempdir().unwrap();
    let origins = |content: &str| {
        let (batches, _, _) = take_in(forced("custom.test"), &file(&folder, "e", content));
        let of = |batch: &Batch| (0..batch.len()).map(|row| batch.origin(row).unwrap().clone()).collect::<Vec<_>>();
        batches.iter().flat_map(of).map(|origin| (origin.unit, origin.line)).collect::<Vec<_>>()
    };
    assert_eq!(origins("\n{}\n\n{}\n"), [("line", 2), ("line", 4)]);
    assert_eq!(origins("[{},\n{}]\n[{}]"), [("element", 1), ("element", 2), ("element", 3)]);
    assert_eq!(origins("{\n}\n{\n}\n"), [("line", 1), ("line", 3)]);
}

/// A reader that gives one byte at a time would be slow; small windows of a large file are the real case.
#[test]
fn a_large_document_is_streamed() {
    let folder = tempfile::tempdir().unwrap();
    let event = format!("{{\"t\":\"{}\"}}", "x".repeat(999));
    let content = format!("[{}]", vec![event.as_str(); 5_000].join(",\n"));
    let input = file(&folder, "e.json", content);
    let mut reader = EventReader::open(&input).unwrap();
    let mut count = 0;
    while let Some(piece) = reader.next().unwrap() {
        assert_eq!(piece.unwrap().bytes, event.as_bytes());
        count += 1;
        if count == 1 {
            let (read, size) = reader.progress();
            assert!(read < 1 << 20 && size.unwrap() > 5_000_000, "{read} of {size:?}");
        }
    }
    assert_eq!(count, 5_000);
}

/// What a prescribed cut gives: each piece's text and number, or the kind of its refusal.
fn cut(text: &str, cut: Cut) -> Vec<(u64, String)> {
    let text = text.as_bytes().to_vec();
    let mut reader = EventReader::cut("t", std::io::Cursor::new(text), 64 << 20, Arc::default(), cut).unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = reader.next().unwrap() {
        pieces.push(match piece {
            Ok(event) => (event.origin.line, String::from_utf8(event.bytes).unwrap()),
            Err(refusal) => (refusal.origin.line, refusal.kind.to_owned()),
        });
    }
    pieces
}

fn pieces(of: &[(u64, &str)]) -> Vec<(u64, String)> {
    of.iter().map(|(line, text)| (*line, (*text).to_owned())).collect()
}

#[test]
fn a_prescribed_cut_into_lines_keeps_wrappers_whole_and_empty_lines() {
    let text = "{\"a\":{}}\r\n{\"records\":[{\"n\":1},{\"n\":2}]}\n\n[1]\nlast";
    let expected = [(1, "{\"a\":{}}"), (2, "{\"records\":[{\"n\":1},{\"n\":2}]}"), (3, ""), (4, "[1]"), (5, "last")];
    assert_eq!(cut(text, Cut::Lines), pieces(&expected));
    assert_eq!(cut("", Cut::Lines), []);
    let endless = format!("{}\n{{}}", "x".repeat(3 << 20));
    assert_eq!(cut(&endless, Cut::Lines), pieces(&[(1, "too-large"), (2, "{}")]));
}

#[test]
fn a_prescribed_cut_into_values_needs_nothing_between_them_and_refuses_what_does_not_end() {
    let text = "{\"event\":\"}{\"}{\"event\":{\"n\":[1]}}\n\n {\"e\":1} text {}";
    let expected =
        [(1, "{\"event\":\"}{\"}"), (2, "{\"event\":{\"n\":[1]}}"), (3, "{\"e\":1}"), (4, "text"), (5, "{}")];
    assert_eq!(cut(text, Cut::Values), pieces(&expected));
    assert_eq!(cut(" \n", Cut::Values), []);
    assert_eq!(cut("{\"a\":1}{\"b\":\"x}{}", Cut::Values), pieces(&[(1, "{\"a\":1}"), (2, "not-json")]));
    let large = format!("{{\"a\":\"{}\"}}{{}}", "x".repeat(3 << 20));
    assert_eq!(cut(&large, Cut::Values), pieces(&[(1, "too-large"), (2, "{}")]));
    // Within the room that an envelope has.
    let envelope = format!("{{\"a\":\"{}\"}}", "x".repeat(3 << 19));
    assert_eq!(cut(&envelope, Cut::Values), pieces(&[(1, &envelope)]));
    assert_eq!(cut(&format!("[{envelope},{{}}]"), Cut::Documents), pieces(&[(1, &envelope), (2, "{}")]));
}
