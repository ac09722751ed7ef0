//! From an event to the message about it that its contact has: at set rates, and while another force has a storm of findings.

use std::collections::HashMap;
use std::io::{BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::host::{Folder, Host};
use crate::load::Events;
use crate::paced::percentile;
use crate::support::plugins::{self, GUEST};

const TIME: Duration = Duration::from_secs(15);
/// Findings of the storm: 100,000 by itself, or `CORDON_BENCH_STORM`.
fn storm_of() -> usize {
    std::env::var("CORDON_BENCH_STORM").map_or(100_000, |text| text.parse().unwrap())
}

/// A fast receiver: when each thing was told, by its name.
#[derive(Clone, Default)]
struct Receiver {
    port: u16,
    told: Arc<Mutex<HashMap<String, Instant>>>,
    /// Bodies that name nothing: tests, digests.
    others: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self { port: listener.local_addr().unwrap().port(), ..Self::default() };
        let keeps = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, keeps) = (stream.unwrap(), keeps.clone());
                std::thread::spawn(move || {
                    stream.set_nodelay(true).unwrap();
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while let Some(body) = body(&mut reader) {
                        keeps.take(&body);
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
                    }
                });
            }
        });
        receiver
    }

    fn take(&self, body: &[u8]) {
        let text = String::from_utf8_lossy(body);
        let named = text.find("needle-").map(|at| &text[at..]);
        let name = named.and_then(|text| text.find(['"', '\\']).map(|end| text[..end].to_owned()));
        match name {
            Some(name) => drop(self.told.lock().unwrap().entry(name).or_insert_with(Instant::now)),
            None => self.others.lock().unwrap().push(serde_json::from_slice(body).unwrap()),
        }
    }
}

fn body(reader: &mut impl std::io::BufRead) -> Option<Vec<u8>> {
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(':') {
            None if line.trim().is_empty() => break,
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap()
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}

/// A contact of a force that has confirmed and gets up to `hourly` messages one by one.
fn contact(host: &Host, force: &str, receiver: &Receiver, hourly: u32) {
    let mut operator = host.operator();
    let url = format!("http://127.0.0.1:{}/", receiver.port);
    operator.json(
        "POST",
        "/v1/contacts",
        &json!({
            "id": "soc", "for": force, "name": "soc", "webhook": url, "level": "full", "severity": "informational",
            "duty": { "hourly": hourly },
        }),
    );
    operator.json("POST", &format!("/v1/contacts/{force}/soc/test"), &json!({}));
    let test = receiver.others.lock().unwrap().pop().unwrap();
    operator.json("POST", &format!("/v1/contacts/{force}/soc/confirm"), &json!({ "code": test["code"] }));
}

/// What of so many events the guest finds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Storm {
    Nothing,
    OfOneKey,
    EachOfItsOwn,
}

/// Events in each of which the guest finds something, but for a storm of nothing.
fn events(name: &str, first: usize, count: usize, storm: Storm) -> Vec<u8> {
    let mut out = Vec::new();
    for number in first..first + count {
        let thing = match storm {
            Storm::Nothing => format!("thread-{name}-{number}."),
            Storm::OfOneKey => format!("needle-{name}."),
            Storm::EachOfItsOwn => format!("needle-{name}-{number}."),
        };
        let event = json!({
            "Id": format!("{name}-{number}"), "Operation": "New-InboxRule", "UserId": "user@x.example", "Workload": "Exchange",
            "RecordType": 1, "ObjectId": format!("cordon-bench-{thing}"), "ClientIP": "192.0.2.1",
        });
        writeln!(out, "{event}").unwrap();
    }
    out
}

