//! Correlations against a plain reading, event by event, and what is refused of them.

use std::collections::{BTreeMap, BTreeSet};

use cordon_sigma::build::{Built, Choice, build};
use cordon_sigma::engine::{Engine, Places, Seen, by_order, by_window};
use cordon_sigma::logsource::Tables;
use cordon_sigma::manifest::{Name, manifest};
use cordon_sigma::rule::{Options, Rules};
use cordon_sigma::sample::Sample;
use proptest::prelude::*;
use serde_json::{Value, json};

const SOURCE: &str = "custom.x-y";
const SPAN: i64 = 10;

const RULES: &str = "title: A
id: a
logsource: {product: x, service: y}
detection: {s: {a: x}, condition: s}
---
title: B
name: b
logsource: {product: x, service: y}
detection: {s: {b: y}, condition: s}
";

fn correlation(body: &str) -> String {
    format!("---\ntitle: C\ncorrelation:\n{body}")
}

fn built(text: &str) -> Built {
    let mut rules = Rules::default();
    rules.read("f.yml", text.as_bytes(), &Options::default());
    rules.finish();
    build(rules, &Tables::shipped().unwrap(), Choice::default())
}

fn good() -> Built {
    let count = "  type: event_count\n  rules: [a, b]\n  group-by: [g]\n  timespan: 10s\n  condition: {gt: 1}\n";
    let values = "  type: value_count\n  rules: a\n  group-by: [g]\n  timespan: 10s\n  condition: {gte: 2, field: v}\n";
    let both =
        "  type: temporal\n  rules: [a, b]\n  group-by: [who]\n  timespan: 10s\n  aliases: {who: {a: g, b: h}}\n";
    let ordered = "  type: temporal_ordered\n  rules: [a, b, a]\n  group-by: [g]\n  timespan: 10s\n";
    let ordered = correlation(ordered);
    built(&[RULES, &correlation(count), &correlation(values), &correlation(both), &ordered].concat())
}

fn event() -> impl Strategy<Value = Value> {
    let maybe = || prop::option::weighted(0.8, 0..2u8);
    (any::<(bool, bool)>(), maybe(), maybe(), maybe(), 0..40i64).prop_map(|((a, b), g, h, v, time)| {
        json!({"a": if a { "x" } else { "" }, "b": if b { "y" } else { "" }, "g": g, "h": h, "v": v, "time": time})
    })
}

/// The largest number of different things in any window that contains a time.
fn largest(seen: &[(i64, String)], time: i64) -> usize {
    let inside = |start: i64| {
        let in_it = seen.iter().filter(|(at, _)| (start..start + SPAN).contains(at));
        in_it.map(|(_, what)| what).collect::<BTreeSet<_>>().len()
    };
    (time - SPAN + 1..=time).map(inside).max().unwrap_or(0)
}

type Found = BTreeSet<(usize, usize, String)>;

/// Every event by itself, with all before it.
fn plainly(events: &[Value]) -> Found {
    // Per correlation: what an event is to it, as pairs of group and thing counted.
    let things = |correlation: usize, at: usize| -> Vec<(String, String)> {
        let event = &events[at];
        let (a, b) = (event["a"] == "x", event["b"] == "y");
        let pair = |holds: bool, field: &str, thing: String| {
            (holds && !event[field].is_null()).then(|| (event[field].to_string(), thing))
        };
        match correlation {
            0 => pair(a || b, "g", at.to_string()).into_iter().collect(),
            1 => pair(a && !event["v"].is_null(), "g", event["v"].to_string()).into_iter().collect(),
            _ => pair(a, "g", "a".into()).into_iter().chain(pair(b, "h", "b".into())).collect(),
        }
    };
    let mut found = Found::new();
    for at in 0..events.len() {
        for correlation in 0..3 {
            for (group, _) in things(correlation, at) {
                let before = (0..=at).flat_map(|other| {
                    let time = events[other]["time"].as_i64().unwrap();
                    things(correlation, other).into_iter().map(move |(of, thing)| (of, time, thing))
                });
                let seen: Vec<_> =
                    before.filter(|(of, ..)| *of == group).map(|(_, time, thing)| (time, thing)).collect();
                if largest(&seen, events[at]["time"].as_i64().unwrap()) >= 2 {
                    found.insert((correlation, at, group));
                }
            }
        }
    }
    for at in 0..events.len() {
        if let Some(group) = in_order(events, at) {
            found.insert((3, at, group));
        }
    }
    found
}

