//! Every limit, just below and just above.

use std::time::{Duration, Instant};

use cordon::model::Explanation;
use cordon::sandbox::{COMPONENT_BYTES, Caps, Limit, Outcome, RunInput, inspect};
use cordon_contract::limits;
use cordon_tests::batches::{batch, rows};
use cordon_tests::guest::{Guest, MANIFEST, data};
use cordon_tests::sandboxes::TestSandbox;
use wasm_encoder::{CustomSection, Encode as _};

use super::{PREPARER, SANDBOX, TEN, bad_output, completed, run, run_on, text_at, trapped};

#[test]
fn sixty_four_findings_a_row_are_allowed_and_not_one_more() {
    let many = |count: usize| {
        run(&Guest::detecting(&format!(
            "(loop $l (call $emit (i32.const 3)) (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {count}))))"
        )))
    };
    let report = many(limits::FINDINGS_PER_ROW);
    completed(&report);
    assert_eq!(report.findings.len(), limits::FINDINGS_PER_ROW);
    bad_output(&many(limits::FINDINGS_PER_ROW + 1), Some(Limit::FindingsPerRow), "row 3 has more than 64 findings");
}

#[test]
fn findings_of_a_row_share_64_kib_of_text() {
    // rule-a and a summary: 16 of 6 + 4090 bytes are 65536.
    let many = |count: usize, summary: usize| {
        let body = format!(
            "(loop $l (call $draft (i32.const 0)) {} (drop (call $send)) (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {count}))))",
            text_at(1072, 100_000, summary)
        );
        run(&Guest::detecting(&body).pages(4).with(&data(100_000, &"x".repeat(4096))))
    };
    completed(&many(16, 4090));
    bad_output(
        &many(16, 4091),
        Some(Limit::FindingBytesPerRow),
        "the findings of row 0 have 65552 bytes, more than 65536",
    );
}

#[test]
fn an_endless_loop_ends_at_its_cpu_time_and_is_never_final() {
    let sandbox = TestSandbox::with(PREPARER, Caps { cpu_ms: 100, cpu_us_per_row: 0, ..Caps::default() });
    let begun = Instant::now();
    let report = sandbox.run(&Guest::detecting("(loop (br 0))").build(), &TEN);
    let Outcome::OutOfTime { reason, limit: Limit::CpuTime } = &report.outcome else { panic!("{:?}", report.outcome) };
    assert!(reason.contains("100 ms"), "{reason}");
    assert!(!report.outcome.is_deterministic());
    assert!(
        report.cost.cpu >= Duration::from_millis(100) && report.cost.cpu < Duration::from_millis(150),
        "{:?}",
        report.cost
    );
    assert!(begun.elapsed() < Duration::from_secs(10));
    // Half as long is no fault.
    let half = "(loop $l (br_if $l (i64.lt_u (local.tee $n64 (i64.add (local.get $n64) (i64.const 1))) (i64.const 20000000))))";
    let half = Guest::detecting("(call $half)").with(&format!("(func $half (local $n64 i64) {half})"));
    completed(&sandbox.run(&half.build(), &TEN));
}

#[test]
fn cpu_time_grows_with_the_batch() {
    let caps = Caps { cpu_ms: 20, cpu_us_per_row: 100, ..Caps::default() };
    let sandbox = TestSandbox::with(PREPARER, caps);
    let endless = Guest::detecting("(loop (br 0))").build();
    let one = sandbox.run(&endless, &rows(1)).cost.cpu;
    let many = sandbox.run(&endless, &rows(1000)).cost.cpu;
    assert!(one < Duration::from_millis(60) && many >= Duration::from_millis(120), "{one:?} {many:?}");
}

#[test]
fn memory_may_be_used_to_its_limit_and_not_above() {
    let manifest = format!("{MANIFEST}\n[limits]\nmemory-mib = 4\n");
    let growing = |pages: u32| {
        let body = format!(
            "(if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)) (then unreachable)) (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 1))"
        );
        run(&Guest::detecting(&body).manifest(Some(&manifest)))
    };
    let report = growing(62);
    completed(&report);
    assert_eq!(report.cost.memory, 4 << 20);
    let report = growing(63);
    let Outcome::OutOfMemory { reason, limit: Limit::Memory } = &report.outcome else { panic!("{:?}", report.outcome) };
    assert!(reason.contains("4 MiB"), "{reason}");
}

