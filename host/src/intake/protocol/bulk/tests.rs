use std::collections::BTreeMap;
use std::io::Cursor;

use serde_json::Value;

use super::*;

/// An event with its source, or the kind and line of its refusal.
type Given = Result<(String, String), (&'static str, u64)>;

fn read(text: &str) -> (Bulk, Result<Vec<Given>, IntakeError>) {
    let mut bulk = Bulk::open(Cursor::new(text.as_bytes().to_vec()), 1 << 20, Some("vpn")).unwrap();
    let mut all = Vec::new();
    loop {
        match bulk.next() {
            Err(error) => return (bulk, Err(error)),
            Ok(None) => return (bulk, Ok(all)),
            Ok(Some(piece)) => all.push(match piece {
                Ok(Framed { event, source }) => {
                    let source = source.map_or_else(|| "recognised".to_owned(), |source| source.to_string());
                    Ok((source, String::from_utf8(event.bytes).unwrap()))
                }
                Err(refusal) => Err((refusal.kind, refusal.origin.line)),
            }),
        }
    }
}

fn event(source: &str, text: &str) -> Given {
    Ok((source.to_owned(), text.to_owned()))
}

#[test]
fn actions_and_documents_alternate_and_each_names_its_own_source() {
    let text = "{\"index\":{}}\n{\"n\":1}\n\n{ \"create\" : {\"_index\":\"m365-audit\",\"_id\":7,\"pipeline\":\"p\"}}\r\n{\"records\":[{}]}\r\n{\"index\":{\"_index\":\"events\"}}\n{ }";
    let (bulk, all) = read(text);
    let expected =
        [event("custom.vpn", "{\"n\":1}"), event("m365.audit", "{\"records\":[{}]}"), event("recognised", "{ }")];
    assert_eq!(all.unwrap(), expected);
    assert_eq!(bulk.items[1], Item { verb: Verb::Create, index: "m365-audit".into(), id: Some("7".into()) });
}

#[test]
fn what_cannot_be_done_is_refused_for_itself_with_its_line() {
    let long = "x".repeat(513);
    let text = format!(
        "{{\"update\":{{}}}}\n{{\"doc\":{{}}}}\n{{\"delete\":{{\"_id\":\"x\"}}}}\n{{\"index\":{{\"_index\":\"cordon-audit\"}}}}\n{{}}\n{{\"index\":{{\"_id\":\"{long}\"}}}}\n{{}}\n{{\"index\":{{}}}}\n{{\"n\":1}}\n{{\"index\":{{}}}}"
    );
    let expected = [
        Err(("not-supported", 1)),
        Err(("not-supported", 3)),
        Err(("bad-index", 4)),
        Err(("bad-id", 6)),
        event("custom.vpn", "{\"n\":1}"),
        Err(("no-document", 10)),
    ];
    assert_eq!(read(&text).1.unwrap(), expected);
}

#[test]
fn a_request_that_has_lost_count_of_its_lines_is_refused_whole_with_the_line() {
    for (text, line) in [
        ("{\"n\":1}\n", 1),
        ("{\"index\":{}}\n{\"n\":1}\n{\"n\":2}\n", 3),
        ("{\"index\":{}}\n\n{\"n\":2}\n", 3),
        ("{\"index\":{},\"create\":{}}\n{}\n", 1),
        ("{\"index\":[]}\n{}\n", 1),
        ("[]\n", 1),
        (&format!("{{\"index\":{}\n", "[".repeat(7_000)), 1),
        (&format!("{{\"index\":{{\"_index\":\"{}\"}}}}\n", "x".repeat(9_000)), 1),
    ] {
        let error = read(text).1.unwrap_err().to_string();
        assert!(error.starts_with(&format!("line {line}: an action is due here")), "{text:.80}: {error}");
    }
}

#[test]
fn a_request_has_a_limit_on_its_actions_and_on_its_bytes() {
    let many = "{\"index\":{}}\n{}\n".repeat(ACTIONS + 1);
    let mut bulk = Bulk::open(Cursor::new(many.into_bytes()), 2 << 20, None).unwrap();
    assert_eq!(bulk.skip(), Err(IntakeError::TooMany { what: "actions", limit: ACTIONS as u64 }));
    let mut bulk = Bulk::open(Cursor::new("{\"index\":{}}\n{}\n".repeat(100)), 1_000, None).unwrap();
    assert_eq!(bulk.skip(), Err(IntakeError::TooLarge { limit: 1_000 }));
}

#[test]
fn the_answer_has_an_item_for_each_action_in_order() {
    let (bulk, _) =
        read("{\"create\":{\"_id\":\"a\"}}\n{}\n{\"delete\":{}}\n{\"index\":{\"_index\":\"m365.audit\"}}\n{}\n");
    let refused = BTreeMap::from([(1, ("not-supported", "no \"quotes\"".to_owned()))]);
    let text = answer(&bulk, &Outcome::Taken { first: Some(40), refused }, 3);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&value["took"], &value["errors"]), (&3.into(), &true.into()));
    let items = value["items"].as_array().unwrap();
    let created = &items[0]["create"];
    assert_eq!((&created["status"], &created["_id"], &created["_index"]), (&201.into(), &"a".into(), &"vpn".into()));
    let deleted = &items[1]["delete"];
    assert_eq!(
        (&deleted["status"], &deleted["error"]["reason"]),
        (&400.into(), &"not-supported: no \"quotes\"".into())
    );
    assert_eq!((&items[2]["index"]["_id"], &items[2]["index"]["_index"]), (&"40-2".into(), &"m365.audit".into()));
    let later: Value = serde_json::from_str(&answer(&bulk, &Outcome::Later("full".into()), 0)).unwrap();
    for (item, verb) in later["items"].as_array().unwrap().iter().zip(["create", "delete", "index"]) {
        assert_eq!(item[verb]["status"], 429);
        assert_eq!(item[verb]["error"]["type"], "es_rejected_execution_exception");
    }
    let none = Outcome::Taken { first: None, refused: BTreeMap::new() };
    assert!(answer(&bulk, &none, 0).starts_with("{\"took\":0,\"errors\":false,"));
}
