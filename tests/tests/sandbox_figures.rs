//! Figures of the sandbox, by hand: `cargo test -p cordon-tests --release --test sandbox_figures -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use cordon::sandbox::{Caps, Outcome, RunInput};
use cordon_tests::batches::rows;
use cordon_tests::guest::{Guest, MANIFEST, data};
use cordon_tests::sandboxes::{self, TestSandbox};

const PREPARER: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// Asks for four columns and adds up every byte of their dictionaries.
fn four_columns() -> Guest {
    let ask = |at: u32, len: u32| {
        format!(
            "(call $column (local.get $batch) (i32.const {at}) (i32.const {len}) (i32.const 64))
             (local.set $i (i32.const 0))
             (block $done (loop $bytes
               (br_if $done (i32.ge_u (local.get $i) (i32.load (i32.const 96))))
               (local.set $n (i32.add (local.get $n) (i32.load8_u (i32.add (i32.load (i32.const 92)) (local.get $i)))))
               (local.set $i (i32.add (local.get $i) (i32.const 1)))
               (br $bytes)))"
        )
    };
    let body = [ask(2080, 9), ask(3000, 6), ask(3010, 8), ask(3020, 4)].concat();
    Guest::detecting(&body).with(&[data(3000, "UserId"), data(3010, "ClientIP"), data(3020, "Text")].concat())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[test]
#[ignore = "prints figures; checks nothing"]
fn figures() {
    let sandbox = TestSandbox::new(PREPARER);
    let wasm = four_columns().build();
    let begun = Instant::now();
    let plugin = sandbox.load(&wasm).unwrap();
    println!("{} bytes of component: prepare and load, cold {:?}", wasm.len(), begun.elapsed());
    let cached = (0..20)
        .map(|_| {
            let begun = Instant::now();
            sandbox.load(&wasm).unwrap();
            begun.elapsed()
        })
        .collect();
    println!("load, cached: {:?}", median(cached));
    let begun = Instant::now();
    let _other = sandboxes::open(PREPARER, sandbox.cache(), Caps::default());
    println!("a sandbox, set up: {:?}", begun.elapsed());

    for count in [1, 64, 1024, 4096] {
        let batch = rows(count);
        let first = sandbox.sandbox().run(&plugin, &batch, &RunInput::default());
        assert_eq!(first.outcome, Outcome::Completed);
        let (mut whole, mut start) = (Vec::new(), Vec::new());
        for _ in 0..500 {
            let begun = Instant::now();
            let report = sandbox.sandbox().run(&plugin, &batch, &RunInput::default());
            whole.push(begun.elapsed());
            start.push(report.cost.start);
        }
        let (whole, start) = (median(whole), median(start));
        println!(
            "{count} rows, 4 columns ({} bytes): {whole:?} a batch, {} ns a row; instance start {start:?}; columns built in {:?}",
            first.cost.column_bytes,
            whole.as_nanos() / count as u128,
            first.cost.columns_cpu,
        );
    }

    for mib in [1_usize, 10, 50] {
        let manifest = format!("{MANIFEST}\n[limits]\nmemory-mib = 64\n");
        let bytes = mib << 20;
        let body = format!(
            "(drop (memory.grow (i32.const {})))
             (loop $fill (i32.store (i32.add (i32.const 65536) (local.get $i)) (i32.mul (local.get $i) (i32.const 2654435761)))
               (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const {bytes}))))",
            bytes / 65_536
        );
        let wasm = Guest::detecting("").configuring(&body).manifest(Some(&manifest)).build();
        let begun = Instant::now();
        let plugin = sandbox.load(&wasm).unwrap();
        let cold = begun.elapsed();
        let begun = Instant::now();
        sandbox.load(&wasm).unwrap();
        let cached = begun.elapsed();
        let batch = rows(64);
        let start = (0..200).map(|_| sandbox.sandbox().run(&plugin, &batch, &RunInput::default()).cost.start).collect();
        println!("snapshot of {mib} MiB: cold {cold:?}, cached {cached:?}, instance start {:?}", median(start));
    }
}
