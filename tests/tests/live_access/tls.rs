//! TLS, and limits on connections.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::{Place, wait};

/// An authority's certificate, and one of this host that it signed, with its key: PEM.
fn certificates() -> (String, String, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = authority.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(authority, key);
    let own = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let host = CertificateParams::new(names).unwrap().signed_by(&own, &issuer).unwrap();
    (certificate, host.pem(), own.serialize_pem())
}

const CONFIG: &str = "[tls]\ncertificate = \"host.pem\"\nkey = \"host.key\"\n";

#[test]
fn https_is_spoken_with_the_configured_certificate_which_a_signal_changes_and_a_bad_file_does_not() {
    let place = Place::new();
    let (first, certificate, key) = certificates();
    let (first, _, _) =
        (place.write("first.pem", &first), place.write("host.pem", &certificate), place.write("host.key", &key));
    let host = place.configured(CONFIG);
    assert!(host.url().starts_with("https://"), "{}", host.url());
    let asked = |authority: &std::path::Path| {
        host.operator().env("CORDON_CA_FILE", &authority.to_string_lossy()).run(&["whoami"])
    };
    let who = asked(&first).ends(0).out;
    assert!(who.contains("operator"), "{who}");
    let public = host.operator().run(&["whoami"]).ends(2);
    assert!(public.err.contains("certificate"), "{}", public.err);
    let plain = host.request("GET", "/healthz", None, "");
    assert!(plain.is_err(), "no answer without TLS: {plain:?}");

    let (second, certificate, key) = certificates();
    let (second, _, _) =
        (place.write("second.pem", &second), place.write("host.pem", &certificate), place.write("host.key", &key));
    assert!(host.signal("-HUP"));
    wait("the certificate is read again", || place.log().contains("SIGHUP: changed: certificate"));
    let _ = asked(&second).ends(0);
    let _ = asked(&first).ends(2);

    // A key of another certificate, then no certificate at all: the good ones stay in use.
    place.write("host.key", &certificates().2);
    assert!(host.signal("-HUP"));
    wait("the key is refused", || place.log().contains("does not go with"));
    place.write("host.pem", "nothing");
    assert!(host.signal("-HUP"));
    wait("the certificate is refused", || place.log().contains("holds no certificate"));
    assert_eq!(place.log().matches("everything stays as it was").count(), 2);
    let _ = asked(&second).ends(0);
    assert_eq!(host.stop(), 0);
}

#[test]
fn slow_clients_do_not_pile_up_and_one_too_many_is_told_which_limit_it_hit() {
    let place = Place::new();
    let host = place.configured("[http]\nconnections = 8\nheader-seconds = 2\n[log]\nlevel = \"debug\"\n");
    let begun = Instant::now();
    let mut slow: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(host.address()).unwrap()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nx: ").unwrap();
    }
    let told = host.request("GET", "/healthz", None, "").unwrap();
    assert!(told.status == 503 && told.body.contains("`http.connections`"), "{told:?}");
    // A byte now and then is no head.
    for stream in &mut slow {
        let _ = stream.write_all(b"y");
    }
    wait("slow ones are given up", || {
        host.request("GET", "/healthz", None, "").is_ok_and(|answer| answer.status == 200)
    });
    assert!(begun.elapsed() < Duration::from_secs(20));
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut rest = Vec::new();
        // Closed, with an answer or without.
        let _ = stream.read_to_end(&mut rest);
    }
    let log = place.log();
    assert!(log.contains("8 connections are open (`http.connections`)"), "{log}");
    assert!(log.contains("(`http.header-seconds`)"), "{log}");
    assert_eq!(host.stop(), 0);
}
