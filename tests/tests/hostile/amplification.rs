//! What a plugin can make the host do for it: time and memory of host calls that are allowed.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use cordon::events::Batch;
use cordon::sandbox::{Caps, RunInput};
use cordon_contract::limits::BATCH_ROWS;
use cordon_tests::batches::batch;
use cordon_tests::guest::{Guest, MANIFEST, data};
use cordon_tests::sandboxes::TestSandbox;

use super::BINARY;

/// Nearly 8 MiB of events, each with JSON in a string that can be reached by many paths.
fn large() -> Arc<Batch> {
    let inner = format!("{{\\\"a\\\":[{}1]}}", "{\\\"n\\\":1},".repeat(140));
    let line = |row: usize| format!(r#"{{"Operation":"op-{row}","Text":[{{"N":"a","V":"{inner}"}}]}}"#);
    let lines: Vec<String> = (0..BATCH_ROWS).map(line).collect();
    batch("custom.test", &lines)
}

/// Declares a thousand fields by these paths and asks for all of them once.
fn asking(path: impl Fn(usize) -> String) -> Vec<u8> {
    let (mut fields, mut texts, mut body) = ("text = \"Text\"\n".to_owned(), String::new(), String::new());
    for at in 0..1_000 {
        let path = path(at);
        let _ = writeln!(fields, "field_{at} = '{path}'");
        let place = 131_072 + at * 64;
        texts += &data(u32::try_from(place).unwrap(), &path);
        let _ = write!(
            body,
            "(global.set $heap (i32.const 262144)) (call $values (local.get $batch) (i32.const {place}) (i32.const {}) (i32.const 64))",
            path.len(),
        );
    }
    let manifest = MANIFEST.replacen("text = \"Text\"\n", &fields, 1);
    Guest::detecting(&body).pages(6).with(&texts).manifest(Some(&manifest)).build()
}

#[test]
#[ignore = "prints figures; checks nothing"]
fn figures() {
    let sandbox = TestSandbox::with(BINARY, cordon_tests::hostile::caps());
    for name in ["endless-loop", "straight-line-fills", "huge-paths", "realloc-hangs", "post-return-hangs"] {
        let plugin = sandbox.load(&cordon_tests::hostile::named(name).wasm).unwrap();
        let report = sandbox.sandbox().run(&plugin, &super::TEN, &RunInput::default());
        println!("{name}: {:?} of CPU time, where 100 ms are allowed", report.cost.cpu);
    }
    let batch = large();
    println!("{} rows, {} bytes", batch.len(), batch.bytes());
    type Of = fn(usize) -> String;
    let paths: [(&str, Of); 3] = [
        ("absent fields", |at| format!("Absent{at}")),
        ("one long text", |at| format!("Text[{}].V", at % 2)),
        ("documents in strings", |at| format!("Text[N=a].V.@json.x{at}")),
    ];
    for (what, path) in paths {
        let sandbox = TestSandbox::with(BINARY, Caps { cpu_ms: 60_000, ..Caps::default() });
        let plugin = sandbox.load(&asking(path)).unwrap();
        let fresh = batch.select(0..batch.len());
        let (before, begun) = (resident(), Instant::now());
        let report = sandbox.sandbox().run(&plugin, &Arc::new(fresh), &RunInput::default());
        println!(
            "{what}: {:?} by {:?}; wall {:?}, cpu {:?}, columns {:?}; {} bytes crossed, {} columns; resident +{} MiB",
            report.outcome.word(),
            report.outcome.limit(),
            begun.elapsed(),
            report.cost.cpu,
            report.cost.columns_cpu,
            report.cost.column_bytes,
            report.cost.columns,
            (resident().saturating_sub(before)) >> 20,
        );
    }
}

/// This process's resident memory, in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
