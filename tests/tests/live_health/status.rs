//! `cordon status`: one screen for many forces, and a force sees its own.

use super::{Place, event, post, status, word};

#[test]
fn every_force_is_a_line_and_a_force_s_own_token_sees_its_own_line_only() {
    let place = Place::new();
    let host = place.host("");
    let operator = host.first_token();
    for n in 0..12 {
        let _ = host.operator().run(&["force", "add", &format!("force-{n}")]).ends(0);
    }
    let intake = host.token("intake", Some("force-3"));
    post(&host, &intake, "custom.test", &[event(1), event(2)]);
    let said = host.operator().run(&["status"]).ends(0);
    assert!(said.out.contains("nothing is red"), "{}", said.out);
    let line = said.out.lines().find(|line| line.starts_with("force-3 ")).unwrap();
    assert_eq!(line.split_whitespace().nth(3), Some("2"), "{line}");
    assert!(said.out.lines().count() < 20, "{}", said.out);
    let reader = host.token("force-reader", Some("force-3"));
    let own = status(&host, &reader, "");
    assert_eq!(own["forces"].as_array().unwrap().len(), 1, "{own}");
    assert!(own["host"].is_null() && !own.to_string().contains("force-4"), "{own}");
    assert_eq!(host.request("GET", "/v1/status?for=force-4", Some(&reader), "").unwrap().status, 403);
    let one = status(&host, &operator, "?for=force-3");
    assert_eq!(word(&one["forces"][0], "name"), "force-3");
    let _ = host.operator().run(&["status", "--for", "force-33"]).ends(2);
    // Not on a terminal, one screen follows the other.
    let watched = host.with_token(&place.token_file("reader", &reader));
    let watched = watched.run(&["status", "--watch", "--interval", "1", "--times", "2"]).ends(0);
    assert_eq!(watched.out.matches("nothing is red").count(), 2, "{}", watched.out);
    assert!(!watched.out.contains('\u{1b}'), "{}", watched.out);
}
