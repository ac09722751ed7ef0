//! What was refused is kept: seen, mended, sent again or thrown away, and each of it is in the audit.

use super::support::{Place, audit, counts, post};

#[test]
fn refused_lines_are_kept_and_an_operator_mends_and_replays_them_and_all_is_recorded() {
    let place = Place::new();
    let mut host = place.start();
    let (intake, other) = (host.add_force("avon"), host.add_force("kent"));
    let lines = [audit(1, "a"), "{\"Id\":\"2\",".to_owned(), "{\"payroll\":7}".to_owned()];
    assert_eq!(counts(&post(&host, "/v1/events", &intake, &lines)), [1, 0, 0, 2]);
    let _ = post(&host, "/v1/events", &other, &["{\"secret of kent\":1}".to_owned()]);
    host.kill();
    let host = place.start();
    let operator = host.operator();
    let listed = operator.run(&["refused", "list", "--for", "avon"]).ends(1);
    assert!(listed.out.starts_with("1 2") && listed.out.contains("not-json") && listed.out.contains("unknown-source"));
    assert!(listed.err.contains("2 lines waiting") && !listed.out.contains("kent"), "{}", listed.err);
    let shown = operator.run(&["refused", "show", "1", "--for", "avon", "--format", "json"]).ends(0);
    assert!(shown.out.contains("{\\\"Id\\\":\\\"2\\\","), "{}", shown.out);
    // As it was, it is refused again, and stays.
    let again = operator.run(&["refused", "replay", "1", "--for", "avon"]).ends(2);
    assert!(again.err.contains("the host says 400"), "{}", again.err);
    std::fs::write(place.at("mended"), audit(2, "b")).unwrap();
    let mended = place.at("mended").to_string_lossy().into_owned();
    let taken = operator.run(&["refused", "replay", "1", "--for", "avon", "--with", &mended]).ends(0);
    assert!(taken.err.contains("1 event taken"), "{}", taken.err);
    let _ = operator.run(&["refused", "replay", "1", "--for", "avon", "--with", &mended]).ends(2);
    let _ = operator.run(&["refused", "replay", "2", "--for", "avon", "--source", "custom.payroll"]).ends(0);
    let _ = operator.run(&["refused", "list", "--for", "avon"]).ends(0);
    let _ = operator.run(&["refused", "discard", "1", "--for", "kent"]).ends(0);
    // A force's own people see their own list only; a shipper sees none.
    let contact = host.token("force-contact", Some("avon"));
    let get = |token: &str, path: &str| host.request("GET", path, Some(token), "").unwrap().status;
    assert_eq!(get(&contact, "/v1/refused"), 200);
    assert_eq!(get(&contact, "/v1/refused?for=kent"), 403);
    assert_eq!(get(&contact, "/v1/refused/1?for=kent"), 403);
    assert_eq!(get(&intake, "/v1/refused"), 403);
    std::fs::write(place.at("auditor"), host.token("auditor", None)).unwrap();
    let acts = host.with_token(&place.at("auditor")).run(&["audit", "list"]).ends(0).out;
    for what in ["refused-read", "refused-line-read", "refused-replayed", "refused-discarded"] {
        assert!(acts.contains(what), "{what}: {acts}");
    }
    assert!(!acts.contains("payroll\":7") && acts.matches("refused-replayed").count() == 2);
    assert_eq!(host.stop(), 0);
    assert_eq!(place.journal("avon", "m365.audit"), [audit(1, "a"), audit(2, "b")]);
    assert_eq!(place.journal("avon", "custom.payroll"), ["{\"payroll\":7}"]);
}
