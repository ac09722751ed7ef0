//! Paths that pick elements by name, and paths of top names, over events that differ from row to row.

use super::*;

fn batch(events: &[&str]) -> Batch {
    let mut batcher = Batcher::new(forced("custom.test"));
    for (line, event) in events.iter().enumerate() {
        batcher.push(raw(*event, line as u64 + 1), RECEIVED).unwrap();
    }
    batcher.finish().remove(0)
}

fn found(batch: &Batch, at: &str) -> Vec<Option<String>> {
    texts(batch, at)
}

fn some(texts: &[Option<&str>]) -> Vec<Option<String>> {
    texts.iter().map(|text| text.map(str::to_owned)).collect()
}

#[test]
fn elements_picked_by_name_are_the_last_of_each_row_however_the_rows_differ() {
    let batch = batch(&[
        r#"{"P":[{"Name":"A","Value":"1"},{"Name":"B","Value":"2"}]}"#,
        r#"{"P":[{"Name":"B","Value":"3"},{"Name":"A","Value":"4"},{"Name":"A","Value":"5"}]}"#,
        r#"{"Q":[{"Name":"A","Value":"6"}]}"#,
        r#"{"P":[1,{"Name":7,"Value":"8"},{"Name":"\u0041","Value":"9"},["A"]]}"#,
        r#"{"P":{"Name":"A","Value":"10"}}"#,
        // The last one has no `Value`; the one before does not stand in for it.
        r#"{"P":[{"Name":"A","Value":"11"},{"Name":"A"}]}"#,
        r#"{"P":[{"Name":"B","Name":"A","Value":"12"}]}"#,
        r#"{"P":[{"Name":"A","Value":{"deep":[13]}}],"P":[{"Name":"A","Value":{"deep":[14]}}]}"#,
    ]);
    assert_eq!(
        found(&batch, "P[Name=A].Value"),
        some(&[Some("1"), Some("5"), None, Some("9"), None, None, Some("12"), Some(r#"{"deep":[14]}"#)])
    );
    assert_eq!(found(&batch, "P[Name=B].Value"), some(&[Some("2"), Some("3"), None, None, None, None, None, None]));
    assert_eq!(found(&batch, "P[Name=A].Value.deep[0]")[7].as_deref(), Some("14"));
    assert_eq!(found(&batch, "P[Value=12].Name")[6].as_deref(), Some("A"));
    assert!(found(&batch, "P[Name=C].Value").iter().all(Option::is_none));
    assert!(found(&batch, "P[Nothing=A].Value").iter().all(Option::is_none));
    let multi = batch.values(&path("P[Name=A].Value.deep[]"));
    assert_eq!(
        (&multi.starts[..], multi.values.value(0)),
        (&[0, 0, 0, 0, 0, 0, 0, 0, 1][..], Some((Kind::Number, "14")))
    );
    // The same of a part of the rows, whose indexes are its own.
    assert_eq!(found(&batch.select(3..7), "P[Name=A].Value"), some(&[Some("9"), None, None, Some("12")]));
}

#[test]
fn a_name_of_a_refused_event_is_no_name_of_the_batch_and_one_that_comes_later_is() {
    let mut batcher = Batcher::new(forced("custom.test"));
    for event in [r#"{"a":1}"#, r#"{"refused":1,"b":}"#, r#"{"a":2,"late":{"a":3}}"#] {
        let _ = batcher.push(raw(event, 1), RECEIVED);
    }
    let batch = batcher.finish().remove(0);
    assert_eq!(found(&batch, "refused"), some(&[None, None]));
    assert_eq!(found(&batch, "late.a"), some(&[None, Some("3")]));
    assert_eq!(found(&batch, "a"), some(&[Some("1"), Some("2")]));
    assert!(batch.built(&path("a")).is_some() && batch.built(&path("b")).is_none());
}

#[test]
fn an_array_with_more_names_than_an_index_takes_reads_the_same() {
    let element = |name: usize| format!(r#"{{"Name":"n{name}","Value":{name}}}"#);
    let event = |from: usize| {
        let elements: Vec<String> = (from..from + 500).map(element).collect();
        format!(r#"{{"P":[{}]}}"#, elements.join(","))
    };
    let events: Vec<String> = (0..20).map(|row| event(row * 500)).collect();
    let batch = batch(&events.iter().map(String::as_str).collect::<Vec<_>>());
    for name in [0, 4_095, 4_096, 9_999] {
        let mut expected = vec![None; 20];
        expected[name / 500] = Some(name.to_string());
        assert_eq!(found(&batch, &format!("P[Name=n{name}].Value")), expected);
    }
}
