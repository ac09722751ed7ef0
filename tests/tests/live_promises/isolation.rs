//! One force's data in nothing that another can reach.

use cordon::api::ROUTES;
use cordon_tests::host::Host;

use crate::support::{EACH_ROW, Place};

/// Stands in every name, value, source, refused line and key of what avon sends.
const MARK: &str = "mark7f3a";

fn marked() -> Vec<(&'static str, String)> {
    let flat = format!(
        "{{\"Operation\":\"{MARK}\",\"UserId\":\"{MARK}@avon.example\",\"ClientIP\":\"{MARK}\",\"Text\":\"{MARK}\",\"{MARK}\":[{{\"{MARK}\":\"{MARK}\"}}]}}"
    );
    let audit = format!(
        "{{\"CreationTime\":\"2026-01-01T00:00:00\",\"Id\":\"{MARK}\",\"Operation\":\"{MARK}\",\"OrganizationId\":\"{MARK}\",\"RecordType\":1,\"UserKey\":\"{MARK}\",\"UserType\":0,\"UserId\":\"{MARK}\",\"Workload\":\"{MARK}\",\"ClientIP\":\"{MARK}\"}}"
    );
    vec![
        ("/v1/events/custom.test", flat.clone()),
        ("/v1/events/custom.mark7f3a", flat.clone()),
        ("/v1/events/m365.audit", audit),
        ("/v1/events", flat.clone()),
        ("/v1/events/custom.test", format!("{{\"{MARK}\":\"{MARK}")),
        ("/v1/events/custom.test", format!("{flat}\n{{\"{MARK}\": {MARK}}}\n[\"{MARK}\"]")),
        ("/v1/events/mark7f3a", flat),
    ]
}

#[test]
fn nothing_of_a_forces_events_is_in_an_answer_a_log_or_a_metric_of_another() {
    let place = Place::new(&[("each-row", EACH_ROW), ("traps", "unreachable")]);
    let host = place.logged("RUST_LOG=trace; export RUST_LOG", "");
    let avon = host.add_force("avon");
    let _ = host.add_force("kent");
    let operator = host.first_token();
    for (path, body) in marked() {
        host.request("POST", path, Some(&avon), &body).unwrap();
    }
    host.settle(&operator);
    let findings = host.findings(&operator, "avon");
    assert!(findings.iter().any(|finding| finding.to_string().contains(MARK)), "the mark is where it belongs");
    let mut reached = 0;
    for role in ["intake", "force-reader", "force-contact", "force-author"] {
        reached += walk(&host, role, &host.token(role, Some("kent")));
    }
    walk(&host, "author", &host.token("author", None));
    walk(&host, "nobody", "cordon_00");
    assert!(reached > 10, "{reached}");
    // Metrics and the log are the operator's, and hold no force's data either.
    for path in ["/metrics", "/healthz", "/readyz"] {
        let answer = host.request("GET", path, Some(&operator), "").unwrap();
        assert_eq!(answer.status, 200);
        let source = format!("custom.{MARK}");
        assert!(!answer.body.replace(&source, "").contains(MARK), "{path}: {}", answer.body);
    }
    assert_eq!(host.stop(), 0);
    let log = place.log();
    let source = format!("custom.{MARK}");
    assert!(!log.replace(&source, "").contains(MARK), "{log}");
}

/// Asks for everything there is, as this token; how much of it was answered.
fn walk(host: &Host, role: &str, token: &str) -> usize {
    let mut reached = 0;
    for route in ROUTES {
        for asked in [
            "",
            "?for=avon",
            "?for=kent",
            "?for=avno",
            "?force=avon",
            "?source=custom.test&for=avon&limit=1000&after=0",
        ] {
            for name in ["avon", "1", "custom.test"] {
                let mut path = route.path.to_owned();
                while let Some((before, after)) = path.split_once('{') {
                    let rest = after.split_once('}').map_or("", |(_, rest)| rest);
                    path = format!("{before}{name}{rest}");
                }
                // Whoever listens is answered until they go.
                let asked = if path.ends_with("/stream") { "?after=0&seconds=0" } else { asked };
                let answer = host.request(route.method, &format!("{path}{asked}"), Some(token), "").unwrap();
                reached += usize::from(answer.status == 200);
                assert!(!answer.body.contains(MARK), "{role} {} {path}{asked}: {}", route.method, answer.body);
                // Whose events there are, and how many, is data too; an error may repeat the name that was asked for.
                let told = answer.status == 200 && answer.body.contains("avon");
                assert!(!told, "{role} {} {path}{asked}: {}", route.method, answer.body);
                if !route.path.contains('{') {
                    break;
                }
            }
        }
    }
    reached
}
