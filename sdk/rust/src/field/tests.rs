//! Predicates answer what a plain look at each row answers, whatever the values repeat or lack.

use std::net::IpAddr;

use cordon_contract::manifest::Manifest;
use cordon_contract::transform::lower;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Field, FieldValues, Scope};
use crate::mask::Mask;
use crate::testing::memory::MemoryBatch;
use crate::{Batch, backend};

const MANIFEST: &str = r#"
[plugin]
id = "t"
version = "1.0.0"
summary = "t"
authors = ["t"]
licence = "t"
[sources."custom.t".fields]
x = "x"
many = "a[].x"
[[rules]]
id = "t"
title = "t"
severity = "low"
description = "t"
next-steps = ["t"]
false-positives = []
"#;

fn memory(events: Vec<Value>) -> MemoryBatch {
    let rows = events.len();
    MemoryBatch {
        manifest: Manifest::parse(MANIFEST).unwrap(),
        source: "custom.t".to_owned(),
        events: events.into_iter().map(|event| (event.to_string(), event)).collect(),
        times: vec![0; rows],
        received: vec![0; rows],
        marks: vec![0; rows],
        local_minutes: vec![0; rows],
    }
}

fn one<'b>(batch: &'b Batch<'b>) -> Field<'b> {
    Field::new(batch, "x", &[("entra.audit", "y"), ("custom.t", "x")])
}

fn many<'b>(batch: &'b Batch<'b>) -> FieldValues<'b> {
    FieldValues::new(batch, "many", &[("custom.t", "a[].x")])
}

fn rows(mask: &Mask) -> Vec<usize> {
    mask.iter().map(crate::Row::index).collect()
}

/// The text by which a value compares.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The rows whose text fulfils a plain question.
fn naive(values: &[Option<Value>], test: impl Fn(&str) -> bool) -> Vec<usize> {
    let holds = |value: &Option<Value>| text(value.as_ref()).is_some_and(|text| test(&text));
    (0..values.len()).filter(|row| holds(&values[*row])).collect()
}

fn values() -> impl Strategy<Value = Option<Value>> {
    let word = prop_oneof![
        "[abAB]{0,3}",
        "[äÄßẞİıſK]{0,2}",
        Just("true".to_owned()),
        Just("False".to_owned()),
        "-?[0-9]{1,3}",
        Just("10.1.2.3:99".to_owned()),
        Just("::ffff:10.0.0.1".to_owned()),
        Just("2001:db8::1".to_owned()),
    ];
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => any::<bool>().prop_map(|b| Some(json!(b))),
        2 => (-20i64..20).prop_map(|n| Some(json!(n))),
        8 => word.prop_map(|text| Some(json!(text))),
        1 => Just(Some(json!(["a"]))),
        1 => Just(Some(json!({}))),
    ]
}

fn event(value: &Option<Value>) -> Value {
    value.as_ref().map_or_else(|| json!({}), |value| json!({ "x": value }))
}

