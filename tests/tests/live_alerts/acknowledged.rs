//! Acknowledging by the link of a message: over real HTTP, and with a thumb on a phone.

use serde_json::Value;

use crate::browser::Browser;
use crate::receiver::Receiver;
use crate::support::Live;

const CONFIG: &str = "[delivery]\npublic-url = \"https://cordon.nmc.example/\"\n";

/// The path of a message's link.
fn path(message: &Value) -> String {
    let link = message["link"].as_str().unwrap();
    assert!(message["text"].as_str().unwrap().contains(link), "{message}");
    link.strip_prefix("https://cordon.nmc.example").unwrap().to_owned()
}

#[test]
fn looking_acknowledges_nothing_the_button_does_once_and_a_link_that_is_none_any_more_says_nothing() {
    let live = Live::configured(CONFIG);
    let (soc, other) = (Receiver::start(200), Receiver::start(200));
    let _ = live.contact_with("soc", &soc, &["--marking", "OFFICIAL"]);
    let _ = live.contact_with("other", &other, &["--level", "reference"]);
    live.post(&["one"]);
    let (soc, other) = (path(&soc.wait(2)[1].json()), path(&other.wait(2)[1].json()));
    assert_ne!(soc, other);
    let ask = |method: &str, path: &str| live.host.request(method, path, None, "").unwrap();
    for _ in 0..2 {
        let page = ask("GET", &soc);
        assert_eq!(page.status, 200);
        for part in ["OFFICIAL", "Rule A", "Next: Nothing.", "<button>I have this</button>", "name=\"viewport\""] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        assert!(!page.body.contains("<script") && !page.body.contains("://"), "{}", page.body);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert_eq!(
            (page.header("cache-control"), page.header("referrer-policy")),
            (Some("no-store"), Some("no-referrer"))
        );
    }
    let little = ask("GET", &other).body;
    assert!(little.contains("avon-1") && !little.contains("Rule A"), "{little}");
    assert_eq!(live.alerts(1)[0]["state"], "new");
    let done = ask("POST", &soc);
    assert!(done.status == 200 && done.body.contains("Done: soc has it since"), "{done:?}");
    let alert = live.alerts(1).remove(0);
    assert_eq!((&alert["state"], &alert["revision"]), (&"acknowledged".into(), &2.into()));
    // It is done, whoever asks how often; and what it was about is shown no more.
    for method in ["POST", "GET"] {
        let again = ask(method, &soc);
        assert!(again.body.contains("Done: soc has it since") && !again.body.contains("Rule A"), "{again:?}");
    }
    for method in ["POST", "GET"] {
        let others = ask(method, &other).body;
        assert!(others.contains("Somebody has it already") && !others.contains("<button"), "{others}");
    }
    assert_eq!(live.alerts(1)[0]["revision"], 2);
    let operator = live.host.operator();
    let shown = operator.run(&["alert", "show", "avon-1"]).ends(0).out;
    assert!(shown.contains("contact:avon/soc for soc: by the link of a message"), "{shown}");
    let auditor = live.folder.path().join("auditor.token");
    std::fs::write(&auditor, live.host.token("auditor", None)).unwrap();
    let audit = live.host.with_token(&auditor).run(&["audit", "list"]).ends(0).out;
    let of = |what: &str| audit.lines().filter(|line| line.contains(what) && line.contains("contact:avon/soc")).count();
    assert_eq!((of("alert-worked"), of("alert-read")), (1, 3), "{audit}");
    // A code that never was, and one whose contact is gone, are the same.
    let none = ask("GET", "/a/00112233445566778899aabbccddeeff");
    let _ = operator.run(&["contact", "remove", "other", "--for", "avon"]).ends(0);
    for (method, path) in [("GET", other.as_str()), ("POST", &other), ("POST", "/a/0"), ("GET", "/a/%ff")] {
        let gone = ask(method, path);
        assert_eq!((gone.status, &gone.body), (404, &none.body), "{method} {path}");
    }
}

#[test]
fn alerts_that_go_out_together_are_taken_by_one_link_one_by_one_or_all_and_by_a_post_only() {
    let live = Live::configured(CONFIG);
    let receiver = Receiver::start(200);
    let _ = live.contact_with("soc", &receiver, &["--hourly", "1"]);
    let before = receiver.all().len();
    live.post(&["one", "two", "three", "four"]);
    let _ = live.alerts(4);
    // The first may have gone by itself, before the others were there.
    let digest = || receiver.all().into_iter().skip(before).map(|got| got.json()).find(|said| said["kind"] == "digest");
    let said = crate::channels::wait("a message of several", digest);
    let of: Vec<String> =
        said["alerts"].as_array().unwrap().iter().map(|one| one["reference"].as_str().unwrap().to_owned()).collect();
    assert!(of.len() >= 2, "{said}");
    let path = path(&said);
    let ask = |method: &str, body: &str| live.host.request(method, &path, None, body).unwrap();
    let states = || -> Vec<String> {
        let state = |reference: &String| {
            live.get(&format!("/v1/alerts/{reference}"))["alert"]["state"].as_str().unwrap().to_owned()
        };
        of.iter().map(state).collect()
    };
    let page = ask("GET", "");
    assert_eq!(page.status, 200);
    assert_eq!(page.body.matches("<button").count(), of.len() + 1, "{}", page.body);
    assert!(of.iter().all(|one| page.body.contains(&format!("<h2>{one}</h2>"))), "{}", page.body);
    let _ = ask("POST", "alert=avon-999");
    assert!(states().iter().all(|state| state == "new"));
    let one = ask("POST", &format!("alert={}", of[0])).body;
    assert!(one.contains("Done: soc has it since"), "{one}");
    let (first, rest) = (states().remove(0), states().split_off(1));
    assert!(first == "acknowledged" && rest.iter().all(|state| state == "new"), "{rest:?}");
    let all = ask("POST", "").body;
    assert_eq!((all.matches("Done: soc has it since").count(), all.contains("<button")), (of.len(), false), "{all}");
    assert!(states().iter().all(|state| state == "acknowledged") && !all.contains("Rule A"), "{all}");
}

#[test]
fn on_a_phone_the_page_fits_and_a_tap_acknowledges_without_any_script() {
    let Some(mut browser) = Browser::start() else { return };
    let live = Live::configured(CONFIG);
    let receiver = Receiver::start(200);
    let _ = live.contact_with("soc", &receiver, &["--marking", "OFFICIAL-SENSITIVE"]);
    live.post(&[&"long-word-".repeat(40)]);
    let path = path(&receiver.wait(2)[1].json());
    browser.phone(390, 844);
    browser.open(&format!("{}{path}", live.host.url()));
    assert!(browser.text().contains("OFFICIAL-SENSITIVE"), "{}", browser.text());
    assert!(browser.width() <= 390.0, "nobody has to scroll sideways");
    let [left, top, right, bottom] = browser.place("button");
    assert!(right - left > 300.0 && bottom - top >= 44.0 && bottom < 844.0, "a thumb meets it, without scrolling");
    if let Some(folder) = std::env::var_os("CORDON_TEST_SCREENSHOTS") {
        browser.screenshot(&std::path::Path::new(&folder).join("acknowledge.png"));
    }
    browser.tap((left + right) / 2.0, (top + bottom) / 2.0);
    browser.wait("Done: soc has it since");
    assert_eq!(live.alerts(1)[0]["state"], "acknowledged");
}
