//! Each modifier and each form of a detection as a rule in YAML, on events that it holds for and events that it nearly does.
//! Source: the Sigma specification 2.1, its appendix on modifiers.

use cordon_sigma::build::{Choice, build};
use cordon_sigma::engine::Engine;
use cordon_sigma::logsource::Tables;
use cordon_sigma::rule::{Options, Rules};
use cordon_sigma::sample::Sample;
use serde_json::Value;

/// A placeholder without values is a list of the host.
fn sample(events: &[Value]) -> Sample<'_> {
    Sample::new(events).with_list("staff-leaving", &["cleo", "7"])
}

/// Which of these events a detection holds for.
fn held(detection: &str, events: &[Value]) -> Vec<bool> {
    let text = format!("title: T\nlogsource: {{product: x, service: y}}\ndetection:\n{detection}\n");
    let admins = [("admins".to_owned(), vec!["anna".to_owned(), "ben*".to_owned()])];
    let mut rules = Rules::default();
    rules.read("f.yml", text.as_bytes(), &Options { placeholders: admins.into(), ..Options::default() });
    rules.finish();
    let built = build(rules, &Tables::shipped().unwrap(), Choice::default());
    assert!(built.refused.is_empty(), "{text}{:?}", built.refused);
    let matches = Engine::new(built.pack).unwrap().run("custom.x-y", &sample(events)).unwrap();
    (0u32..).zip(events).map(|(row, _)| matches.iter().any(|found| found.row == row)).collect()
}