proptest! {
    #[test]
    fn predicates_on_one_value_equal_a_plain_look_at_each_row(
        values in proptest::collection::vec(values(), 1..150),
        needle in "[abABäÄK1-9]{0,2}",
        more in proptest::collection::vec("[abAB]{0,2}", 0..12),
        bound in -20i32..20,
    ) {
        let memory = memory(values.iter().map(event).collect());
        let batch = Batch::new(backend::Batch(&memory));
        let field = one(&batch);
        let folded = lower(&needle).into_owned();
        let fold_all: Vec<String> = more.iter().map(|n| lower(n).into_owned()).collect();

        prop_assert_eq!(rows(&field.equals(&needle)), naive(&values, |t| lower(t) == folded));
        prop_assert_eq!(rows(&field.cased().equals(&needle)), naive(&values, |t| t == needle));
        prop_assert_eq!(rows(&field.any_of(&more)), naive(&values, |t| fold_all.iter().any(|n| lower(t) == *n)));
        prop_assert_eq!(rows(&field.cased().any_of(&more)), naive(&values, |t| more.iter().any(|n| t == n)));
        prop_assert_eq!(rows(&field.contains(&needle)), naive(&values, |t| lower(t).contains(&folded)));
        prop_assert_eq!(rows(&field.cased().contains(&needle)), naive(&values, |t| t.contains(&needle)));
        prop_assert_eq!(
            rows(&field.contains_any(&more)),
            naive(&values, |t| fold_all.iter().any(|n| lower(t).contains(n.as_str())))
        );
        prop_assert_eq!(rows(&field.starts_with(&needle)), naive(&values, |t| lower(t).starts_with(&folded)));
        prop_assert_eq!(rows(&field.ends_with(&needle)), naive(&values, |t| lower(t).ends_with(&folded)));
        prop_assert_eq!(rows(&field.cased().starts_with(&needle)), naive(&values, |t| t.starts_with(&needle)));
        prop_assert_eq!(rows(&field.cased().ends_with(&needle)), naive(&values, |t| t.ends_with(&needle)));
        prop_assert_eq!(rows(&field.matches(|t| t.len() > 2)), naive(&values, |t| t.len() > 2));
        prop_assert_eq!(rows(&field.present()), naive(&values, |_| true));
        prop_assert_eq!(field.absent(), !field.present());
        prop_assert_eq!(rows(&field.empty()), (0..values.len()).filter(|row| match &values[*row] {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.is_empty(),
            Some(Value::Object(_)) => true,
            _ => false,
        }).collect::<Vec<_>>());
        prop_assert_eq!(rows(&field.is_true()), naive(&values, |t| t.eq_ignore_ascii_case("true")));
        prop_assert_eq!(rows(&field.is_false()), naive(&values, |t| t.eq_ignore_ascii_case("false")));

        let number = |t: &str| t.parse::<f64>().ok();
        let b = f64::from(bound);
        prop_assert_eq!(rows(&field.lt(bound)), naive(&values, |t| number(t).is_some_and(|n| n < b)));
        prop_assert_eq!(rows(&field.le(bound)), naive(&values, |t| number(t).is_some_and(|n| n <= b)));
        prop_assert_eq!(rows(&field.gt(bound)), naive(&values, |t| number(t).is_some_and(|n| n > b)));
        prop_assert_eq!(rows(&field.ge(bound)), naive(&values, |t| number(t).is_some_and(|n| n >= b)));
        prop_assert_eq!(rows(&field.between(-5, 5)), naive(&values, |t| number(t).is_some_and(|n| (-5.0..=5.0).contains(&n))));
        let ten = |t: &str| cordon_contract::transform::ip(t).is_some_and(|ip| matches!(ip, IpAddr::V4(v4) if v4.octets()[0] == 10));
        prop_assert_eq!(rows(&field.in_cidr("10.0.0.0/8").unwrap()), naive(&values, ten));

        for row in batch.rows() {
            let value = values[row.index()].as_ref();
            prop_assert_eq!(field.text(row).map(str::to_owned), text(value));
            prop_assert_eq!(field.number(row), text(value).and_then(|t| number(&t)).filter(|_| !matches!(value, Some(Value::Array(_)))));
            prop_assert_eq!(field.integer(row), text(value).and_then(|t| t.parse().ok()));
        }
    }

    #[test]
    fn a_field_among_some_rows_is_the_same_there_and_absent_elsewhere(
        pairs in proptest::collection::vec((values(), any::<bool>()), 1..100),
        needle in "[ab]{0,1}",
    ) {
        let (values, chosen): (Vec<_>, Vec<bool>) = pairs.into_iter().unzip();
        let memory = memory(values.iter().map(event).collect());
        let batch = Batch::new(backend::Batch(&memory));
        let field = one(&batch);
        let mut some = batch.none();
        batch.rows().filter(|row| chosen[row.index()]).for_each(|row| some.insert(row.0));
        let part = field.among(&some);
        prop_assert_eq!(part.contains(&needle), field.contains(&needle) & &some);
        prop_assert_eq!(part.absent(), field.absent() & &some);
        // Once the column of all rows is there, it serves the few.
        let again = field.among(&some);
        prop_assert_eq!(again.contains(&needle), part.contains(&needle));
        for row in batch.rows() {
            prop_assert_eq!(part.text(row), field.text(row).filter(|_| some.contains(row)));
            prop_assert_eq!(again.text(row), part.text(row));
        }
    }

    #[test]
    fn predicates_on_several_values_equal_a_plain_look_at_each_slot(
        lists in proptest::collection::vec(proptest::collection::vec(values(), 0..4), 1..60),
        needle in "[abAB]{0,2}",
    ) {
        let events = lists.iter().map(|list| json!({"a": list.iter().map(event).collect::<Vec<_>>()}));
        let memory = memory(events.collect());
        let batch = Batch::new(backend::Batch(&memory));
        let field = many(&batch);
        let folded = lower(&needle).into_owned();
        let plain = |any: bool, test: &dyn Fn(&str) -> bool| -> Vec<usize> {
            let holds = |value: &Option<Value>| text(value.as_ref()).is_some_and(|text| test(&text));
            (0..lists.len())
                .filter(|row| {
                    let list = &lists[*row];
                    if any { list.iter().any(holds) } else { !list.is_empty() && list.iter().all(holds) }
                })
                .collect()
        };
        prop_assert_eq!(rows(&field.any_equals(&needle)), plain(true, &|t| lower(t) == folded));
        prop_assert_eq!(rows(&field.all_equals(&needle)), plain(false, &|t| lower(t) == folded));
        prop_assert_eq!(rows(&field.any_of(&[&needle, "x"])), plain(true, &|t| lower(t) == folded));
        prop_assert_eq!(rows(&field.any_contains(&needle)), plain(true, &|t| lower(t).contains(&folded)));
        prop_assert_eq!(rows(&field.all_contain(&needle)), plain(false, &|t| lower(t).contains(&folded)));
        prop_assert_eq!(rows(&field.any_starts_with(&needle)), plain(true, &|t| lower(t).starts_with(&folded)));
        prop_assert_eq!(rows(&field.all_end_with(&needle)), plain(false, &|t| lower(t).ends_with(&folded)));
        prop_assert_eq!(rows(&field.cased().any_equals(&needle)), plain(true, &|t| t == needle));
        prop_assert_eq!(rows(&field.any(|t| t.len() > 2)), plain(true, &|t| t.len() > 2));
        prop_assert_eq!(rows(&field.all(|t| t.len() > 2)), plain(false, &|t| t.len() > 2));
        prop_assert_eq!(rows(&field.present()), plain(true, &|_| true));
        for row in batch.rows() {
            let slots: Vec<Option<String>> = field.slots(row).map(|t| t.map(str::to_owned)).collect();
            let expected: Vec<Option<String>> = lists[row.index()].iter().map(|v| text(v.as_ref())).collect();
            prop_assert_eq!(field.len(row), expected.len());
            prop_assert_eq!(slots, expected);
        }
        // In some rows only.
        let mut some = batch.none();
        batch.rows().step_by(2).for_each(|row| some.insert(row.0));
        let part = field.within(&Scope::of(&some));
        prop_assert_eq!(part.any_contains(&needle), field.any_contains(&needle) & &some);
        prop_assert_eq!(part.absent(), field.absent() & &some);
        prop_assert_eq!(part.at_least(0), some.clone());
        for row in batch.rows() {
            prop_assert_eq!(part.len(row), if some.contains(row) { field.len(row) } else { 0 });
            prop_assert_eq!(part.slots(row).count(), part.len(row));
        }
    }
}