/// The group in which three events up to this one, which is one of them, are a, b and a one after the other: every way is tried.
fn in_order(events: &[Value], at: usize) -> Option<String> {
    let group = &events[at]["g"];
    let is = |event: usize, field: &str, value: &str| events[event][field] == value && events[event]["g"] == *group;
    // By time, then by arrival.
    let order = |event: usize| (events[event]["time"].as_i64().unwrap(), event);
    for one in 0..=at {
        for two in 0..=at {
            for three in 0..=at {
                let has = [one, two, three].contains(&at) && order(one) < order(two) && order(two) < order(three);
                if has
                    && is(one, "a", "x")
                    && is(two, "b", "y")
                    && is(three, "a", "x")
                    && order(three).0 - order(one).0 < SPAN
                    && !group.is_null()
                {
                    return Some(group.to_string());
                }
            }
        }
    }
    None
}

/// By the engine in batches, with a window that is as plain as can be.
fn by_engine(engine: &Engine, built: &Built, events: &[Value], size: usize) -> Found {
    let mut found = Found::new();
    let mut fed: Vec<(String, String, i64, String)> = Vec::new();
    let mut state: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (number, chunk) in events.chunks(size).enumerate() {
        let matches = engine.run(SOURCE, &Sample::new(chunk)).unwrap();
        let feeds = engine.feeds(SOURCE, &matches, &Sample::new(chunk), &Places::default()).unwrap();
        for (feed, steps) in by_order(engine.correlations(), &feeds) {
            let at = number * size + feed.row as usize;
            let mut seen = state.get(&feed.key).map_or_else(Seen::default, |known| Seen::from_bytes(known));
            let time = events[at]["time"].as_i64().unwrap() * 1_000_000;
            if seen.add(time, &steps, &at.to_string(), 3, SPAN * 1_000_000).is_some() {
                found.insert((feed.correlation as usize, at, feed.group.join(", ")));
            }
            state.insert(feed.key.clone(), seen.to_bytes());
        }
        for (window, feeds) in by_window(engine.correlations(), &feeds) {
            let mut answers = Vec::new();
            for feed in feeds {
                let at = number * size + feed.row as usize;
                let time = events[at]["time"].as_i64().unwrap();
                let what = if built.pack.windows[&window].distinct { feed.member.clone() } else { at.to_string() };
                fed.push((window.clone(), feed.key.clone(), time, what));
                let of = fed.iter().filter(|(of, key, ..)| (of, key) == (&window, &feed.key));
                let seen: Vec<_> = of.map(|(_, _, time, what)| (*time, what.clone())).collect();
                answers.push((feed, at, largest(&seen, time)));
            }
            for (feed, at, value) in answers {
                if value >= engine.correlations()[feed.correlation as usize].at_least as usize {
                    found.insert((feed.correlation as usize, at, feed.group.join(", ")));
                }
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn correlations_count_what_a_plain_reading_counts_under_any_split(
        events in prop::collection::vec(event(), 1..30),
        cut in 1..30usize,
    ) {
        let built = good();
        let engine = Engine::new(built.pack.clone()).unwrap();
        let expected = plainly(&events);
        for size in [events.len(), cut] {
            prop_assert_eq!(&by_engine(&engine, &built, &events, size), &expected, "in batches of {}", size);
        }
    }
}

#[test]
fn a_pack_declares_the_windows_and_fields_of_its_correlations_and_its_counted_rules_are_silent() {
    let built = good();
    assert!(built.refused.is_empty(), "{:?}", built.refused);
    assert_eq!((built.rules.len(), built.pack.silent.len()), (6, 2));
    // One of events; values and rules of the same length share one.
    let windows: Vec<_> = built.pack.windows.values().map(|window| (window.distinct, window.entries)).collect();
    assert_eq!(windows, [(false, 1), (true, 3)]);
    let name = Name { id: "p".into(), version: "1.0.0".into(), authors: vec!["x".into()] };
    let text = manifest(&built, &name).unwrap();
    assert!(text.contains("[state]"), "{text}");
    assert!(text.contains("[windows.correlated-a]") && text.contains("length = \"10s\""), "{text}");
    let fields: Vec<&str> = built.pack.sources[SOURCE].fields.keys().map(String::as_str).collect();
    assert_eq!(fields, ["a", "b", "g", "h", "v"]);
    let generate = "  type: event_count\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 9}\n  generate: true\n";
    assert!(self::built(&[RULES, &correlation(generate)].concat()).pack.silent.is_empty());
}

#[test]
fn what_cannot_be_right_on_windows_is_refused_with_its_line_and_reason() {
    let body =
        |kind: &str, rules: &str, rest: &str| format!("  type: {kind}\n  rules: {rules}\n  timespan: 10m\n{rest}");
    for (body, line, reason) in [
        (body("event_count", "[a]", "  condition: {lt: 3}\n"), 7, "`lt` is true until another event comes"),
        (body("event_count", "[a]", "  condition: {gte: 1, eq: 3}\n"), 7, "`eq` is true until"),
        (body("event_count", "[a]", "  condition: {gte: 1025}\n"), 7, "1 to 1023"),
        (body("event_count", "[a]", "  condition: {gt: -1}\n"), 7, "1 to 1023"),
        (body("event_count", "[a]", ""), 4, "no `condition`"),
        (body("value_count", "[a]", "  condition: {gte: 3}\n"), 7, "needs one `field`"),
        (body("temporal_ordered", "[a, b]", "  condition: {gte: 2}\n"), 7, "takes no condition"),
        (body("temporal_ordered", "[a]", ""), 5, "takes 2 to 8"),
        (body("temporal", "[a, b]", "  condition: {gte: 3}\n"), 4, "would never find"),
        (body("temporal", "[a, b, c, d, e]", ""), 5, "takes 4"),
        (body("sum", "[a]", ""), 4, "`sum`"),
        (body("temporal", "[a, nobody]", ""), 1, "`nobody`, which is no id or name"),
        (body("temporal", "[a, a]", ""), 1, "one rule twice"),
        (body("temporal", "[a, b]", "  wrong: x\n"), 7, "has `wrong`"),
        (body("temporal", "[a, b]", "  group-by: [w]\n  aliases: {w: {a: g}}\n"), 1, "no field of the rule `b`"),
        (body("temporal", "[a, b]", "").replace("10m", "2w"), 6, "up to 31d"),
    ] {
        let text = format!("title: C\nid: c\ncorrelation:\n{body}---\n{RULES}");
        let built = built(&text);
        let [refusal] = built.refused.as_slice() else { panic!("{body}: {:?}", built.refused) };
        assert_eq!((refusal.kind, refusal.place.line), ("correlation", line), "{body}: {refusal}");
        assert!(refusal.reason.contains(reason), "{body}: {refusal}");
        // What it would have counted is found by itself.
        assert!(built.rules.len() == 2 && built.pack.silent.is_empty());
    }
    // Over each other, and in a circle.
    let one = "title: C\nid: c\ncorrelation: {type: temporal, rules: [d], timespan: 1m}\n";
    let other = "title: D\nid: d\ncorrelation: {type: temporal, rules: [c], timespan: 1m}\n";
    let reasons: Vec<String> =
        built(&[one, "---\n", other].concat()).refused.into_iter().map(|refusal| refusal.reason).collect();
    assert!(reasons.len() == 2 && reasons.iter().all(|reason| reason.contains("is a correlation")), "{reasons:?}");
}

#[test]
fn a_ninth_window_is_refused_by_name() {
    let of = |minutes: usize| {
        let body = format!("  type: event_count\n  rules: [a]\n  timespan: {minutes}m\n  condition: {{gte: 9}}\n");
        correlation(&body)
    };
    let text: String = std::iter::once(RULES.to_owned()).chain((1..=9).map(of)).collect();
    let built = built(&text);
    assert_eq!((built.pack.windows.len(), built.refused.len()), (8, 1));
    assert!(built.refused[0].reason.contains("at most 8 windows"), "{}", built.refused[0]);
}
