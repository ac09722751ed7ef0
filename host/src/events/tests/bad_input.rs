//! One clear message for each kind of bad input, naming file, line or element and the way out; and reading goes on.

use super::*;

/// Refusals of one line of NDJSON that stands between two good ones.
fn refused_between(line: &[u8]) -> Refusal {
    let folder = tempfile::tempdir().unwrap();
    let content = [b"{\"n\":1}\n", line, b"\n{\"n\":3}\n"].concat();
    let (batches, mut refusals, error) = take_in(forced("custom.test"), &file(&folder, "events.jsonl", content));
    assert!(error.is_none(), "{error:?}");
    assert_eq!(events(&batches), ["{\"n\":1}", "{\"n\":3}"]);
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert_eq!(refusals[0].origin.line, 2);
    assert!(refusals[0].to_string().contains("events.jsonl line 2: "), "{}", refusals[0]);
    refusals.remove(0)
}

/// The error of an input that cannot be opened.
fn unopened(name: &str, content: impl AsRef<[u8]>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (batches, refusals, error) = take_in(options(), &file(&folder, name, content));
    assert!(batches.is_empty() && refusals.is_empty());
    let error = error.unwrap().to_string();
    assert!(error.contains(name), "{error}");
    error
}

#[test]
fn broken_lines_are_refused_alone_and_named() {
    for (line, kind, reason) in [
        (&br#"{"a":"b"#[..], "not-json", "cut off"),
        (b"{\"a\":tru}", "not-json", "byte 5"),
        (b"{\"a\":1 \"b\":2}", "not-json", "expected `,` or `}`"),
        (b"{'a':1}", "not-json", "double quotes"),
        (b"{\"a\":01}", "not-json", "byte 6"),
        (b"{\"a\":\"\xff\"}", "not-utf8", "byte 6"),
        (b"{\"a\":\"\x01\"}", "not-json", "control character"),
        (b"null", "not-an-object", "null"),
        (br#"{"a":"\ud800x"}"#, "lone-surrogate", "byte 6"),
        (br#"{"a":"\udc00"}"#, "lone-surrogate", "surrogate"),
    ] {
        let refusal = refused_between(line);
        assert_eq!(refusal.kind, kind, "{refusal}");
        assert!(refusal.reason.contains(reason), "{refusal}");
    }
}

#[test]
fn nesting_is_limited_without_a_stack() {
    let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    let refusal = refused_between(nested(10_000).as_bytes());
    assert_eq!(refusal.kind, "too-deep");
    assert!(refusal.reason.contains("128"), "{refusal}");
    let push = |depth| Batcher::new(forced("custom.test")).push(raw(nested(depth), 1), 0);
    assert!(push(128).is_ok());
    assert_eq!(push(129).unwrap_err().kind, "too-deep");
    let open = "[".repeat(1 << 20);
    assert_eq!(Batcher::new(forced("custom.test")).push(raw(open, 1), 0).unwrap_err().kind, "too-deep");
}

#[test]
fn an_event_over_the_limit_is_skipped_and_counted() {
    let of_size = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    let refusal = refused_between(of_size(100 << 20).as_bytes());
    assert_eq!(refusal.kind, "too-large");
    assert!(refusal.reason.contains(&(100 << 20).to_string()), "{refusal}");
    assert_eq!(refused_between(of_size((1 << 20) + 1).as_bytes()).kind, "too-large");
    let push = |bytes| Batcher::new(forced("custom.test")).push(raw(of_size(bytes), 1), 0);
    assert!(push(1 << 20).is_ok());
    assert_eq!(push((1 << 20) + 1).unwrap_err().kind, "too-large");

    let folder = tempfile::tempdir().unwrap();
    let big = of_size(3 << 20);
    let (batches, refusals, error) =
        take_in(forced("custom.test"), &file(&folder, "e.json", format!("[{{\"n\":1}},\n {big} ,{{\"n\":3}}]")));
    assert_eq!(events(&batches), ["{\"n\":1}", "{\"n\":3}"]);
    assert!(error.is_none());
    assert_eq!((refusals[0].kind, refusals[0].origin.unit, refusals[0].origin.line), ("too-large", "element", 2));
    assert!(refusals[0].reason.contains(&(3 << 20).to_string()), "{}", refusals[0]);

    let csv = format!("A,AuditData\r\n1,\"{}\"\r\n2,\"{{\"\"n\"\":2}}\"\r\n", big.replace('"', "\"\""));
    let (batches, refusals, _) = take_in(forced("custom.test"), &file(&folder, "e.csv", csv));
    assert_eq!(events(&batches), ["{\"n\":2}"]);
    assert_eq!((refusals[0].kind, refusals[0].origin.line), ("too-large", 2));
}

#[test]
fn a_cut_off_document_gives_what_stood_before_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    for (content, count, reason) in [
        ("[{\"n\":1},{\"n\":2},{\"n\":", 2, "inside of element 3"),
        ("{\"records\":[{\"n\":1},{\"n\":2}", 2, "after element 2"),
        ("{\"records\":[{\"n\":1}]", 1, "after element 1"),
        ("{\n \"n\": 1\n}\n{\n \"n\": 2,\n", 1, "begins in line 4"),
        ("[{\"n\":1} {\"n\":2}]", 1, "after element 1"),
    ] {
        let (batches, _, error) = take_in(forced("custom.test"), &file(&folder, "e.json", content));
        assert_eq!(events(&batches).len(), count, "{content}");
        let error = error.unwrap().to_string();
        assert!(error.contains("e.json: ") && error.contains(reason), "{error}");
    }
    let (batches, refusals, error) =
        take_in(forced("custom.test"), &file(&folder, "e.jsonl", "{\"n\":1}\n{\"n\":2}\n{\"n\":"));
    assert_eq!((events(&batches).len(), error.is_none()), (2, true));
    assert_eq!((refusals[0].kind, refusals[0].origin.line), ("not-json", 3));
    assert!(refusals[0].reason.contains("cut off"), "{}", refusals[0]);
}

#[test]
fn damaged_compression_gives_what_stood_before_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (0..20_000).map(|n| format!("{{\"n\":{n},\"x\":\"{}\"}}\n", n * 7919 % 104_729)).collect();
    let zstd = zstd::encode_all(lines.as_bytes(), 3).unwrap();
    let (batches, _, error) = take_in(forced("custom.test"), &file(&folder, "e.zst", &zstd[..zstd.len() / 2]));
    assert!(!batches.is_empty() || error.is_some());
    let error = error.unwrap().to_string();
    assert!(error.contains("cut off") || error.contains("cannot be read beyond"), "{error}");
}

#[test]
fn files_that_are_no_events_are_named_for_what_they_are() {
    assert!(unopened("a.json", "").contains("is empty"));
    assert!(unopened("b.json", " \n \r\n").contains("is empty"));
    assert!(unopened("c.json", [0xef, 0xbb, 0xbf]).contains("is empty"));
    assert!(unopened("d.zip", b"PK\x03\x04rest").contains("unzip"));
    assert!(unopened("e.wasm", b"\0asm\x01\0\0\0").contains("Wasm"));
    assert!(unopened("f.evtx", b"ElfFile\0").contains("EVTX"));
    assert!(unopened("g.bin", [1, 2, 3, 0, 200, 7, 9, 1, 4]).contains("binary"));
    assert!(unopened("h.txt", "hello there").contains("`hello there`"));
    let csv = unopened("i.csv", "CreationDate,UserIds,Operations\n1,2,3\n");
    assert!(csv.contains("CreationDate, UserIds, Operations") && csv.contains("Purview"), "{csv}");
    let twice = zstd::encode_all(&zstd::encode_all(&b"{}"[..], 1).unwrap()[..], 1).unwrap();
    assert!(unopened("j.zst", twice).contains("twice"));
}

#[test]
fn arguments_that_name_nothing_readable_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    file(&folder, "b.jsonl", "{}");
    file(&folder, "a.jsonl", "{}");
    for (argument, reason) in
        [(at(""), "is a directory"), (at("missing"), "no such file"), (at("*.csv"), "no file matches")]
    {
        let error = Input::expand(std::slice::from_ref(&argument)).unwrap_err();
        assert_eq!(error.file, argument);
        assert!(error.reason.contains(reason), "{error}");
    }
    let inputs = Input::expand(&["-".into(), at("*.jsonl")]).unwrap();
    let file = |name: &str| Input::File(folder.path().join(name));
    assert_eq!(inputs, [Input::Stdin, file("a.jsonl"), file("b.jsonl")]);
    assert!(EventReader::open(&Input::File(folder.path().to_path_buf())).err().unwrap().reason.contains("directory"));
}

