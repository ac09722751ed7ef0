//! What every channel carries, and to whom never.

use super::sink::Sink;
use super::*;
use crate::alerts::{Alert, Evidence, sample};
use crate::ids::Digest;
use crate::model::Entity;

/// Contacts of every channel, all with the same accounts of their own, and a witness with none.
struct All {
    delivery: Delivery,
    webhook: Sink,
    teams: Sink,
    ocsf: Sink,
    email: Sink,
    syslog: Sink,
    folder: tempfile::TempDir,
}

const OWN: [&str; 4] = ["jo@avon.example", "jo.bloggs@avon.example", "07700 900123", "AVON\\jo"];

impl All {
    fn start(level: &str, now: fn() -> i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let email = Sink::smtp();
        let delivery = started_with(&folder.path().join("data"), Some(relay(email.port)), now);
        let (webhook, teams, ocsf, syslog) = (Sink::http(), Sink::http(), Sink::http(), Sink::syslog());
        let all = Self { delivery, webhook, teams, ocsf, email, syslog, folder };
        let url = |sink: &Sink| json!(format!("http://127.0.0.1:{}/", sink.port));
        all.add("webhook", level, &OWN, url(&all.webhook));
        all.add("teams", level, &OWN, url(&all.teams));
        all.add("ocsf", level, &OWN, url(&all.ocsf));
        all.add("syslog", level, &OWN, json!(format!("tcp://127.0.0.1:{}", all.syslog.port)));
        all.add("email", level, &OWN, json!("jo@avon.example"));
        all.add("file", level, &OWN, json!(all.folder.path().join("file.ndjson")));
        all
    }

    fn add(&self, id: &str, level: &str, own: &[&str], to: Value) {
        add(&self.delivery, id, level, own, to);
    }

    /// What each channel was sent.
    fn got(&self) -> Vec<(&'static str, Vec<String>)> {
        let file = std::fs::read_to_string(self.folder.path().join("file.ndjson")).unwrap_or_default();
        vec![
            ("webhook", self.webhook.got()),
            ("teams", self.teams.got()),
            ("ocsf", self.ocsf.got()),
            ("email", self.email.got()),
            ("syslog", self.syslog.got()),
            ("file", file.lines().map(str::to_owned).collect()),
        ]
    }