/// Each detection with events that it holds for, and events that it does not hold for.
fn check(table: &[(&str, &[&str], &[&str])]) {
    let mut wrong = Vec::new();
    for (detection, yes, no) in table {
        let detection = if detection.contains("condition:") {
            (*detection).to_owned()
        } else {
            format!("  s: {{{detection}}}\n  condition: s")
        };
        let events: Vec<Value> = yes.iter().chain(*no).map(|event| serde_json::from_str(event).unwrap()).collect();
        for (number, holds) in held(&detection, &events).into_iter().enumerate() {
            if holds != (number < yes.len()) {
                wrong.push(format!("{detection} {}: holds {holds}", events[number]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_modifier_holds_for_what_the_specification_says_and_for_nothing_else() {
    check(&[
        // Plain values: whole, in any case, with wildcards.
        ("a: Word", &[r#"{"a":"wORD"}"#], &[r#"{"a":"a word"}"#, r#"{"a":null}"#, "{}"]),
        ("a: ÄRGER", &[r#"{"a":"ärger"}"#], &[r#"{"a":"arger"}"#]),
        ("a: 'x*z?'", &[r#"{"a":"xyz1"}"#, r#"{"a":"xz1"}"#], &[r#"{"a":"xyz"}"#, r#"{"a":"axyz1"}"#]),
        (r"a: 'x\*'", &[r#"{"a":"x*"}"#], &[r#"{"a":"xy"}"#, r#"{"a":"x\\*"}"#]),
        (r"a: 'x\\*'", &[r#"{"a":"x\\"}"#, r#"{"a":"x\\y"}"#], &[r#"{"a":"x*"}"#]),
        (r"a: 'x\y'", &[r#"{"a":"x\\y"}"#], &[r#"{"a":"xy"}"#]),
        // Numbers and texts that say the same; null and empty.
        ("a: 7", &[r#"{"a":7}"#, r#"{"a":"7"}"#], &[r#"{"a":70}"#, r#"{"a":"7a"}"#]),
        ("a: null", &["{}", r#"{"a":null}"#], &[r#"{"a":""}"#, r#"{"a":0}"#]),
        ("a: ''", &[r#"{"a":""}"#], &["{}", r#"{"a":" "}"#, r#"{"a":null}"#]),
        ("a: true", &[r#"{"a":true}"#], &[r#"{"a":false}"#, r#"{"a":1}"#]),
        // Parts of a text.
        ("a|contains: mid", &[r#"{"a":"a MID b"}"#, r#"{"a":"mid"}"#], &[r#"{"a":"m id"}"#]),
        ("a|startswith: be", &[r#"{"a":"Begin"}"#], &[r#"{"a":"a be"}"#]),
        ("a|endswith: nd", &[r#"{"a":"END"}"#], &[r#"{"a":"ends"}"#]),
        ("a|contains|all: [x, y]", &[r#"{"a":"yx"}"#], &[r#"{"a":"x"}"#, r#"{"a":"y"}"#]),
        ("a|contains: [x, y]", &[r#"{"a":"ax"}"#, r#"{"a":"by"}"#], &[r#"{"a":"z"}"#]),
        ("a|contains|cased: Mid", &[r#"{"a":"a Mid"}"#], &[r#"{"a":"a mid"}"#]),
        ("a|cased: Word", &[r#"{"a":"Word"}"#], &[r#"{"a":"word"}"#]),
        // Regular expressions: anywhere, in case unless it says i; s and m for lines.
        ("a|re: 'b.d$'", &[r#"{"a":"abcd"}"#], &[r#"{"a":"aBcd"}"#, r#"{"a":"bcde"}"#]),
        ("a|re|i: 'b.d'", &[r#"{"a":"aBCD"}"#], &[r#"{"a":"bd"}"#]),
        ("a|re|m: '^b$'", &[r#"{"a":"a\nb\nc"}"#], &[r#"{"a":"ab"}"#]),
        ("a|re|s: 'a.b'", &[r#"{"a":"a\nb"}"#], &[r#"{"a":"ab"}"#]),
        ("a|re: 'a.b'", &[r#"{"a":"axb"}"#], &[r#"{"a":"a\nb"}"#]),
        // Encodings.
        ("a|base64: foobar", &[r#"{"a":"Zm9vYmFy"}"#], &[r#"{"a":"foobar"}"#]),
        ("a|base64|contains: foobar", &[r#"{"a":"x Zm9vYmFy y"}"#], &[r#"{"a":"Zm9vYmF"}"#]),
        (
            "a|base64offset|contains: foobar",
            // foobar, 1foobar and 12foobar.
            &[r#"{"a":"Zm9vYmFy"}"#, r#"{"a":"MWZvb2Jhcg=="}"#, r#"{"a":"MTJmb29iYXI="}"#],
            &[r#"{"a":"Zm9vYmE="}"#],
        ),
        ("a|wide|base64: ab", &[r#"{"a":"YQBiAA=="}"#], &[r#"{"a":"YWI="}"#]),
        ("a|utf16le|base64: ab", &[r#"{"a":"YQBiAA=="}"#], &[r#"{"a":"AGEAYg=="}"#]),
        ("a|utf16be|base64: ab", &[r#"{"a":"AGEAYg=="}"#], &[r#"{"a":"YQBiAA=="}"#]),
        ("a|utf16|base64: ab", &[r#"{"a":"//5hAGIA"}"#], &[r#"{"a":"YQBiAA=="}"#]),
        ("a|wide|base64offset|contains: ab", &[r#"{"a":"eQBhAGIA"}"#], &[r#"{"a":"YWI="}"#]),
        (
            "a|windash|contains: ' -enc'",
            &[r#"{"a":"x -enc"}"#, r#"{"a":"x /ENC"}"#, r#"{"a":"x –enc"}"#, r#"{"a":"x —enc"}"#, r#"{"a":"x ―enc"}"#],
            &[r#"{"a":"x enc"}"#, r#"{"a":"x +enc"}"#],
        ),
        // Addresses.
        (
            "a|cidr: 10.1.0.0/16",
            &[r#"{"a":"10.1.255.7"}"#],
            &[r#"{"a":"10.2.0.1"}"#, r#"{"a":"10.1"}"#, r#"{"a":"x"}"#],
        ),
        ("a|cidr: '2001:db8::/32'", &[r#"{"a":"2001:DB8:1::2"}"#], &[r#"{"a":"2001:db9::1"}"#, r#"{"a":"10.0.0.1"}"#]),
        // Presence.
        ("a|exists: true", &[r#"{"a":1}"#, r#"{"a":""}"#], &["{}"]),
        ("a|exists: false", &["{}"], &[r#"{"a":1}"#]),
        // Numbers.
        ("a|gt: 7", &[r#"{"a":8}"#, r#"{"a":"7.5"}"#], &[r#"{"a":7}"#, r#"{"a":"x"}"#, "{}"]),
        ("a|gte: 7", &[r#"{"a":7}"#], &[r#"{"a":6.9}"#]),
        ("a|lt: 7", &[r#"{"a":-3}"#], &[r#"{"a":7}"#, "{}"]),
        ("a|lte: 7", &[r#"{"a":7}"#], &[r#"{"a":7.1}"#]),
        ("a|neq: x", &[r#"{"a":"y"}"#, r#"{"a":1}"#], &[r#"{"a":"X"}"#]),
        // Another field of the event.
        ("a|fieldref: b", &[r#"{"a":"X","b":"x"}"#], &[r#"{"a":"x","b":"y"}"#, r#"{"a":"x"}"#, "{}"]),
        ("a|fieldref|startswith: b", &[r#"{"a":"xy","b":"x"}"#], &[r#"{"a":"yx","b":"x"}"#]),
        ("a|fieldref|endswith: b", &[r#"{"a":"xy","b":"y"}"#], &[r#"{"a":"yx","b":"y"}"#]),
        ("a|fieldref|contains: b", &[r#"{"a":"xyz","b":"y"}"#], &[r#"{"a":"xz","b":"y"}"#]),
        // Placeholders.
        ("a|expand: '%admins%'", &[r#"{"a":"Anna"}"#], &[r#"{"a":"carl"}"#, r#"{"a":"%admins%"}"#]),
        (
            "a|expand: '%Staff_Leaving%'",
            &[r#"{"a":" CLEO"}"#, r#"{"a":["x","cleo"]}"#, r#"{"a":7}"#],
            &[r#"{"a":"cleo1"}"#, r#"{"a":null}"#, "{}"],
        ),
        ("a|expand: ['%staff_leaving%', '%admins%']", &[r#"{"a":"cleo"}"#, r#"{"a":"anna"}"#], &[r#"{"a":"carl"}"#]),
        ("a|expand|contains: '<%admins%>'", &[r#"{"a":"x <anna> y"}"#], &[r#"{"a":"anna"}"#]),
        // Parts of a time.
        ("a|minute: 5", &[r#"{"a":"2026-03-29T01:05:59Z"}"#], &[r#"{"a":"2026-03-29T05:06:05Z"}"#, r#"{"a":"x"}"#]),
        ("a|hour: 23", &[r#"{"a":"2026-12-31T23:00:00Z"}"#], &[r#"{"a":"2026-12-23T22:23:23Z"}"#]),
        ("a|hour|gte: 22", &[r#"{"a":"2026-12-31T23:00:00Z"}"#], &[r#"{"a":"2026-12-31T21:59:59Z"}"#]),
        ("a|day: 29", &[r#"{"a":"2024-02-29T00:00:00Z"}"#], &[r#"{"a":"2024-02-28T23:59:59Z"}"#]),
        ("a|week: 53", &[r#"{"a":"2026-12-31T00:00:00Z"}"#], &[r#"{"a":"2026-12-27T00:00:00Z"}"#]),
        ("a|month: 2", &[r#"{"a":"2024-02-29T00:00:00Z"}"#], &[r#"{"a":"2024-03-01T00:00:00Z"}"#]),
        ("a|year: 2024", &[r#"{"a":"2024-12-31T23:59:59Z"}"#], &[r#"{"a":"2025-01-01T00:00:00Z"}"#]),
        // Of an array any element.
        ("a: x", &[r#"{"a":["y","X"]}"#], &[r#"{"a":["y"]}"#, r#"{"a":[]}"#]),
        ("a|gt: 5", &[r#"{"a":[1,6]}"#], &[r#"{"a":[1,2]}"#]),
    ]);
}

#[test]
fn maps_lists_keywords_and_conditions_mean_what_the_specification_says() {
    check(&[
        ("a: x, b: y", &[r#"{"a":"x","b":"y"}"#], &[r#"{"a":"x"}"#, r#"{"a":"x","b":"z"}"#]),
        (
            "  s:\n    - a: x\n      b: y\n    - c: z\n  condition: s",
            &[r#"{"a":"x","b":"y"}"#, r#"{"c":"z"}"#],
            &[r#"{"a":"x"}"#, r#"{"b":"y"}"#],
        ),
        // Keywords: any text of the event, wherever it stands, but no name of a field.
        (
            "  s: [mimi, 'kat?']\n  condition: s",
            &[r#"{"a":{"b":["x Mimi y"]}}"#, r#"{"a":"xkatz"}"#],
            &[r#"{"mimi":"x"}"#, r#"{"a":"kat"}"#],
        ),
        ("  s:\n    '|all': [mimi, katz]\n  condition: s", &[r#"{"a":"katz mimi"}"#], &[r#"{"a":"mimi"}"#]),
        ("  s: {a: 1}\n  t: {b: 1}\n  condition: s or t", &[r#"{"b":1}"#, r#"{"a":1}"#], &["{}"]),
        // not binds before and, and before or.
        (
            "  s: {a: 1}\n  t: {b: 1}\n  u: {c: 1}\n  condition: s or t and not u",
            &[r#"{"a":1,"c":1}"#, r#"{"b":1}"#],
            &[r#"{"b":1,"c":1}"#],
        ),
        (
            "  s: {a: 1}\n  t: {b: 1}\n  u: {c: 1}\n  condition: (s or t) and not u",
            &[r#"{"a":1}"#],
            &[r#"{"a":1,"c":1}"#, "{}"],
        ),
        ("  s_1: {a: 1}\n  s_2: {b: 1}\n  t: {c: 1}\n  condition: 1 of s_*", &[r#"{"b":1}"#], &[r#"{"c":1}"#]),
        ("  s_1: {a: 1}\n  s_2: {b: 1}\n  condition: all of s_*", &[r#"{"a":1,"b":1}"#], &[r#"{"b":1}"#]),
        ("  s: {a: 1}\n  t: {b: 1}\n  condition: 1 of them", &[r#"{"b":1}"#], &["{}"]),
        ("  s: {a: 1}\n  t: {b: 1}\n  condition: all of them", &[r#"{"a":1,"b":1}"#], &[r#"{"a":1}"#]),
        // Names that begin with an underscore are not `them`.
        ("  s: {a: 1}\n  _t: {b: 1}\n  condition: all of them", &[r#"{"a":1}"#], &[r#"{"b":1}"#]),
        (
            "  s: {a: 1}\n  f_1: {b: 1}\n  f_2: {c: 1}\n  condition: s and not 1 of f_*",
            &[r#"{"a":1}"#],
            &[r#"{"a":1,"c":1}"#],
        ),
        ("  s: {a: 1}\n  t: {b: 1}\n  condition: [s, t]", &[r#"{"a":1}"#, r#"{"b":1}"#], &["{}"]),
    ]);
}
