//! What the live host costs: the real binary on a temporary folder, real audit events over HTTP.
//!
//! `cargo bench --bench live -- PART`; without a part, all of them. What each measures stands in `../README.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench that cannot go on says so
#![allow(missing_docs, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

mod alerts;
mod behind;
mod curves;
mod deploy;
mod fairness;
mod host;
mod http;
mod latency;
mod load;
mod many;
mod memory;
mod paced;
mod posts;
mod process;
mod sustained;

/// A part's name and what runs it.
type Part = (&'static str, fn(&load::Events));

const PARTS: &[Part] = &[
    ("sustained", sustained::run),
    ("posts", posts::run),
    ("latency", latency::run),
    ("forces", curves::forces),
    ("plugins", curves::plugins),
    ("memory", memory::run),
    ("fairness", fairness::run),
    ("swaps", deploy::swaps),
    ("deploy", deploy::many),
    ("behind", behind::run),
    ("alerts", alerts::run),
    ("many-alerts", many::run),
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for word in &wanted {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        assert!(names.contains(&word.as_str()), "no part is called {word}: give one of {}", names.join(", "));
    }
    let Some(events) = load::Events::read() else { return };
    for (name, run) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            println!("\n== {name}");
            run(&events);
        }
    }
}
