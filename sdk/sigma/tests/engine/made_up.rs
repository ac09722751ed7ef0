//! Rules and events that nobody would write: columns and the plain reading say the same, however the events are cut.

use cordon_sigma::engine::Engine;
use cordon_sigma::pack::{Expr, FieldPlace, Pack, PackRule, SourceFields};
use cordon_sigma::pattern::Pattern;
use cordon_sigma::sample::Sample;
use cordon_sigma::test::{Cidr, Compare, Relation, Test, TimePart};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::reference;

const SOURCE: &str = "custom.x";
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn value() -> impl Strategy<Value = Value> {
    let one = prop_oneof![
        6 => "[abAÉéß\\\\ .]{0,6}".prop_map(Value::from),
        2 => (-3i64..4).prop_map(Value::from),
        1 => prop_oneof![Just(json!(1.5)), Just(json!("1.50")), Just(json!("-2")), Just(json!("true")), Just(json!(""))],
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => prop_oneof![Just("10.1.2.3"), Just("10.200.0.1"), Just("::ffff:10.1.2.3"), Just("fe80::1")].prop_map(Value::from),
        1 => prop_oneof![Just("2025-11-28T08:30:20Z"), Just("2024-02-29 23:59:00")].prop_map(Value::from),
        1 => Just(json!({"x": "ab", "y": [1, "b"]})),
    ];
    prop_oneof![6 => one.clone(), 1 => prop::collection::vec(one, 0..4).prop_map(Value::from)]
}

fn event() -> impl Strategy<Value = Value> {
    prop::collection::vec(prop::option::weighted(0.7, value()), NAMES.len()).prop_map(|values| {
        let members = NAMES.iter().zip(values).filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
        Value::Object(members.collect())
    })
}

fn compare() -> impl Strategy<Value = Compare> {
    prop_oneof![
        Just(Compare::Equal),
        Just(Compare::Greater),
        Just(Compare::GreaterOrEqual),
        Just(Compare::Less),
        Just(Compare::LessOrEqual)
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let pattern = || "[abAÉß*?.]{0,5}".prop_map(|text| Pattern::sigma(&text));
    prop_oneof![
        8 => pattern().prop_map(Test::Text),
        2 => pattern().prop_map(Test::Cased),
        3 => "[abé.]{1,3}".prop_map(|text| Test::Text(Pattern::literal(&text).any_before())),
        3 => "[abé.]{1,3}".prop_map(|text| Test::Text(Pattern::literal(&text).any_before().any_after())),
        2 => prop_oneof![Just("a.b"), Just("^(?:ab|ba)"), Just("(?i)aéb"), Just("aab.*"), Just("[0-9]+$"), Just("(?i)ABA"), Just("")]
            .prop_map(|text| Test::Regex(text.to_owned())),
        1 => prop_oneof![Just("10.0.0.0/8"), Just("10.1.2.3"), Just("fe80::/10"), Just("0.0.0.0/0")]
            .prop_map(|text| Test::Cidr(Cidr::parse(text).unwrap())),
        3 => (compare(), -3i32..4).prop_map(|(compare, n)| Test::Number(compare, f64::from(n))),
        1 => any::<bool>().prop_map(Test::Bool),
        1 => (compare(), 0i32..32).prop_map(|(compare, n)| Test::Time(TimePart::Day, compare, f64::from(n))),
        2 => Just(Test::Listed("known".to_owned())),
        2 => Just(Test::Null),
        2 => Just(Test::Exists),
        1 => (0..NAMES.len(), 0..4usize, any::<bool>()).prop_map(|(other, relation, cased)| Test::Field {
            other: NAMES[other].to_owned(),
            relation: [Relation::Equals, Relation::Contains, Relation::StartsWith, Relation::EndsWith][relation],
            cased,
        }),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    // Of three characters and more an event's text says whether it is worth reading.
    let keyword = prop_oneof![1 => "[abé1]{1,2}", 2 => "[abA.]{3,4}"]
        .prop_map(|text| Expr::Keyword(Test::Text(Pattern::literal(&text).any_before().any_after())));
    let leaf = prop_oneof![9 => (0..NAMES.len(), test()).prop_map(|(name, test)| Expr::Is(NAMES[name].to_owned(), test)), 1 => keyword];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 0..4).prop_map(Expr::All),
            3 => prop::collection::vec(inner.clone(), 0..4).prop_map(Expr::Any),
            2 => inner.prop_map(|part| Expr::Not(Box::new(part))),
        ]
    })
}

fn pack() -> impl Strategy<Value = Pack> {
    let guard = (0..NAMES.len(), test()).prop_map(|(name, test)| Expr::Is(NAMES[name].to_owned(), test));
    let guard = prop_oneof![2 => Just(Expr::All(Vec::new())), 3 => guard];
    let rules = prop::collection::vec((0..3usize, expr()), 1..8);
    (prop::collection::vec(guard, 3), rules, prop::collection::vec((0u8..3, any::<bool>()), NAMES.len())).prop_map(
        |(guards, rules, places)| {
            let fields = NAMES.iter().zip(places).map(|(name, (weight, several))| {
                let paths =
                    if several { vec![(*name).to_owned(), format!("{name}[]")] } else { vec![(*name).to_owned()] };
                ((*name).to_owned(), FieldPlace { paths, weight })
            });
            let source = SourceFields { fields: fields.collect(), ..SourceFields::default() };
            let rule = |(number, (guard, when)): (usize, (usize, Expr))| PackRule {
                id: format!("r{number}"),
                title: String::new(),
                level: 0,
                sources: vec![(SOURCE.to_owned(), guards[guard].clone())],
                when,
                notes: Vec::new(),
            };
            Pack {
                sources: [(SOURCE.to_owned(), source)].into(),
                rules: rules.into_iter().enumerate().map(rule).collect(),
                ..Pack::default()
            }
        },
    )
}

fn of(events: &[Value]) -> Sample<'_> {
    Sample::new(events).with_list("known", &reference::LISTED)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]
    #[test]
    fn columns_and_the_plain_reading_agree_under_any_split(
        pack in pack(),
        events in prop::collection::vec(event(), 1..40),
        cut in 1..40usize,
    ) {
        let engine = Engine::new(serde_json::from_str(&serde_json::to_string(&pack).unwrap()).unwrap()).unwrap();
        let mut expected = reference::matches(&pack, SOURCE, &events);
        expected.sort_unstable();
        for size in [events.len(), cut] {
            let mut found = Vec::new();
            for (number, chunk) in events.chunks(size).enumerate() {
                let first = u32::try_from(number * size).unwrap();
                found.extend(engine.run(SOURCE, &of(chunk)).unwrap().iter().map(|found| (found.rule, first + found.row)));
            }
            found.sort_unstable();
            prop_assert_eq!(&found, &expected, "in batches of {}", size);
        }
    }
}
