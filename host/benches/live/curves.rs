//! The same load by number of forces, and by number of plugins.

use crate::host::{Folder, Host, national};
use crate::load::Events;
use crate::support::plugins::variants;
use crate::sustained::{Took, send};

fn row(name: usize, took: &Took) {
    println!("| {name} | {} | {:.0} | {:.1} |", took.events, took.rate(), took.each());
}

pub fn forces(events: &Events) {
    println!("3 national plugins, 4 at a time, posts of 250 events");
    println!("| forces | events | events/s | host CPU, us an event |");
    println!("| --- | --- | --- | --- |");
    let components = national();
    for count in [1, 43, 200] {
        let host = Host::start(Folder::new(&components));
        let forces = host.forces(count);
        row(count, &send(&host, events, &forces, 4, 250, 200_000));
    }
}

pub fn plugins(events: &Events) {
    println!("4 forces, 4 connections, posts of 1,000 events; the national plugins over and over under other ids");
    println!("| plugins | events | events/s | host CPU, us an event |");
    println!("| --- | --- | --- | --- |");
    let components = national();
    for count in [1, 20, 100] {
        let host = Host::start(Folder::new(&variants(&components, count)));
        let forces = host.forces(4);
        row(count, &send(&host, events, &forces, 4, 1_000, if count > 50 { 60_000 } else { 200_000 }));
    }
}
