//! What a plugin can make the host do for it: time and memory of host calls that are allowed.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use cordon::events::Batch;
use cordon::sandbox::{Caps, Limit, RunInput};
use cordon_contract::limits::BATCH_ROWS;
use cordon_tests::batches::{batch, rows};
use cordon_tests::guest::{Guest, MANIFEST, data};
use cordon_tests::sandboxes::TestSandbox;

use super::{BINARY, alone, resident};

/// Arrays inside of arrays, so many that a document in a string can be reached by as many paths as there are.
const LEVELS: usize = 10;

/// Several MiB of events, each with one document in a string, far inside.
fn large() -> Arc<Batch> {
    let (open, close) = (r#"[{"N":"a","V":"#.repeat(LEVELS), "}]".repeat(LEVELS));
    let line = |row: usize| {
        let document = format!("{{\\\"a\\\":[{}{row}]}}", "{\\\"n\\\":1},".repeat(120));
        format!(r#"{{"Operation":"op-{row}","Text":{open}"{document}"{close}}}"#)
    };
    batch("custom.test", &(0..BATCH_ROWS).map(line).collect::<Vec<_>>())
}

/// One of the paths to the document, by the bits of a number.
fn to_document(at: usize) -> String {
    let step = |level: usize| if at >> level & 1 == 0 { "[0].V" } else { "[N=a].V" };
    format!("Text{}", (0..LEVELS).map(step).collect::<String>())
}

/// Declares a thousand fields by these paths and asks for all of them once.
fn asking(path: impl Fn(usize) -> String) -> Vec<u8> {
    let (mut fields, mut texts, mut body) = ("text = \"Text\"\n".to_owned(), String::new(), String::new());
    for at in 0..1_000 {
        let path = path(at);
        let _ = writeln!(fields, "field_{at} = '{path}'");
        let place = 131_072 + at * 128;
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

/// What a batch may keep of inner documents, one more, and the allocator's own.
const KEPT_BYTES: usize = (128 << 20) + (96 << 20);

#[test]
fn a_thousand_paths_into_one_document_end_at_the_time_for_columns_and_in_bounded_memory() {
    let _alone = alone();
    let sandbox = TestSandbox::with(BINARY, Caps::default());
    let plugin = sandbox.load(&asking(|at| format!("{}.@json.x", to_document(at)))).unwrap();
    let batch = large();
    let before = resident();
    let report = sandbox.sandbox().run(&plugin, &batch, &RunInput::default());
    let grown = resident().saturating_sub(before);
    assert_eq!(report.outcome.limit(), Some(Limit::ColumnTime), "{:?} {:?}", report.outcome, report.cost);
    assert!(grown < KEPT_BYTES, "the host's memory grew by {grown} bytes: {:?}", report.cost);
}

#[test]
#[ignore = "prints figures; checks nothing"]
fn figures() {
    let _alone = alone();
    let sandbox = TestSandbox::with(BINARY, cordon_tests::hostile::caps());
    for name in ["endless-loop", "straight-line-fills", "huge-paths", "realloc-hangs", "post-return-hangs"] {
        let plugin = sandbox.load(&cordon_tests::hostile::named(name).wasm).unwrap();
        let report = sandbox.sandbox().run(&plugin, &rows(10), &RunInput::default());
        println!("{name}: {:?} of CPU time, where 100 ms are allowed", report.cost.cpu);
    }
    let batch = large();
    println!("{} rows, {} bytes", batch.len(), batch.bytes());
    type Of = fn(usize) -> String;
    let paths: [(&str, Of); 3] = [
        ("a thousand absent fields", |at| format!("Absent{at}")),
        ("a thousand paths to one text", to_document),
        ("a thousand paths into one document", |at| format!("{}.@json.x", to_document(at))),
    ];
    for (what, path) in paths {
        let sandbox = TestSandbox::with(BINARY, Caps { cpu_ms: 60_000, ..Caps::default() });
        let plugin = sandbox.load(&asking(path)).unwrap();
        let fresh = Arc::new(batch.select(0..batch.len()));
        let (before, begun) = (resident(), Instant::now());
        let report = sandbox.sandbox().run(&plugin, &fresh, &RunInput::default());
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
