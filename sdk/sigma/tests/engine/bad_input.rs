//! Whatever a rule file holds: it is taken, or refused with file, line and reason.

use cordon_sigma::build::{Choice, build};
use cordon_sigma::engine::Engine;
use cordon_sigma::logsource::Tables;
use cordon_sigma::rule::{Options, Rules};
use proptest::prelude::*;

const HEAD: &str = "title: T\nlogsource:\n  product: windows\n  service: security\n";

fn read(text: &[u8]) -> Rules {
    let mut rules = Rules::default();
    rules.read("f.yml", text, &Options::default());
    rules.finish();
    rules
}

fn of(detection: &str) -> String {
    format!("{HEAD}detection:\n{detection}")
}

#[test]
fn what_is_refused_is_named_with_file_line_and_reason() {
    let deep = format!("{}x{}", "[".repeat(80), "]".repeat(80));
    for (text, line, kind, reason) in [
        ("title: [unclosed\nlogsource: x".to_owned(), 2, "yaml", "is no YAML"),
        ("just text".to_owned(), 1, "no-rule", "no mapping"),
        (HEAD.to_owned(), 1, "no-detection", "no `detection`"),
        ("title: T\ndetection:\n  a: {b: c}\n  condition: a\n".to_owned(), 1, "no-logsource", "no `logsource`"),
        (of("  a: {b: c}\n"), 6, "no-condition", "no `condition`"),
        (of("  a:\n    b: c\n  condition: a and other\n"), 8, "condition", "names `other`"),
        (of("  a:\n    b: c\n  condition: 1 of x*\n"), 8, "condition", "no detection has such a name"),
        (of("  a:\n    b|contians: c\n  condition: a\n"), 7, "modifier", "`contians`, which Sigma does not know"),
        (of("  a:\n    b|re|contains: c\n  condition: a\n"), 7, "modifier", "besides another"),
        (of("  a:\n    b|re:\n      - ok\n      - '(unclosed'\n  condition: a\n"), 9, "regex", "unclosed group"),
        (of("  a:\n    b|re: '(?=x)'\n  condition: a\n"), 7, "regex", "look-around"),
        (of("  a:\n    b|re: '(a{1000}){1000}'\n  condition: a\n"), 7, "regex", "more than"),
        (of("  a:\n    b|cidr: 10.0.0.0/99\n  condition: a\n"), 7, "value", "no prefix"),
        (of("  a:\n    b|gt: many\n  condition: a\n"), 7, "value", "no number"),
        (of("  a:\n    b|contains|expand: '%users%'\n  condition: a\n"), 7, "placeholder", "%users%"),
        (of("  a:\n    b|expand: 'x%users%'\n  condition: a\n"), 7, "placeholder", "%users%"),
        (of("  a:\n    '|expand': '%users%'\n  condition: a\n"), 7, "placeholder", "--placeholder"),
        (of("  a:\n    b: {c: d}\n  condition: a\n"), 7, "value", "a mapping or a list"),
        (of("  a:\n    b: c\n    b: d\n  condition: a\n"), 8, "yaml", "`b` twice"),
        (of("  a:\n    b: c\n  condition: a | count() > 3\n"), 8, "correlation", "aggregation"),
        ("title: C\ncorrelation:\n  type: event_count\n  rules: [x]\n".to_owned(), 3, "correlation", "no `timespan`"),
        ("action: global\ntitle: x\n".to_owned(), 1, "collection", "write each rule out"),
        (deep, 1, "yaml", "inside each other"),
    ] {
        let rules = read(text.as_bytes());
        assert!(rules.rules.is_empty(), "{text}");
        let refusal = &rules.refused[0];
        let found = (refusal.place.file.as_str(), refusal.place.line, refusal.kind);
        assert!(found == ("f.yml", line, kind) && refusal.reason.contains(reason), "{text}\n{refusal:?}");
    }
}

#[test]
fn files_that_are_no_text_or_too_large_are_named() {
    assert_eq!(
        (read(b"title: a\nx: \xff\n").refused[0].kind, read(b"title: a\nx: \xff\n").refused[0].place.line),
        ("not-utf8", 2)
    );
    assert_eq!(read(&vec![b'#'; 50 << 20]).refused[0].kind, "too-large");
}

#[test]
fn one_broken_document_leaves_those_before_it_and_an_id_is_taken_once() {
    let rule = |id: &str| format!("id: {id}\n{}", of("  a: {b: c}\n  condition: a\n"));
    let rules = read(format!("{}---\n{}---\n{}---\ntitle: [\n", rule("one"), rule("one"), rule("two")).as_bytes());
    let kinds: Vec<&str> = rules.refused.iter().map(|refusal| refusal.kind).collect();
    assert_eq!((rules.rules.len(), kinds), (2, vec!["yaml", "duplicate-id"]));
    assert!(rules.refused[1].reason.contains("f.yml:1"), "{:?}", rules.refused[1]);
}

#[test]
fn filters_are_put_on_the_rules_that_they_name() {
    let rule = format!("id: one\n{}", of("  a: {b: c}\n  condition: a\n"));
    let filter =
        "title: Ours\nlogsource: {product: windows}\nfilter:\n  rules: [one]\n  ours: {u: x}\n  condition: not ours\n";
    let rules = read(format!("{rule}---\n{filter}").as_bytes());
    assert_eq!((rules.rules[0].filters.as_slice(), rules.refused.len()), (["Ours".to_owned()].as_slice(), 0));
    let rules = read(filter.as_bytes());
    assert_eq!(rules.refused[0].kind, "filter");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    /// The fuzz function of rule loading.
    #[test]
    fn no_text_breaks_reading_or_compiling(
        pieces in prop::collection::vec(prop_oneof![
            Just("title: T\n".to_owned()), Just("logsource: {product: windows}\n".to_owned()), Just("detection:\n".to_owned()),
            Just("  a:\n".to_owned()), Just("    - x\n".to_owned()), Just("    f|re: a+\n".to_owned()), Just("    f|windash|contains: ' -a /b'\n".to_owned()),
            Just("    f|wide|base64offset|contains: x\n".to_owned()), Just("  condition: 1 of them and not a\n".to_owned()), Just("---\n".to_owned()),
            "\\PC{0,12}\n", "[ \\[\\]{}&*:|>'\"-]{0,8}\n",
        ], 0..14),
    ) {
        let rules = read(pieces.concat().as_bytes());
        let built = build(rules, &Tables::shipped().unwrap(), Choice::default());
        prop_assert!(Engine::new(built.pack).is_ok());
    }
}
