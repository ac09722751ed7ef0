//! The configuration, and whether the host is ready.

use super::{BINARY, Place};
use cordon_tests::cli::Cordon;

#[test]
fn a_configuration_is_checked_whole_and_the_environment_stands_above_it() {
    let place = Place::new();
    let cordon = Cordon::new(BINARY, place.folder.path());
    let text =
        "listen = \"0.0.0.0:7400\"\nworkers = 0\n[intake]\nat-ones = 2\n[tls]\ncertificate = \"host.pem\"\nkey = 3\n";
    place.write("bad.toml", text);
    let said = cordon.run(&["serve", "--check", "bad.toml"]).ends(2).err;
    for named in ["bad.toml: line 4: ", "did you mean `at-once`?", "line 7: ", "workers = 0: give 1 to 256"] {
        assert!(said.contains(named), "{named}: {said}");
    }
    place.write("good.toml", "workers = 1\nplugins = [\"plugins\"]\n[log]\nformat = \"json\"\n");
    for check in [&["serve", "--check", "good.toml"][..], &["serve", "--config", "good.toml", "--check"]] {
        let said = cordon.run(check).ends(0).out;
        assert!(said.contains("good.toml is a good configuration"), "{said}");
    }
    let said = cordon.env("CORDON_LISTEN", "0.0.0.0:1").run(&["serve", "--check", "good.toml"]).ends(2).err;
    assert!(said.contains("[tls]"), "{said}");
    place.write("tls.toml", "[tls]\ncertificate = \"none.pem\"\nkey = \"none.key\"\n");
    let cordon = Cordon::new(BINARY, place.folder.path());
    let said = cordon.run(&["serve", "--check", "tls.toml"]).ends(2).err;
    assert!(said.contains("none.pem: cannot be read"), "{said}");
    let said = cordon.run(&["serve", "--check"]).ends(2).err;
    assert!(said.contains("serve --check FILE"), "{said}");
    let help = cordon.run(&["serve", "--help"]).ends(0).out;
    assert!(["CORDON_LISTEN", "CORDON_DATA", "SIGHUP"].iter().all(|name| help.contains(name)), "{help}");
}

#[test]
fn a_host_that_cannot_take_events_says_why_it_is_not_ready() {
    let place = Place::new();
    let host = place.configured("[journal]\ndisk-floor-mib = 4000000000\n");
    let ready = host.request("GET", "/readyz", None, "").unwrap();
    assert!(ready.status == 503 && ready.body.contains("disk is full (`disk-floor-mib`)"), "{ready:?}");
    assert_eq!(host.request("GET", "/healthz", None, "").unwrap().status, 200);
    assert_eq!(host.stop(), 0);
    assert_eq!(place.configured("").request("GET", "/readyz", None, "").unwrap().status, 200);
}
