//! What becomes no alert, and who does not see one.

use std::fs;

use cordon_tests::cli::Cordon;

use crate::sigma;
use crate::support::Live;

fn as_role(live: &Live, role: &str, more: &[&str]) -> Cordon {
    let file = live.folder.path().join(format!("{role}{}.token", more.len()));
    let out = file.to_str().unwrap().to_owned();
    let create = [&["token", "create", "--role", role, "--out", &out], more].concat();
    let _ = live.host.operator().run(&create).ends(0);
    live.host.with_token(&file)
}

#[test]
fn an_exception_hides_alerts_until_it_ends_never_findings_and_reports_what_it_hid() {
    let mut live = Live::start();
    let operator = live.host.operator();
    let add = |more: &[&str]| {
        let given =
            ["exception", "add", "first", "--for", "avon", "--plugin", "guest", "--owner", "SOC", "--reason", "known"];
        operator.run(&[&given, more].concat())
    };
    // Without an end, or without anything that it is about.
    let said = add(&["--rule", "rule-a"]).ends(2).err;
    assert!(said.contains("--expires"), "{said}");
    let said = add(&["--expires", "1d"]).ends(2).err;
    assert!(said.contains("it would hide all that the plugin finds"), "{said}");
    let said = add(&["--expires", "1d", "--when", "key=*"]).ends(2).err;
    assert!(said.contains("`key=*` is always so"), "{said}");
    let said = add(&["--expires", "900d", "--when", "key=first"]).ends(2).err;
    assert!(said.contains("at most 366 days"), "{said}");
    let _ = add(&["--expires", "1d", "--when", "key=FIR*"]).ends(0);
    let _ = add(&["--expires", "1d", "--when", "key=first"]).ends(2);
    live.post(&["first", "second", "first"]);
    assert_eq!(live.alerts(1)[0]["key"], "second");
    live.kill();
    live.post(&["first", "third"]);
    let keys = |live: &Live, count| {
        let mut keys: Vec<String> =
            live.alerts(count).iter().map(|alert| alert["key"].as_str().unwrap().to_owned()).collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&live, 2), ["second", "third"]);
    let findings = live.host.findings(&live.host.first_token(), "avon");
    assert_eq!(findings.iter().filter(|finding| finding["plugin"]["id"] == "guest").count(), 5);
    let operator = live.host.operator();
    let said = operator.run(&["exception", "report", "--for", "avon"]).ends(0).out;
    assert!(said.contains("hid 3 findings") && said.matches("Rule A").count() == 3, "{said}");
    let _ = live.host.add_force("kent");
    let kent = as_role(&live, "force-contact", &["--for", "kent"]);
    assert!(kent.run(&["exception", "report"]).ends(0).out.starts_with("0 exceptions"));
    let _ = kent.run(&["exception", "expire", "first"]).ends(2);
    let _ = operator.run(&["exception", "expire", "first", "--for", "avon"]).ends(0);
    let _ = operator.run(&["exception", "expire", "first", "--for", "avon"]).ends(2);
    live.post(&["first"]);
    assert_eq!(keys(&live, 3), ["first", "second", "third"]);
}