    /// What each was sent, once each has so much.
    fn wait(&self, count: usize) -> Vec<(&'static str, Vec<String>)> {
        let begun = Instant::now();
        loop {
            let got = self.got();
            if got.iter().all(|(_, got)| got.len() >= count) {
                return got;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{got:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn make(&self, alert: &Alert) {
        made(&self.delivery.shared.store, alert);
    }
}

fn relay(port: u16) -> Mail {
    let (relay, from) = ("127.0.0.1".into(), "alerts@nmc.example".into());
    Mail { relay, port, tls: MailTls::None, from, login: None, authority: None }
}

/// A contact that has confirmed, by the channel of its name: now, so that no weekly note of before is due.
fn add(delivery: &Delivery, id: &str, level: &str, own: &[&str], to: Value) {
    let kind = if id == "witness" { "file" } else { id };
    let mut new = json!({ "id": id, "for": "avon", "name": id, "severity": "low", "own": own, "level": level, "marking": "OFFICIAL" });
    new[kind] = to;
    let contact = delivery.add(serde_json::from_value(new).unwrap(), act).unwrap();
    let mut contacts = delivery.shared.contacts();
    contacts.get_mut(&contact.key()).unwrap().confirmed = Some((delivery.shared.now)());
}

fn july() -> i64 {
    "2026-07-03T02:10:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

/// With everything that an alert may say.
fn whole() -> Alert {
    let (source, time, sha256) = ("m365.audit".into(), "2026-07-03T02:05:00Z".into(), Digest([0xab; 32]));
    Alert {
        title: "A mailbox forwards outside".into(),
        summary: "The mailbox of kim forwards to mail.example".into(),
        entities: vec![Entity { kind: "mailbox".into(), value: "kim@avon.example".into() }],
        attack: vec!["T1114.003".into()],
        next_steps: vec!["Remove the rule".into()],
        false_positives: vec!["Leave that was agreed".into()],
        evidence: vec![Evidence { source, time, sha256, fields: "{\"Operation\":\"New-InboxRule\"}".into() }],
        count: 3,
        first_seen: july() - 600_000_000,
        last_seen: july() - 300_000_000,
        ..sample(1)
    }
}

#[test]
fn every_channel_says_what_whom_when_how_often_how_sure_what_to_do_by_when_and_whom_to_call() {
    let all = All::start("full", july);
    all.make(&whole());
    for (channel, got) in all.wait(1) {
        let said = &got[0];
        for part in [
            "OFFICIAL",
            "avon-1",
            "A mailbox forwards outside",
            "The mailbox of kim forwards to mail.example",
            "kim@avon.example",
            "T1114.003",
            "Email Forwarding Rule",
            &"ab".repeat(32),
            "New-InboxRule",
            "Remove the rule",
            // July: the force's clock is an hour ahead. The deadline is 30 minutes.
            "Acknowledge it by 2026-07-03 03:40 BST (02:40 UTC)",
            "Leave that was agreed",
            "NMC desk, 0300 555 0100",
            "https://h/a/",
        ] {
            assert!(said.contains(part), "{channel}: {part}: {said}");
        }
        // What is ours and not theirs: `tests/tests/catalogue.rs` says the same of the plugins' own text.
        if channel == "syslog" || channel == "email" {
            let ours = ["finding", "plugin", "cursor", " trap", "shadow", " lane"];
            assert!(!ours.iter().any(|word| said.to_lowercase().contains(word)), "{channel}: {said}");
        }
        let (times, sure) = match channel {
            "ocsf" => (format!("\"last_seen_time\":{}", (july() - 300_000_000) / 1_000), "\"confidence\":\"High\""),
            _ => (
                "Seen 3 times, first at 2026-07-03 03:00 BST (02:00 UTC), last at 2026-07-03 03:05 BST (02:05 UTC)"
                    .to_owned(),
                "confidence high",
            ),
        };
        assert!(said.contains(&times) && said.contains(sure), "{channel}: {said}");
    }
    let waits = all.delivery.waiting(None).unwrap();
    assert!(waits.iter().all(|waits| !waits.dead), "{waits:?}");
}

#[test]
fn at_the_level_reference_every_channel_says_by_when_and_whom_to_call_and_nothing_of_what_happened() {
    let all = All::start("reference", july);
    all.make(&whole());
    for (channel, got) in all.wait(1) {
        let said = &got[0];
        for part in ["avon-1", "Acknowledge it by 2026-07-03 03:40 BST", "NMC desk, 0300 555 0100", "https://h/a/"] {
            assert!(said.contains(part), "{channel}: {part}: {said}");
        }
        for part in ["forwards", "kim", "T1114", "Remove", "Leave", "New-InboxRule", "confidence"] {
            assert!(!said.contains(part), "{channel}: {part}: {said}");
        }
    }
}

#[test]
fn no_channel_tells_a_contact_of_their_own_account_mailbox_or_number_in_any_spelling() {
    let all = All::start("full", july);
    all.add("witness", "full", &[], json!(all.folder.path().join("witness.ndjson")));
    let subjects = [
        ("user", "jo@avon.example"),
        ("user", "JO@AVON.EXAMPLE"),
        ("user", "i:0#.f|membership|jo@avon.example"),
        ("user", "avon\\Jo"),
        ("user", "jo_avon.example#EXT#@other.example"),
        ("mailbox", "Jo Bloggs <Jo.Bloggs@avon.example>"),
        ("mailbox", "smtp:jo+list@avon.example"),
        ("phone", "+447700900123"),
        ("phone", "tel:+44-7700-900123"),
        ("phone", "0044 (0)7700 900 123"),
    ];
    for (at, (kind, value)) in subjects.iter().enumerate() {
        let number = at as u64 + 1;
        let mut entities = whole().entities;
        entities.push(Entity { kind: (*kind).into(), value: (*value).into() });
        all.make(&Alert { entities, number, reference: format!("avon-{number}"), ..whole() });
    }
    // Others hear of each; then one that is about nobody of them reaches every channel.
    let begun = Instant::now();
    let lines = || std::fs::read_to_string(all.folder.path().join("witness.ndjson")).unwrap_or_default();
    while lines().lines().count() < subjects.len() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", lines());
        std::thread::sleep(Duration::from_millis(10));
    }
    all.make(&Alert { number: 50, reference: "avon-50".into(), ..whole() });
    for (channel, got) in all.wait(1) {
        assert!(got.len() == 1 && got[0].contains("avon-50"), "{channel}: {got:?}");
    }
    // What of them becomes of an alert, they do not hear either.
    let entities = vec![Entity { kind: "user".into(), value: OWN[0].into() }];
    let resolved = Alert { number: 50, reference: "avon-50".into(), entities, ..whole() };
    changed(&all.delivery.shared.store, &resolved, 2, "resolved");
    std::thread::sleep(Duration::from_millis(400));
    assert!(all.got().iter().all(|(_, got)| got.len() == 1), "{:?}", all.got());
}

#[test]
fn text_of_attackers_is_harmless_on_every_channel_and_no_message_holds_a_secret() {
    let all = All::start("full", july);
    let hostile = "a\r\nBcc: x@evil.example\r\n\r\n</p><script>alert(1)</script> https://evil.example www.evil.example \u{202e}\u{0}\u{7}]\"é";
    let text = || hostile.to_owned();
    let mut alert = Alert { title: text(), summary: text(), key: text(), next_steps: vec![text()], ..whole() };
    alert.entities = vec![Entity { kind: "user".into(), value: text() }];
    alert.false_positives = vec![text()];
    alert.evidence[0].fields = json!({ "field": hostile }).to_string();
    all.make(&alert);
    let keys: Vec<String> = all
        .delivery
        .contacts(None)
        .into_iter()
        .filter_map(|contact| match contact.channel {
            Channel::Webhook { key, .. } | Channel::Ocsf { key, .. } => Some(key),
            _ => None,
        })
        .collect();
    assert_eq!(keys.len(), 2);
    for (channel, got) in all.wait(1) {
        let said = &got[0];
        assert!(keys.iter().all(|key| !said.contains(key)), "{channel}: {said}");
        assert!(!said.chars().any(|c| c.is_control() && c != '\n' && c != '\r'), "{channel}: {said:?}");
        // What people read; what machines get beside it are texts as they are, within JSON.
        let read = match channel {
            "webhook" | "file" => {
                let said: Value = serde_json::from_str(said).unwrap();
                format!("{}\n{}", said["subject"].as_str().unwrap(), said["text"].as_str().unwrap())
            }
            "ocsf" => {
                let _: Value = serde_json::from_str(said).unwrap();
                continue;
            }
            _ => said.clone(),
        };
        assert!(!read.contains("//evil") || read.contains("[:]//evil"), "{channel}: {read}");
        assert!(
            !read.contains("://evil") && !read.contains("www.evil") && !read.contains('\u{202e}'),
            "{channel}: {read}"
        );
        let headers = read.split("\r\n\r\n").next().unwrap();
        assert!(channel != "email" || !headers.lines().any(|line| line.starts_with("Bcc")), "{headers}");
        let html = read.find("<!DOCTYPE").map_or("", |at| &read[at..]);
        assert!(!html.contains("<script"), "{channel}: {html}");
        assert!(channel != "syslog" || !said.contains('\n'), "{said}");
    }
}

#[test]
fn what_is_too_large_for_a_receiver_goes_without_its_events_under_the_same_key_and_what_still_is_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let delivery = started(&folder.path().join("data"), july);
    let (webhook, ocsf, never) = (Sink::http_up_to(6_000), Sink::http_up_to(6_000), Sink::http_up_to(10));
    for (id, sink) in [("webhook", &webhook), ("ocsf", &ocsf), ("teams", &never)] {
        add(&delivery, id, "full", &[], json!(format!("http://127.0.0.1:{}/", sink.port)));
    }
    let mut alert = whole();
    alert.evidence =
        vec![Evidence { fields: format!("{{\"a\":\"{}\"}}", "x".repeat(4_000)), ..alert.evidence[0].clone() }; 3];
    made(&delivery.shared.store, &alert);
    let begun = Instant::now();
    while [&webhook, &ocsf, &never].iter().any(|sink| sink.got().len() < 2) {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(10));
    }
    let parsed =
        |sink: &Sink| sink.got().iter().map(|text| serde_json::from_str(text).unwrap()).collect::<Vec<Value>>();
    let (webhook, ocsf) = (parsed(&webhook), parsed(&ocsf));
    assert_eq!((&webhook[0]["id"], &webhook[1]["shortened"]), (&webhook[1]["id"], &true.into()));
    let text = webhook[1]["text"].as_str().unwrap();
    for part in ["A mailbox forwards outside", "Remove the rule", "NMC desk", "https://h/a/", "are left out here"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("xxxx") && webhook[1].get("evidence").is_none(), "{text}");
    assert_eq!(
        (&ocsf[0]["metadata"]["uid"], &ocsf[1]["metadata"]["is_truncated"]),
        (&ocsf[1]["metadata"]["uid"], &true.into())
    );
    std::thread::sleep(Duration::from_millis(300));
    let waits = delivery.waiting(None).unwrap();
    let dead: Vec<&str> = waits.iter().filter(|waits| waits.dead).map(|waits| waits.message.why.as_str()).collect();
    assert_eq!(dead, ["it answered 413, also without the events of the message"], "{waits:?}");
}

#[test]
fn a_relay_that_refuses_for_now_is_asked_again_and_one_that_refuses_for_good_is_not() {
    for (answer, dead) in [("450 busy", false), ("550 nobody of that name", true)] {
        let folder = tempfile::tempdir().unwrap();
        let sink = Sink::smtp_answering(answer);
        let delivery = started_with(&folder.path().join("data"), Some(relay(sink.port)), july);
        add(&delivery, "email", "full", &[], json!("lee@avon.example"));
        made(&delivery.shared.store, &whole());
        let begun = Instant::now();
        let waits = loop {
            let waits = delivery.waiting(None).unwrap();
            if waits.iter().any(|waits| !waits.message.why.is_empty()) {
                break waits;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{waits:?}");
            std::thread::sleep(Duration::from_millis(10));
        };
        assert!(waits[0].dead == dead && waits[0].message.why.contains(&answer[..3]), "{waits:?}");
    }
}

#[test]
fn a_contact_has_one_channel_and_what_is_no_address_of_it_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let delivery = started(&folder.path().join("data"), july);
    for (channel, says) in [
        (json!({}), "give one of `webhook`"),
        (json!({ "webhook": "https://x/", "email": "x@y.example" }), "give one of `webhook`"),
        (json!({ "webhook": "http://soc.example/" }), "webhook: give an address that begins with https://"),
        (json!({ "teams": "x" }), "teams: "),
        (json!({ "email": "x\r\nBcc: y@z" }), "email: `x\\r\\nBcc"),
        (json!({ "syslog": "udp://x:514" }), "tls://HOST:PORT"),
        (json!({ "file": "relative" }), "file: relative is not absolute"),
        (json!({ "webhook": "https://x/", "ocsf-version": "1.1.0" }), "ocsf-version: only"),
        (json!({ "file": "/x", "call": "07700\n900123" }), "call: at most"),
    ] {
        let mut new = json!({ "id": "x", "for": "avon", "name": "x", "severity": "low" });
        new.as_object_mut().unwrap().extend(channel.as_object().unwrap().clone());
        let refused = delivery.add(serde_json::from_value(new).unwrap(), act).unwrap_err().to_string();
        assert!(refused.contains(says), "{channel}: {refused}");
    }
    assert_eq!(delivery.contacts(None).len(), 0);
}
