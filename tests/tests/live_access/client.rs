//! The command line's way to a host: arguments, environment, profile.

use cordon_tests::host::Host;

use super::{Place, mode};

fn operator(place: &Place, host: &Host) -> String {
    let file = place.path("operator").to_string_lossy().into_owned();
    let _ = host.operator().run(&["token", "create", "--role", "operator", "--name", "desk", "--out", &file]).ends(0);
    file
}

#[test]
fn after_a_login_no_verb_needs_to_be_told_the_host_or_the_token() {
    let place = Place::new();
    let host = place.start();
    let (token, url) = (operator(&place, &host), host.url());
    let person = place.person();
    let nobody = person.run(&["whoami", "--host", &url]).ends(2);
    assert!(nobody.err.contains("cordon login"), "{}", nobody.err);
    let said = person.run(&["login", "--host", &url, "--token-file", &token]).ends(0).out;
    assert!(said.contains("operator") && said.contains("desk"), "{said}");
    let profile = place.path("config/cordon/profiles/default.toml");
    assert_eq!(mode(&profile), 0o600);
    assert!(!std::fs::read_to_string(&profile).unwrap().contains("cordon_"), "no token's text is in it");
    let who = person.run(&["whoami", "--format", "json"]).ends(0).out;
    let who: serde_json::Value = serde_json::from_str(&who).unwrap();
    assert_eq!(
        (&who["role"], &who["force"], &who["name"]),
        (&"operator".into(), &serde_json::Value::Null, &"desk".into())
    );
    assert!(who["expires"].as_i64().is_some() && who["version"].as_str().is_some(), "{who}");
    let _ = person.run(&["force", "list"]).ends(0);
    // A token on standard input is kept beside the profile, for its owner only.
    let input = std::fs::File::open(&token).unwrap();
    let login = ["login", "--profile", "other", "--host", &url, "--token-file", "-"];
    let _ = person.run_with(&login, input).ends(0);
    assert_eq!(mode(&place.path("config/cordon/profiles/other.token")), 0o600);
    let _ = person.run(&["whoami", "--profile", "other"]).ends(0);
    let _ = person.run(&["logout", "--profile", "other"]).ends(0);
    assert!(!place.path("config/cordon/profiles/other.token").exists());
    let gone = person.run(&["whoami", "--profile", "other"]).ends(2);
    assert!(gone.err.contains("no profile `other`"), "{}", gone.err);
    let _ = person.run(&["logout"]).ends(0);
    assert!(std::path::Path::new(&token).exists(), "a file that was only named stays");
}

#[test]
fn arguments_come_before_the_environment_and_the_profile_and_a_profiles_token_goes_to_its_own_host_only() {
    let place = Place::new();
    let host = place.start();
    let (token, url) = (operator(&place, &host), host.url());
    let person = place.person();
    let _ = person.run(&["login", "--host", &url, "--token-file", &token]).ends(0);
    // Nobody listens there; whoever does must not get the token.
    let elsewhere = person.run(&["whoami", "--host", "http://127.0.0.1:9"]).ends(2);
    assert!(elsewhere.err.contains("whose token for http://127.0.0.1:9?"), "{}", elsewhere.err);
    let wrong = place.write("wrong", "cordon_00");
    let of_environment = place.person().env("CORDON_TOKEN_FILE", &wrong.to_string_lossy());
    let said = of_environment.run(&["whoami"]).ends(2);
    assert!(said.err.contains("401") && said.err.contains("unknown"), "{}", said.err);
    let _ = of_environment.run(&["whoami", "--token-file", &token]).ends(0);
    // The file is open to others.
    assert!(said.err.contains("other users may read this token"), "{}", said.err);
    let refused = person.run(&["login", "--profile", "new", "--host", &url, "--token-file", &wrong.to_string_lossy()]);
    let _ = refused.ends(2);
    assert!(!place.path("config/cordon/profiles/new.toml").exists(), "what the host does not know is not kept");
    let clear = person.run(&["whoami", "--host", "http://192.0.2.1:9", "--token-file", "none"]).ends(2);
    assert!(clear.err.contains("in the clear"), "{}", clear.err);
}
