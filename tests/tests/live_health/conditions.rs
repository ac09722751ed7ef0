//! Tokens that end, disks that fill, events that wait: each is told, and the command that puts it right is at hand.

use std::process::Command;

use cordon_tests::clock::Clock;

use super::{BINARY, Place, event, health_findings, post, status, until, word};

const DAY: i64 = 86_400;

#[test]
fn a_token_is_told_of_30_days_7_days_and_a_day_before_its_end() {
    let place = Place::new();
    let Some(clock) = Clock::new(place.folder.path()) else { return };
    let mut command = Command::new(BINARY);
    command.envs(clock.environment());
    let host = place.host_by(command, "");
    let long = place.folder.path().join("operator");
    let made = host.operator().run(&["token", "create", "--role", "operator", "--expires", "300d"]).ends(0);
    std::fs::write(&long, made.out).unwrap();
    let operator = std::fs::read_to_string(&long).unwrap().trim().to_owned();
    let _ = host.operator().run(&["force", "add", "avon"]).ends(0);
    let made = host.operator().run(&["token", "create", "--role", "intake", "--for", "avon", "--expires", "40d"]);
    let _ = made.ends(0);
    let told = || {
        let all = health_findings(&host, &operator, "avon");
        all.iter().filter(|(rule, _)| rule == "token-expiring").count()
    };
    for (times, days) in [(1, 11), (2, 34), (3, 39)] {
        assert_eq!(told(), times - 1, "before day {days}");
        clock.set(days * DAY + 3_600);
        until("it is told of", || (told() == times).then_some(()));
    }
    assert!(status(&host, &operator, "")["red"].as_bool().unwrap(), "a day before its end it is red");
}

#[test]
fn what_a_week_of_events_taught_is_suggested_as_the_longest_quiet_time() {
    let place = Place::new();
    let Some(clock) = Clock::new(place.folder.path()) else { return };
    let mut command = Command::new(BINARY);
    command.envs(clock.environment());
    let host = place.host_by(command, "");
    let made = host.operator().run(&["token", "create", "--role", "operator", "--expires", "300d"]).ends(0);
    let operator = made.out.trim().to_owned();
    let _ = host.operator().run(&["force", "add", "avon", "--expects", "custom.test"]).ends(0);
    let made = host.operator().run(&["token", "create", "--role", "intake", "--for", "avon", "--expires", "300d"]);
    let intake = made.ends(0).out.trim().to_owned();
    let suggested = || {
        let now = status(&host, &operator, "?for=avon");
        let source = now["forces"][0]["sources"].as_array().and_then(|all| all.first().cloned()).unwrap_or_default();
        (source["suggested_minutes"].as_u64(), word(&source, "source").to_owned())
    };
    for day in 0..9 {
        assert_eq!(suggested().0, None, "nothing is suggested on day {day}");
        clock.set(day * DAY);
        post(&host, &intake, "custom.test", &[event(u64::try_from(day).unwrap())]);
        std::thread::sleep(std::time::Duration::from_millis(1_300));
        if suggested().0.is_some() {
            assert!(day >= 7, "{day}");
            break;
        }
    }
    // A day and half of one.
    assert_eq!(suggested(), (Some(37 * 60), "custom.test".to_owned()));
}

#[test]
fn a_disk_near_its_floor_is_told_before_events_are_refused() {
    let place = Place::new();
    let about = rustix::fs::statvfs(place.folder.path()).unwrap();
    let free_mib = (about.f_bavail * about.f_frsize) >> 20;
    let host = place.host(&format!("[journal]\ndisk-floor-mib = {}", free_mib / 100 * 95));
    let (intake, operator) = (host.add_force("avon"), host.first_token());
    post(&host, &intake, "custom.test", &[event(1)]);
    let told = ("disk-low".to_owned(), "disk-low".to_owned());
    until("it is told", || health_findings(&host, &operator, "nmc").contains(&told).then_some(()));
    let said = host.operator().run(&["status"]).ends(1);
    assert!(said.out.contains("disk"), "{}", said.out);
}

#[test]
fn events_that_wait_longer_than_the_bound_are_told_with_force_and_plugin() {
    let place = Place::new();
    // For ever: each try ends out of time.
    place.plugin("slow", "custom.test", "(loop $on (br $on))");
    let host = place.host("lag-seconds = 1\n[retry]\npause-ms = 60000");
    let (intake, operator) = (host.add_force("avon"), host.first_token());
    post(&host, &intake, "custom.test", &[event(1)]);
    let told = ("lag-high".to_owned(), "lag-high/avon/slow".to_owned());
    until("the NMC is told", || health_findings(&host, &operator, "nmc").contains(&told).then_some(()));
    let reader = host.token("force-reader", Some("avon"));
    until("the force is told", || health_findings(&host, &reader, "avon").contains(&told).then_some(()));
}
