//! Tokens: rotation, names, last use, expiry.

use serde_json::Value;

use super::{Place, event, mode};

#[test]
fn two_tokens_are_good_at_once_the_list_says_which_is_used_and_the_old_one_is_revoked() {
    let place = Place::new();
    let host = place.start();
    let operator = host.operator();
    let _ = operator.run(&["force", "add", "avon"]).ends(0);
    let create = |name: &str, file: &str, expires: &str| {
        let file = place.path(file).to_string_lossy().into_owned();
        let create = [
            "token",
            "create",
            "--role",
            "intake",
            "--for",
            "avon",
            "--name",
            name,
            "--expires",
            expires,
            "--out",
            &file,
        ];
        operator.run(&create)
    };
    assert_eq!(create("old shipper", "old", "2d").ends(0).out, "", "its text is in the file only");
    let _ = create("new shipper", "new", "90d").ends(0);
    assert_eq!(mode(&place.path("old")), 0o600);
    let taken = create("once more", "new", "90d").ends(2);
    assert!(taken.err.contains("cannot be made"), "{}", taken.err);
    let [old, new] = ["old", "new"].map(|file| std::fs::read_to_string(place.path(file)).unwrap().trim().to_owned());
    let sent = std::cell::Cell::new(0);
    let post = |token: &str| {
        sent.set(sent.get() + 1);
        host.request("POST", "/v1/events/custom.test", Some(token), &event(sent.get())).unwrap()
    };
    assert_eq!([&old, &new].map(|token| post(token).status), [200, 200]);
    let list = || {
        let said = operator.run(&["token", "list", "--format", "json"]).ends(0).out;
        let said: Value = serde_json::from_str(&said).unwrap();
        said["tokens"].as_array().unwrap().clone()
    };
    let of = |name: &str| list().into_iter().find(|token| token["name"] == name).unwrap();
    let used = of("old shipper")["used"].as_i64().unwrap();
    assert!(of("new shipper")["used"].as_i64().unwrap() >= used);
    let life = of("old shipper")["expires"].as_i64().unwrap() - of("old shipper")["created"].as_i64().unwrap();
    assert_eq!(life, 2 * 86_400_000_000);
    assert!(list().iter().all(|token| !token.to_string().contains(&old)));
    let id = of("old shipper")["id"].as_str().unwrap().to_owned();
    let _ = operator.run(&["token", "revoke", &id]).ends(0);
    let gone = post(&old);
    assert!(gone.status == 401 && gone.body.contains("unknown"), "{gone:?}");
    assert_eq!(post(&new).status, 200);
    // When it was used last is still known after a restart.
    let used = of("new shipper")["used"].clone();
    assert_eq!(host.stop(), 0);
    let host = place.start();
    let operator = host.operator();
    let said = operator.run(&["token", "list"]).ends(0).out;
    assert!(said.contains("new shipper") && said.contains("last used"), "{said}");
    let said: Value = serde_json::from_str(&operator.run(&["token", "list", "--format", "json"]).ends(0).out).unwrap();
    let tokens = said["tokens"].as_array().unwrap();
    assert!(tokens.iter().any(|token| token["name"] == "new shipper" && token["used"] == used), "{tokens:?}");
    for wrong in ["0d", "731d", "soon"] {
        let said = operator.run(&["token", "create", "--role", "operator", "--expires", wrong]).ends(2);
        assert!(said.err.contains("730d") || said.err.contains("36h"), "{}", said.err);
    }
}