/// Posts so many a second for a while; from each post's answer to the message.
fn paced(host: &Host, token: &str, receiver: &Receiver, name: &str, rate: usize) -> Vec<Duration> {
    let mut sender = host.sender(token);
    let every = Duration::from_millis(if rate < 10 { 1_000 / rate as u64 } else { 100 });
    let rows = (rate as f64 * every.as_secs_f64()).round() as usize;
    let (begun, mut sent, mut answered) = (Instant::now(), 0, Vec::new());
    while begun.elapsed() < TIME {
        sender.post(&events(name, sent, rows, Storm::EachOfItsOwn));
        answered.push((sent..sent + rows, Instant::now()));
        sent += rows;
        std::thread::sleep(
            (begun + every * u32::try_from(answered.len()).unwrap()).saturating_duration_since(Instant::now()),
        );
    }
    let of = |number: usize| format!("needle-{name}-{number}.");
    let patience = Instant::now();
    while !(0..sent).all(|number| receiver.told.lock().unwrap().contains_key(&of(number))) {
        assert!(patience.elapsed() < Duration::from_secs(120), "not all were told");
        std::thread::sleep(Duration::from_millis(50));
    }
    let told = receiver.told.lock().unwrap();
    let waits = |(numbers, at): (std::ops::Range<usize>, Instant)| {
        numbers.map(|number| told[&of(number)].saturating_duration_since(at)).collect::<Vec<_>>()
    };
    answered.into_iter().flat_map(waits).collect()
}

pub fn run(_: &Events) {
    let guest = plugins::build(&[GUEST]);
    println!("from the answer to the message at its receiver: detection, alert, message");
    println!("| alerts/s | told p50, ms | p99 | longest | host CPU, cores |");
    println!("| --- | --- | --- | --- | --- |");
    for rate in [1, 100, 1_000] {
        let host = Host::start(Folder::new(&guest).configured("[alerts]\nrule-hourly = 1000000\n"));
        let (force, token) = host.forces(1).remove(0);
        let receiver = Receiver::start();
        contact(&host, &force, &receiver, 1_000_000);
        let (before, begun) = (host.process().cpu(), Instant::now());
        let mut waits = paced(&host, &token, &receiver, "a", rate);
        let cores = (host.process().cpu() - before).as_secs_f64() / begun.elapsed().as_secs_f64();
        let [p50, p99, most] = [50, 99, 100].map(|of| percentile(&mut waits, of));
        println!("| {rate} | {p50:.0} | {p99:.0} | {most:.0} | {cores:.2} |");
    }
    let count = storm_of();
    println!("\na storm of {count} findings of one rule in one force, and 10 alerts/s in another");
    println!("| | alerts | messages | resident before, MiB | at most | the other force: told p50, ms | p99 |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let storms = [
        ("no storm", None),
        ("as many events, nothing found", Some(Storm::Nothing)),
        ("all of one key", Some(Storm::OfOneKey)),
        ("each of its own key", Some(Storm::EachOfItsOwn)),
    ];
    for (what, storm) in storms {
        // As shipped: the calm force stays below what a rule may make one by one.
        let host = Host::start(Folder::new(&guest).configured("[alerts]\nrule-hourly = 200\n"));
        let forces = host.forces(2);
        let (stormy, calm) = (Receiver::start(), Receiver::start());
        contact(&host, &forces[0].0, &stormy, 30);
        contact(&host, &forces[1].0, &calm, 1_000_000);
        let (before, _) = host.process().memory();
        let mut waits = std::thread::scope(|scope| {
            let calm = scope.spawn(|| paced(&host, &forces[1].1, &calm, "calm", 10));
            if let Some(storm) = storm {
                let mut sender = host.sender(&forces[0].1);
                for at in 0..count / 1_000 {
                    sender.post(&events("storm", at * 1_000, 1_000, storm));
                }
                host.settle();
            }
            calm.join().unwrap()
        });
        std::thread::sleep(Duration::from_secs(5));
        let (_, most) = host.process().memory();
        let alerts = last_alert(&host, &forces[0].0);
        let messages = stormy.told.lock().unwrap().len() + stormy.others.lock().unwrap().len();
        let (p50, p99) = (percentile(&mut waits, 50), percentile(&mut waits, 99));
        println!("| {what} | {alerts} | {messages} | {before} | {most} | {p50:.0} | {p99:.0} |");
    }
}

/// The number of a force's last alert.
fn last_alert(host: &Host, force: &str) -> u64 {
    let (mut operator, mut last) = (host.operator(), 0);
    loop {
        let page = operator.json("GET", &format!("/v1/alerts?for={force}&after={last}&limit=1000"), &Value::Null);
        let Some(next) = page["next"].as_u64() else {
            return page["alerts"]
                .as_array()
                .unwrap()
                .last()
                .and_then(|alert| alert["number"].as_u64())
                .unwrap_or(last);
        };
        last = next;
    }
}
