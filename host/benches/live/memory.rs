//! Resident memory, and how long a start takes.

use crate::host::{Folder, Host, national};
use crate::load::Events;
use crate::sustained::send;

pub fn run(events: &Events) {
    println!("3 national plugins, prepared before");
    println!("| | start, ms | resident, MiB | at most, MiB |");
    println!("| --- | --- | --- | --- |");
    let row = |name: &str, host: &Host| {
        let (now, most) = host.process().memory();
        println!("| {name} | {:.0} | {now} | {most} |", host.started.as_secs_f64() * 1e3);
    };
    // The first start may have plugins to prepare.
    let folder = Host::start(Folder::new(&national())).stop();
    let host = Host::start(folder);
    row("nothing stored", &host);
    let forces = host.forces(43);
    row("with 43 forces", &host);
    let mut stored = 0;
    while stored < 1_000_000 {
        stored = send(&host, events, &forces, 8, 1_000, 1_000_000 - stored).events;
    }
    row(&format!("under load, {stored} events stored"), &host);
    let host = Host::start(host.stop());
    row(&format!("started with {stored} events stored"), &host);
}