#[test]
fn a_manifest_cannot_wish_for_more_than_the_operators_cap() {
    let manifest = format!("{MANIFEST}\n[limits]\nmemory-mib = 64\n");
    let sandbox = TestSandbox::with(PREPARER, Caps { memory_mib: 4, ..Caps::default() });
    let report =
        sandbox.run(&Guest::detecting("(drop (memory.grow (i32.const 100)))").manifest(Some(&manifest)).build(), &TEN);
    assert!(
        matches!(&report.outcome, Outcome::OutOfMemory { reason, .. } if reason.contains("4 MiB")),
        "{:?}",
        report.outcome
    );
}

#[test]
fn host_calls_are_counted_to_the_last() {
    let sandbox = TestSandbox::with(PREPARER, Caps { host_calls: 100, ..Caps::default() });
    let calling = |calls: u32| {
        let body = format!(
            "(loop $l (drop (call $len (local.get $batch))) (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {calls}))))"
        );
        sandbox.run(&Guest::detecting(&body).build(), &TEN)
    };
    let report = calling(100 + 16 * 10);
    completed(&report);
    assert_eq!(report.cost.host_calls, 260);
    trapped(&calling(261), Some(Limit::HostCalls), "260 host calls");
}

#[test]
fn bytes_that_cross_are_bounded() {
    // The times of 10 rows are 80 bytes; whole columns of long text cost more.
    let long = format!(r#"{{"Text":"{}"}}"#, "x".repeat(1_000_000));
    let batch = batch("custom.test", &[&long]);
    let asking = |times: u32| {
        let body = format!(
            "(loop $l (global.set $heap (i32.const 65536)) (call $column (local.get $batch) (i32.const 3000) (i32.const 4) (i32.const 64)) (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {times}))))"
        );
        run_on(&Guest::detecting(&body).with(&data(3000, "Text")), &batch)
    };
    // 64 MiB and 8 bytes for each of the event's.
    let limit = (64 << 20) + 8 * batch.bytes();
    let fits = u32::try_from(limit / 1_000_013).unwrap();
    completed(&asking(fits - 1));
    trapped(&asking(fits + 1), Some(Limit::HostCallBytes), &limit.to_string());
}

#[test]
fn a_log_has_its_limits() {
    let logging = |times: u32, len: usize| {
        let body = format!(
            "(loop $l (call $write (i32.const 1) (i32.const 65536) (i32.const {len})) (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {times}))))"
        );
        run(&Guest::detecting(&body))
    };
    let report = logging(8, limits::LOG_MESSAGE_BYTES);
    completed(&report);
    assert_eq!(report.log.len(), 8);
    bad_output(&logging(9, limits::LOG_MESSAGE_BYTES), Some(Limit::LogBytes), "more than 65536 bytes");
    bad_output(&logging(1, limits::LOG_MESSAGE_BYTES + 1), Some(Limit::LogBytes), "a message of more than 8192 bytes");
    bad_output(&logging(1, 60_000), Some(Limit::LogBytes), "a message of more than 8192 bytes");
}

#[test]
fn recursion_may_be_deep_and_not_without_end() {
    let deep = |depth: u32| {
        let body =
            "(func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))))))";
        run(&Guest::detecting(&format!("(call $deep (i32.const {depth}))")).with(body))
    };
    completed(&deep(1_000));
    trapped(&deep(100_000), Some(Limit::Stack), "stack");
}

#[test]
fn building_columns_has_a_limit_of_its_own_and_the_runs_repetition_finds_them_built() {
    let manifest = MANIFEST.replace("text = \"Text\"", "text = \"Text.@lower\"");
    let asking = "(call $column (local.get $batch) (i32.const 3000) (i32.const 11) (i32.const 64))";
    let guest = Guest::detecting(asking).with(&data(3000, "Text.@lower")).manifest(Some(&manifest)).build();
    // 8 MB to be folded take many milliseconds on any machine, and looking up what is built takes none.
    let line = |row: usize| format!(r#"{{"Text":"{row} {}"}}"#, "LONG TEXT ".repeat(200));
    let batch = batch("custom.test", &(0..4_000).map(line).collect::<Vec<_>>());
    let sandbox = TestSandbox::with(PREPARER, Caps { column_ms: 1, column_us_per_row: 0, ..Caps::default() });
    let plugin = sandbox.load(&guest).unwrap();
    let run = || sandbox.sandbox().run(&plugin, &batch, &RunInput::default());
    let first = run();
    let Outcome::OutOfTime { reason, limit: Limit::ColumnTime } = &first.outcome else { panic!("{:?}", first.outcome) };
    assert!(reason.contains("build columns for more than its 1 ms"), "{reason}");
    assert!(!first.outcome.is_deterministic());
    completed(&run());
    completed(&TestSandbox::new(PREPARER).run(&guest, &batch.select(0..batch.len()).into()));
}

#[test]
fn the_wall_clock_stands_behind_the_cpu_time() {
    let manifest = format!("{MANIFEST}\n[limits]\ncpu-ms = 60000\n");
    let caps = Caps { cpu_ms: 60_000, wall_factor: 0, wall_floor_ms: 300, ..Caps::default() };
    let sandbox = TestSandbox::with(PREPARER, caps);
    let ends = |body: &str| sandbox.run(&Guest::detecting(body).manifest(Some(&manifest)).build(), &TEN);
    let report = ends("(loop (br 0))");
    let Outcome::OutOfTime { reason, limit: Limit::WallClock } = &report.outcome else {
        panic!("{:?}", report.outcome)
    };
    assert!(reason.contains("300 ms of wall clock") && reason.contains("overloaded"), "{reason}");
    assert!(!report.outcome.is_deterministic() && report.cost.cpu < Duration::from_secs(60), "{:?}", report.cost);
    completed(&ends(""));
}

#[test]
fn a_plugin_may_explain_itself_in_16_mib() {
    let explaining = |steps: usize| {
        let body = format!(
            "(loop $l
               (call $explain (i32.const 0) (i32.const 65536) (i32.const 4096) (i32.const 65536) (i32.const 4096)
                 (i32.const 1) (i32.const 65536) (i32.const 4096) (i32.const 1))
               (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {steps}))))"
        );
        let plugin = SANDBOX.load(&Guest::detecting(&body).build()).unwrap();
        SANDBOX.sandbox().run(&plugin, &TEN, &RunInput { explain: true, ..RunInput::default() })
    };
    let fit = (16 << 20) / (3 * 4096 + size_of::<Explanation>());
    let report = explaining(fit);
    completed(&report);
    assert_eq!(report.explanations.len(), fit);
    bad_output(&explaining(fit + 1), Some(Limit::ExplanationBytes), "more than 16777216 bytes");
}

