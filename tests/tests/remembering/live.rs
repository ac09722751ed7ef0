//! What lanes remember on the live host: committed with the cursor, apart from other forces, bounded, told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cordon_tests::host::{Host, request};
use serde_json::Value;

use crate::support::{BINARY, PLUGINS, SignIn, cordon, sign_ins, told};

/// A folder with these plugins.
fn plugins(folder: &Path, ids: &[&str]) -> PathBuf {
    let plugins = folder.join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    for id in ids {
        let name = format!("{id}.wasm");
        std::fs::copy(PLUGINS.join(id).join(&name), plugins.join(name)).unwrap();
    }
    plugins
}

fn post(host: &Host, token: &str, lines: &[String]) {
    let answer = host.request("POST", "/v1/events/entra.signin", Some(token), &lines.join("\n")).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// What a force's plugins found, the host's own left out.
fn live(host: &Host, force: &str) -> Vec<String> {
    let found = host.findings(&host.first_token(), force);
    let of_events: Vec<Value> =
        found.into_iter().filter(|finding| finding["event"]["source"] == "entra.signin").collect();
    told(&of_events)
}

/// What `cordon run` finds in the same events, in their order.
fn undisturbed(folder: &Path, force: &str, lines: &[String]) -> Vec<String> {
    std::fs::write(folder.join("all.jsonl"), lines.join("\n")).unwrap();
    let arguments = ["run", "-p", "plugins", "all.jsonl", "--for", force, "--format", "ndjson"];
    told(&cordon(folder).run(&arguments).ends(0).lines())
}

fn lines(events: &[SignIn]) -> Vec<String> {
    events.iter().map(SignIn::line).collect()
}

/// As many kills as `CORDON_TEST_KILLS` says.
#[test]
fn a_kill_at_any_moment_leaves_what_lanes_remember_as_an_undisturbed_run_does() {
    let kills: u64 = std::env::var("CORDON_TEST_KILLS").map_or(4, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let plugins = plugins(folder.path(), &["remembering", "password-spray", "guessed-password"]);
    let data = folder.path().join("data");
    let mut host = Host::start(BINARY, &data, &plugins);
    let token = host.add_force("avon");
    let all = lines(&sign_ins(3, 400 + kills * 100));
    let mut random = fastrand::Rng::with_seed(kills);
    let mut sent = 0;
    for kill in 0..=kills {
        let until = if kill == kills { all.len() } else { all.len() / (kills as usize + 1) * (kill as usize + 1) };
        while sent < until {
            let next = (sent + random.usize(1..30)).min(all.len());
            post(&host, &token, &all[sent..next]);
            sent = next;
        }
        if kill < kills {
            std::thread::sleep(Duration::from_millis(random.u64(0..150)));
            host.kill();
            host = Host::start(BINARY, &data, &plugins);
        }
    }
    host.settle(&host.first_token());
    let (found, expected) = (live(&host, "avon"), undisturbed(folder.path(), "avon", &all));
    assert!(expected.len() > all.len());
    let wrong: Vec<_> = found.iter().zip(&expected).filter(|(found, expected)| found != expected).take(3).collect();
    assert!(wrong.is_empty() && found.len() == expected.len(), "{} {}: {wrong:#?}", found.len(), expected.len());
}

#[test]
fn two_forces_with_the_same_users_and_addresses_do_not_influence_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let plugins = plugins(folder.path(), &["remembering", "password-spray"]);
    let host = Host::start(BINARY, &folder.path().join("data"), &plugins);
    let tokens = ["avon", "kent"].map(|force| host.add_force(force));
    let events = sign_ins(8, 200);
    let [avon, kent]: [Vec<SignIn>; 2] =
        [0, 1].map(|of| events.iter().filter(|event| event.id % 2 == of).cloned().collect());
    for (avon, kent) in lines(&avon).chunks(10).zip(lines(&kent).chunks(10)) {
        post(&host, &tokens[0], avon);
        post(&host, &tokens[1], kent);
    }
    host.settle(&host.first_token());
    assert_eq!(live(&host, "avon"), undisturbed(folder.path(), "avon", &lines(&avon)));
    assert_eq!(live(&host, "kent"), undisturbed(folder.path(), "kent", &lines(&kent)));
}

#[test]
fn two_sources_of_one_lane_share_its_windows_and_lose_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let plugins = plugins(folder.path(), &["remembering"]);
    let host = Host::start(BINARY, &folder.path().join("data"), &plugins);
    let token = host.add_force("avon");
    let events: Vec<SignIn> = (0..40).map(|id| SignIn::new(id, id as i64, "anna", "203.0.113.7")).collect();
    std::thread::scope(|scope| {
        for (source, odd) in [("entra.signin", 0), ("m365.audit", 1)] {
            let (host, token, events) = (&host, &token, &events);
            scope.spawn(move || {
                for event in events.iter().filter(|event| event.id % 2 == odd) {
                    let line = if odd == 1 { event.audit() } else { event.line() };
                    let path = format!("/v1/events/{source}");
                    let answer = host.request("POST", &path, Some(token), &line).unwrap();
                    assert_eq!(answer.status, 200, "{}", answer.body);
                }
            });
        }
    });
    host.settle(&host.first_token());
    let findings = host.findings(&host.first_token(), "avon");
    let answers = findings.iter().filter(|finding| finding["rule"] == "answers");
    let counted: Vec<u32> = answers
        .map(|finding| finding["summary"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap())
        .collect();
    let mut sorted = counted.clone();
    sorted.sort_unstable();
    // Whatever the order between the logs, each event counted one more.
    assert_eq!(sorted, (1..=40).collect::<Vec<u32>>(), "{counted:?}");
}

#[test]
fn an_event_dated_2099_and_one_dated_1970_change_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let plugins = plugins(folder.path(), &["remembering", "password-spray", "guessed-password"]);
    let host = Host::start(BINARY, &folder.path().join("data"), &plugins);
    let token = host.add_force("avon");
    // The last 50 minutes, received now: within the lateness of `remembering`.
    let begin = jiff::Timestamp::now().as_second() - 3_000;
    let at = |second: i64| jiff::Timestamp::from_second(second).unwrap().to_string();
    let events = sign_ins(4, 100);
    let good: Vec<String> =
        events.iter().map(|event| event.line_at(&at(begin + 25 * i64::try_from(event.id).unwrap()))).collect();
    for (number, lines) in good.chunks(5).enumerate() {
        post(&host, &token, lines);
        let odd = |id: u64, time: &str| SignIn::new(10_000 + id, 0, "odd", "192.0.2.99").line_at(time);
        let number = number as u64;
        post(&host, &token, &[odd(number, "2099-01-01T00:00:00Z"), odd(1_000 + number, "1970-01-01T00:00:00Z")]);
    }
    host.settle(&host.first_token());
    let found: Vec<String> = live(&host, "avon").into_iter().filter(|told| !told.contains("odd@")).collect();
    assert_eq!(found, undisturbed(folder.path(), "avon", &good));
}