#[test]
fn duplicate_keys_are_counted_and_the_last_wins() {
    let mut batcher = Batcher::new(forced("custom.test"));
    for json in [
        r#"{"a":1,"b":{"a":2},"a":3}"#,
        r#"{"a":{"a":{"a":1,"a":2}},"b":[{"c":1},{"c":2}],"\u0061":5}"#,
        r#"{"a":1,"b":1}"#,
    ] {
        batcher.push(raw(json, 1), 0).unwrap();
    }
    assert_eq!(batcher.duplicate_keys(), 3);
    let batches = batcher.finish();
    assert_eq!(texts(&batches[0], "a"), [Some("3".into()), Some("5".into()), Some("1".into())]);
}

#[test]
fn numbers_of_any_size_keep_their_text() {
    let numbers =
        ["18446744073709551616", "-9223372036854775809", "1e999", "0.10000000000000000000000001", "-0", "1E+2"];
    let mut batcher = Batcher::new(forced("custom.test"));
    for number in numbers {
        batcher.push(raw(format!("{{\"a\":{number}}}"), 1), 0).unwrap();
    }
    let batches = batcher.finish();
    let column = batches[0].column(&path("a")).unwrap();
    for (row, number) in numbers.iter().enumerate() {
        assert_eq!(column.value(row), Some((Kind::Number, *number)));
    }
}

#[test]
fn an_unknown_shape_is_refused_naming_the_nearest_source_and_what_it_lacks() {
    let mut batcher = Batcher::new(options());
    let refusal = batcher.push(raw(r#"{"CreationTime":"x","Id":"y","Operation":"z"}"#, 7), 0).unwrap_err();
    assert_eq!(refusal.kind, "unknown-source");
    let text = refusal.to_string();
    for part in ["test line 7", "m365.audit", "lacks `RecordType`", "--source custom.NAME --time-field PATH"] {
        assert!(text.contains(part), "{text}");
    }
    let refusal = batcher.push(raw(r#"{"q":1}"#, 1), 0).unwrap_err();
    assert!(refusal.reason.contains("no field of any"), "{refusal}");
    assert!(batcher.finish().is_empty());
}

#[test]
fn what_stands_before_a_break_in_compressed_input_is_read_however_short_the_input() {
    let whole = "{\"a\":1}\n{\"a\":2}\n".repeat(40);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    std::io::Write::write_all(&mut packed, whole.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (batches, refusals, error) =
        take_in(forced("custom.test"), &file(&folder, "cut.json.gz", &packed[..packed.len() - 20]));
    // 12 bytes less of text, and 8 of checksum: 78 whole lines.
    assert_eq!((batches[0].len(), refusals.len()), (78, 0));
    let error = error.unwrap().to_string();
    assert!(error.contains("cannot be read beyond line 79") && error.contains("cut off"), "{error}");
}
