//! The table of routes and permissions, walked.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use cordon::api::{ROUTES, Route};
use cordon::identity::{Permission, Role};
use cordon_tests::host::Host;

use super::{MARK, Place, event};

const FOREVER: i64 = i64::MAX / 2;

/// A path of the table, with something for each of its parameters.
fn filled(path: &str, force: &str) -> String {
    let part = |part: &str| match part {
        "{name}" | "{force}" => force.to_owned(),
        "{source}" => "custom.test".to_owned(),
        part if part.starts_with('{') => "7".to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Whether the table has a path.
fn in_table(path: &str) -> bool {
    ROUTES.iter().any(|route| fits(route.path, path))
}

/// Whether a path has the same parts, or anything where the pattern has a parameter; nothing, even, before its end: that is
/// the router's rule.
fn fits(pattern: &str, path: &str) -> bool {
    let (parts, asked): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    let last = parts.len() - 1;
    let fits = |(at, part): (usize, &&str)| match asked.get(at) {
        Some(asked) => asked == part || (part.starts_with('{') && (at < last || !asked.is_empty())),
        None => false,
    };
    parts.len() == asked.len() && parts.iter().enumerate().all(fits)
}

fn of_a_force(role: Role) -> Option<&'static str> {
    role.is_of_a_force().then_some("avon")
}

#[test]
fn every_route_is_open_to_exactly_the_roles_of_the_table_and_no_force_reaches_anothers_data() {
    let place = Place::new();
    let mut wanted: Vec<_> = Role::ALL.map(|role| (role, of_a_force(role), FOREVER)).to_vec();
    wanted.push((Role::Operator, None, 2));
    wanted.push((Role::Intake, Some("kent"), FOREVER));
    let tokens = place.prepare(&["avon", "kent"], &wanted);
    let host = place.start();
    let (of_role, [expired, kent]) = tokens.split_at(Role::ALL.len()) else { panic!() };
    let posted = format!("{}\n{{\"{MARK}\":\n", event(1));
    assert_eq!(host.request("POST", "/v1/events/custom.test", Some(kent), &posted).unwrap().status, 200);
    let operator = Role::ALL.iter().zip(of_role).find(|(role, _)| **role == Role::Operator).unwrap().1;
    host.settle(operator);
    assert_eq!(host.findings(operator, "kent").len(), 1);
    for route in ROUTES {
        let own = filled(route.path, "avon");
        let asked = |path: &str, token: Option<&String>| {
            // Whoever listens is answered until they go.
            let mark = if path.contains('?') { '&' } else { '?' };
            let ends = if route.path.ends_with("/stream") { format!("{path}{mark}seconds=0") } else { path.to_owned() };
            host.request(route.method, &ends, token.map(String::as_str), "").unwrap()
        };
        let named = format!("{} {own}", route.method);
        let Some(needs) = route.needs else {
            let open = asked(&own, None);
            assert!(open.status < 500 && !open.body.contains("kent") && !open.body.contains(MARK), "{named}: {open:?}");
            continue;
        };
        let absent = asked(&own, None);
        assert_eq!(absent.status, 401, "{named}: {absent:?}");
        // Splunk's clients know both as 403, and the same words stand in it.
        let no = if route.path.starts_with("/services/") { 403 } else { 401 };
        let unknown = asked(&own, Some(&"cordon_00".to_owned()));
        assert!(unknown.status == no && unknown.body.contains("unknown"), "{named}: {unknown:?}");
        let late = asked(&own, Some(expired));
        assert!(late.status == no && late.body.contains("expired"), "{named}: {late:?}");
        for (role, token) in Role::ALL.iter().zip(of_role) {
            let answer = asked(&own, Some(token));
            let is_refused = answer.status == 403 && answer.body.contains("may not do this");
            assert_eq!(!is_refused && answer.status != 401, role.may(needs), "{named} {role:?}: {answer:?}");
            if !role.is_of_a_force() {
                continue;
            }
            let other = filled(route.path, "kent");
            for path in [other.clone(), format!("{other}?for=kent"), format!("{own}?for=kent"), format!("{own}?for=*")]
            {
                let answer = asked(&path, Some(token));
                let names = answer.body.contains(MARK) || answer.body.contains("\"kent\"");
                assert!(!names, "{} {path} {role:?}: {answer:?}", route.method);
                if path.starts_with(&other) && other != own {
                    assert!(answer.status >= 400, "{} {path} {role:?}: {answer:?}", route.method);
                }
            }
        }
    }
}

#[test]
fn roles_are_granted_what_the_issue_says_and_nothing_else() {
    use Permission::{Administer, AskWho, ReadAudit, SendEvents};
    for role in Role::ALL {
        assert!(role.may(AskWho), "{role:?}");
        assert_eq!(role.may(SendEvents), role == Role::Intake, "{role:?}");
        assert_eq!(role.may(Administer), role == Role::Operator, "{role:?}");
        assert_eq!(role.may(ReadAudit), role == Role::Auditor, "{role:?}");
    }
    // What a shipper asks for before it sends tells no data; a plugin author sees where plugins fault.
    let reads = |role: Role| -> Vec<&str> {
        let is_read =
            |route: &&Route| route.method == "GET" && route.needs.is_some_and(|of| of != SendEvents && role.may(of));
        ROUTES.iter().filter(is_read).map(|route| route.path).collect()
    };
    assert_eq!(reads(Role::Intake), ["/v1/whoami"]);
    assert_eq!(reads(Role::Author), ["/v1/faults", "/v1/whoami"]);
}

/// Other ways to write a path.
fn disguises(path: &str) -> Vec<String> {
    let cut = path.trim_start_matches('/');
    let swapped: String = path
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    vec![
        format!("/{path}"),
        format!("{path}/"),
        format!("{path}//"),
        format!("{path}/."),
        format!("{path}%2f"),
        format!("{path}%00"),
        format!("{path};x"),
        format!("{path}.json"),
        format!("/./{cut}"),
        format!("/%2e/{cut}"),
        format!("/x/..{path}"),
        format!("/x/%2e%2e{path}"),
        format!("/healthz/..{path}"),
        path.replace("/v1/", "/v1//"),
        path.replace("/v1/", "/%76%31/"),
        path.replace("/v1/", "/v2/"),
        swapped,
    ]
}

#[test]
fn a_path_that_is_not_in_the_table_answers_404_or_405_however_it_is_written() {
    let place = Place::new();
    let host = place.start();
    let operator = host.first_token();
    let mut asked = 0;
    for route in ROUTES {
        let path = filled(route.path, "nmc");
        for disguise in disguises(&path).into_iter().filter(|disguise| *disguise != path) {
            let methods: &[&str] = if in_table(&disguise) { &["GET"] } else { &["GET", "POST", "DELETE"] };
            for method in methods {
                asked += 1;
                let token = Some(operator.as_str()).filter(|_| !in_table(&disguise));
                let answer = host.request(method, &disguise, token, "").unwrap();
                let expected: &[u16] = if token.is_none() { &[401, 405, 200] } else { &[404, 405] };
                // What is open to whoever has a code knows no other: it says so as if there were nothing.
                let takes_code = ROUTES
                    .iter()
                    .any(|open| open.needs.is_none() && open.path.contains('{') && fits(open.path, &disguise));
                let is_expected = expected.contains(&answer.status) || (takes_code && answer.status == 404);
                assert!(is_expected, "{method} {disguise}: {answer:?}");
                let is_open = ROUTES.iter().any(|open| open.needs.is_none() && open.path == disguise);
                assert!(answer.status != 200 || is_open, "{method} {disguise}: {answer:?}");
            }
        }
        let of_path: Vec<&str> =
            ROUTES.iter().filter(|other| filled(other.path, "nmc") == path).map(|other| other.method).collect();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
            if of_path.contains(&method) || of_path.iter().any(|of| *of == "HEAD" && method == "GET") {
                continue;
            }
            let shadowed = ROUTES
                .iter()
                .any(|other| other.method == method && other.path != route.path && fits(other.path, &path));
            let answer = host.request(method, &path, Some(&operator), "").unwrap();
            assert!(shadowed || [404, 405].contains(&answer.status), "{method} {path}: {answer:?}");
        }
    }
    assert!(asked > 500, "{asked}");
}