#[test]
fn a_plugin_that_fills_its_room_loses_its_own_oldest_keys_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let plugins = plugins(folder.path(), &["remembering", "password-spray"]);
    let config = folder.path().join("cordon.toml");
    std::fs::write(&config, "[state]\nkeys = 20\n").unwrap();
    let host = Host::configured(BINARY, &folder.path().join("data"), &plugins, &config);
    let tokens = ["avon", "kent"].map(|force| host.add_force(force));
    // More users than there is room for, few addresses.
    let mut crowd = sign_ins(6, 300);
    for event in &mut crowd {
        event.user = format!("user{}@westmarch.example", event.id % 90);
    }
    post(&host, &tokens[0], &lines(&crowd));
    post(&host, &tokens[1], &lines(&sign_ins(7, 30)));
    host.settle(&host.first_token());
    let of = |told: Vec<String>, plugin: &str| -> Vec<String> {
        let is_its = |told: &String| told.contains("spray") == (plugin == "password-spray");
        told.into_iter().filter(is_its).collect()
    };
    let alone = undisturbed(folder.path(), "avon", &lines(&crowd));
    assert_eq!(of(live(&host, "avon"), "password-spray"), of(alone.clone(), "password-spray"));
    assert_ne!(of(live(&host, "avon"), "remembering"), of(alone, "remembering"), "it lost nothing");
    assert_eq!(live(&host, "kent"), undisturbed(folder.path(), "kent", &lines(&sign_ins(7, 30))));

    let status = host.request("GET", "/v1/status", Some(&host.first_token()), "").unwrap().json();
    let evicted: BTreeMap<(&str, &str), u64> = status["lanes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|lane| lane["source"] == "entra.signin")
        .map(|lane| {
            let [force, plugin] = ["force", "plugin"].map(|name| lane[name].as_str().unwrap());
            ((force, plugin), lane["evicted"].as_u64().unwrap())
        })
        .collect();
    assert!(evicted[&("avon", "remembering")] > 100, "{evicted:?}");
    assert!(evicted.iter().all(|(lane, count)| *lane == ("avon", "remembering") || *count == 0), "{evicted:?}");
    let metrics = request(host.address(), "GET", "/metrics", Some(&host.first_token()), "").unwrap().body;
    let line = "cordon_plugin_forgotten_total{plugin=\"remembering\",force=\"avon\",why=\"room\"}";
    assert!(metrics.contains(line), "{metrics}");
}