#[test]
fn whom_an_alert_is_about_neither_sees_nor_ends_nor_excepts_it() {
    let live = Live::with(sigma::rules);
    sigma::post(&live, &["New-InboxRule"], "Harper@avon.example", "192.0.2.1");
    let alert = live.alerts_of("sigma-rules", 1).remove(0);
    let reference = alert["reference"].as_str().unwrap();
    let harper = as_role(&live, "force-contact", &["--for", "avon", "--own", "harper@avon.example"]);
    let other = as_role(&live, "force-contact", &["--for", "avon"]);
    let (incident, finding) = (format!("avon-i{}", alert["number"]), alert["findings"][0].as_str().unwrap());
    let except = [
        "exception",
        "add",
        "x",
        "--plugin",
        "sigma",
        "--when",
        "entity.user=h*@avon.example",
        "--owner",
        "h",
        "--reason",
        "r",
        "--expires",
        "1d",
    ];
    let refused: [&[&str]; 6] = [
        &["alert", "show", reference],
        &["alert", "ack", reference],
        &["alert", "resolve", reference, "--verdict", "benign"],
        &["incident", "show", &incident],
        &["incident", "risk", "HARPER@avon.example"],
        &except,
    ];
    for arguments in refused {
        let _ = harper.run(arguments).ends(2);
    }
    assert!(harper.run(&["alert", "list", "--state", "all"]).ends(0).out.starts_with("0 alerts"));
    let token = fs::read_to_string(live.folder.path().join("force-contact4.token")).unwrap();
    let seen = live.host.request("GET", "/v1/findings", Some(token.trim()), "").unwrap().json();
    assert!(
        !seen["findings"].as_array().unwrap().iter().any(|finding| finding["plugin"]["id"] == "sigma-rules"),
        "{seen}"
    );
    let path = format!("/v1/findings/{finding}/evidence");
    assert_eq!(live.host.request("GET", &path, Some(token.trim()), "").unwrap().status, 404);
    // Others of the force do.
    let _ = other.run(&["alert", "show", reference]).ends(0);
    let _ = other.run(&except).ends(0);
    let _ = other.run(&["alert", "ack", reference]).ends(0);
    assert!(!harper.run(&["exception", "list"]).ends(0).out.contains("h*@"));
    // In whatever spelling an account, a mailbox or a number of theirs stands in it.
    let kinds = [
        ("jo@avon.example", "JO+list@avon.example"),
        ("jo.bloggs@avon.example", "SMTP:Jo.Bloggs@avon.example"),
        ("07700 900123", "tel:+44-7700-900123"),
    ];
    let all: Vec<&str> = kinds.iter().flat_map(|(own, _)| ["--own", own]).collect();
    let jo = as_role(&live, "force-contact", &[&["--for", "avon"], &all[..]].concat());
    let mut known = 1;
    for (_, value) in kinds {
        sigma::post(&live, &["New-InboxRule"], value, "192.0.2.77");
        known += 1;
        let alerts = live.alerts_of("sigma-rules", known);
        let alert = alerts.iter().find(|alert| alert["entities"].to_string().contains(value)).unwrap();
        let reference = alert["reference"].as_str().unwrap();
        let _ = other.run(&["alert", "show", reference]).ends(0);
        for act in ["show", "ack", "note", "start", "contain"] {
            let _ = jo.run(&["alert", act, reference]).ends(2);
        }
        let _ = jo.run(&["alert", "resolve", reference, "--verdict", "benign"]).ends(2);
        let about = format!("entity.user={value}");
        let except = ["exception", "add", "y", "--plugin", "sigma-rules", "--when", &about];
        let refused =
            jo.run(&[&except[..], &["--owner", "jo", "--reason", "r", "--expires", "1d"]].concat()).ends(2).err;
        assert!(refused.contains("account of your own"), "{refused}");
    }
    assert!(jo.run(&["alert", "list", "--state", "all"]).ends(0).out.contains("1 alert"), "of another only");
    // One of theirs of a whole rule hides what is about others, and nothing about them.
    let whole = ["exception", "add", "z", "--plugin", "sigma-rules", "--rule"];
    let rule = live.alerts_of("sigma-rules", known)[0]["rule"].as_str().unwrap().to_owned();
    let rest = ["--owner", "jo", "--reason", "r", "--expires", "1d"];
    let _ = jo.run(&[&whole[..], &[&rule], &rest].concat()).ends(0);
    sigma::post(&live, &["New-InboxRule"], "kim@avon.example", "192.0.2.78");
    sigma::post(&live, &["New-InboxRule"], "jo@avon.example", "192.0.2.79");
    let alerts = live.alerts_of("sigma-rules", known + 1);
    assert!(!alerts.iter().any(|alert| alert["entities"].to_string().contains("kim@")), "{alerts:?}");
    // What one hid that is about them is not shown to them, and no window of theirs quiets it.
    let hide =
        ["exception", "add", "w", "--for", "avon", "--plugin", "sigma-rules", "--when", "entity.user=*@avon.example"];
    let _ =
        live.host.operator().run(&[&hide[..], &["--owner", "n", "--reason", "r", "--expires", "1d"]].concat()).ends(0);
    sigma::post(&live, &["New-InboxRule"], "jo@avon.example", "192.0.2.80");
    let hid = |as_whom: &Cordon| {
        let said = as_whom.run(&["exception", "report", "--format", "json"]).ends(0).out;
        let report: serde_json::Value = serde_json::from_str(&said).unwrap();
        let of = report["exceptions"].as_array().unwrap().iter().find(|one| one["exception"]["id"] == "w").cloned();
        of.map_or(0, |of| of["hid"]["samples"].as_array().map_or(0, Vec::len))
    };
    for _ in 0..500 {
        if hid(&other) > 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!((hid(&other), hid(&jo)), (1, 0));
    let _ = live.host.operator().run(&["exception", "expire", "w", "--for", "avon"]).ends(0);
    let _ = jo.run(&["exception", "expire", "z"]).ends(0);
    let _ = jo.run(&["maintenance", "add", "quiet", "--reason", "r", "--lasts", "1h", "--pages", "critical"]).ends(0);
    for (user, quiet) in [("jo@avon.example", false), ("lee@avon.example", true)] {
        sigma::post(&live, &["Consent to application."], user, "192.0.2.81");
        known = live.alerts_of("sigma-rules", known + 1).len();
        let alerts = live.alerts_of("sigma-rules", known);
        assert_eq!(alerts.last().unwrap()["maintenance"].is_string(), quiet, "{user}: {alerts:?}");
    }
}