#[test]
fn a_predicate_looks_at_each_distinct_value_once() {
    let memory = memory((0..1_000).map(|i| json!({"x": i % 3})).collect());
    let batch = Batch::new(backend::Batch(&memory));
    let mut looks = 0;
    let mask = one(&batch).matches(|_| {
        looks += 1;
        true
    });
    assert_eq!((looks, mask.count()), (3, 1_000));
}

#[test]
fn a_handle_that_the_source_does_not_declare_is_absent_in_every_row() {
    let memory = memory(vec![json!({"x": 1}), json!({"x": 2})]);
    let batch = Batch::new(backend::Batch(&memory));
    let field = Field::new(&batch, "x", &[("entra.audit", "x")]);
    assert_eq!((field.present().count(), field.absent().count()), (0, 2));
    let field = FieldValues::new(&batch, "many", &[]);
    assert!(field.present().is_empty() && field.at_least(1).is_empty());
}

#[test]
fn json_is_parsed_also_inside_a_string() {
    let events = [json!("{\"a\":1}"), json!("[1"), json!("5"), json!({"b": [2]}), json!(5), Value::Null];
    let memory = memory(events.iter().map(|value| json!({ "x": value })).collect());
    let batch = Batch::new(backend::Batch(&memory));
    let field = one(&batch);
    let found: Vec<_> = batch.rows().map(|row| field.json(row)).collect();
    let expected =
        [Some(json!({"a": 1})), Some(json!("[1")), Some(json!("5")), Some(json!({"b": [2]})), Some(json!(5)), None];
    assert_eq!(found, expected);
}

#[test]
fn a_wrong_range_is_a_failure_that_names_it() {
    let memory = memory(vec![json!({"x": 1})]);
    let batch = Batch::new(backend::Batch(&memory));
    let failure = one(&batch).in_any_cidr(&["10.0.0.0/8", "10.0.0/8"]).unwrap_err().to_string();
    assert!(failure.contains("`10.0.0/8` is no address range"), "{failure}");
}