#[test]
fn no_header_and_no_parameter_makes_a_request_another() {
    let place = Place::new();
    let tokens = place.prepare(&["avon"], &[(Role::Auditor, None, FOREVER)]);
    let host = place.start();
    let token = tokens.first().unwrap();
    for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let head = format!("{header}: DELETE\r\nauthorization: Bearer {token}\r\n");
        assert!(raw(&host, &format!("GET /v1/tokens/7 HTTP/1.1\r\nhost: x\r\n{head}")).starts_with("HTTP/1.1 405"));
        assert!(
            raw(&host, &format!("POST /v1/tokens/7?_method=DELETE HTTP/1.1\r\nhost: x\r\n{head}"))
                .starts_with("HTTP/1.1 405")
        );
    }
    let head = format!("x-original-url: /v1/audit\r\nx-rewrite-url: /v1/audit\r\nauthorization: Bearer {token}\r\n");
    assert!(raw(&host, &format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{head}")).ends_with("alive\n"));
    // The token counts where it belongs only, and only whole.
    for head in [
        format!("authorization: bearer  {token}x\r\n"),
        format!("authorization: Basic {token}\r\n"),
        format!("authorization: Bearer {token} {token}\r\n"),
        format!("cookie: token={token}\r\n"),
        format!("x-forwarded-authorization: Bearer {token}\r\n"),
    ] {
        let answer = raw(&host, &format!("GET /v1/whoami?token={token} HTTP/1.1\r\nhost: x\r\n{head}"));
        assert!(answer.starts_with("HTTP/1.1 401"), "{head}: {answer}");
    }
}

fn raw(host: &Host, head: &str) -> String {
    let mut stream = TcpStream::connect(host.address()).unwrap();
    stream.write_all(format!("{head}connection: close\r\ncontent-length: 0\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