#[test]
fn a_component_may_have_64_mib_and_its_manifest_4() {
    let limit_of = |wasm: &[u8]| inspect(wasm).map(|_| ()).map_err(|error| error.limit());
    let guest = Guest::detecting("");
    let padded = |bytes: usize| {
        let mut wasm = guest.build();
        // A custom section named `b`: its id, a length of four bytes, the name, the rest.
        let data = vec![0; bytes - wasm.len() - 1 - 4 - 2];
        wasm.push(0);
        CustomSection { name: "b".into(), data: data.into() }.encode(&mut wasm);
        assert_eq!(wasm.len(), bytes);
        wasm
    };
    assert_eq!(limit_of(&padded(COMPONENT_BYTES)), Ok(()));
    assert_eq!(limit_of(&padded(COMPONENT_BYTES + 1)), Err(Some(Limit::ComponentBytes)));
    let manifest = |bytes: usize| {
        let text = format!("{MANIFEST}# {}", "x".repeat(bytes - MANIFEST.len() - 2));
        guest.clone().manifest(Some(&text)).build()
    };
    assert_eq!(limit_of(&manifest(limits::MANIFEST_BYTES)), Ok(()));
    assert_eq!(limit_of(&manifest(limits::MANIFEST_BYTES + 1)), Err(Some(Limit::ManifestBytes)));
}
