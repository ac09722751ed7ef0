//! Lists of alerts and searches in them, by how many there are: in one force, of one plugin, each about one of a thousand users.
//!
//! 100,000 by itself; `CORDON_BENCH_ALERTS=1000000` takes half an hour and some 10 GB of disk.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::host::{Folder, Host};
use crate::http::Connection;
use crate::load::Events;
use crate::paced::percentile;
use crate::support::plugins::{self, GUEST};

const USERS: usize = 1_000;
/// Of one question.
const TIMES: usize = 100;
/// Events of a post.
const ROWS: usize = 1_000;

/// What is asked, and how: `{middle}` stands for the number in the middle, `{name}` for one of an alert there.
const QUESTIONS: [(&str, &str); 6] = [
    ("the first page of 100", "/v1/alerts?for={force}&limit=100"),
    ("a page of 100 in the middle", "/v1/alerts?for={force}&limit=100&after={middle}"),
    ("about one of a thousand users", "/v1/alerts?for={force}&limit=100&entity=user-7@x.example"),
    ("about nobody", "/v1/alerts?for={force}&limit=100&entity=nobody@x.example"),
    ("of a severity that none has", "/v1/alerts?for={force}&limit=100&severity=critical"),
    ("one alert", "/v1/alerts/{force}-{middle}"),
];

pub fn run(_: &Events) {
    let most: usize = std::env::var("CORDON_BENCH_ALERTS").map_or(100_000, |text| text.parse().unwrap());
    let host = Host::start(Folder::new(&plugins::build(&[GUEST])).configured("[alerts]\nrule-hourly = 1000000\n"));
    let (force, token) = host.forces(1).remove(0);
    let mut operator = host.operator();
    println!("| alerts | question | p50, ms | p99, ms | resident, MiB | alerts made in, s |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let (mut sent, begun) = (0, Instant::now());
    for count in [most / 100, most / 10, most] {
        // The host closes a connection on which nothing came while questions were asked.
        let mut sender = host.sender(&token);
        while sent < count {
            sender.post(&events(sent));
            sent += ROWS;
        }
        while number(&mut operator, &force, sent) == 0 {
            std::thread::sleep(Duration::from_millis(200));
        }
        let made = begun.elapsed().as_secs();
        for (what, path) in QUESTIONS {
            let path = path.replace("{force}", &force).replace("{middle}", &(sent / 2).to_string());
            let mut times: Vec<Duration> = (0..TIMES)
                .map(|_| {
                    let asked = Instant::now();
                    let _ = operator.json("GET", &path, &Value::Null);
                    asked.elapsed()
                })
                .collect();
            let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
            println!("| {sent} | {what} | {p50:.2} | {p99:.2} | {} | {made} |", host.process().memory().0);
        }
    }
}

/// The number of the alert at or behind this one; 0 where there is none.
fn number(operator: &mut Connection, force: &str, at: usize) -> u64 {
    let page = operator.json("GET", &format!("/v1/alerts?for={force}&limit=1&after={}", at - 1), &Value::Null);
    page["alerts"][0]["number"].as_u64().unwrap_or(0)
}

fn events(first: usize) -> Vec<u8> {
    let event = |number: usize| {
        let event = json!({
            "Id": format!("many-{number}"), "Operation": "New-InboxRule", "UserId": format!("user-{}@x.example", number % USERS),
            "Workload": "Exchange", "RecordType": 1, "ObjectId": format!("cordon-bench-needle-{number}."), "ClientIP": "192.0.2.1",
        });
        format!("{event}\n")
    };
    (first..first + ROWS).map(event).collect::<String>().into_bytes()
}
