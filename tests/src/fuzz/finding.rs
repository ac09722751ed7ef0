//! Findings as a hostile guest hands them over: the input is the finding's record and everything it may point to, put into
//! a real guest's memory byte for byte. The host refuses it, or what comes out is within every limit.

use std::sync::{LazyLock, PoisonError, RwLock};

use cordon::sandbox::{Outcome, Plugin, RunInput};
use cordon_contract::limits;

use super::Target;
use crate::batches::batch;
use crate::guest::{Guest, data};
use crate::sandboxes::TestSandbox;

pub(super) const TARGET: Target = Target {
    name: "finding",
    run,
    // Little-endian pointers and lengths that mean something in `GUEST`'s memory.
    words: &[
        "\0\u{8}\0\0",
        "\u{6}\0\0\0",
        "\u{1}\0\0\0",
        "\0\0\0\0",
        "\u{40}\0\0\0",
        "\u{41}\0\0\0",
        "\0\u{10}\0\0",
        "rule-a",
        "high",
        "user",
        "r1/avon/custom.test/0",
        "\n",
        "\u{7f}",
    ],
};

/// Bytes of the input that are used: from 1024 up to the heap at 65536.
const MOST: usize = 60 << 10;

/// Takes the input as hexadecimal text from the event, writes it over its memory from 1024 on, and emits what stands there.
const BODY: &str = r#"
    (call $column (local.get $batch) (i32.const 600) (i32.const 4) (i32.const 64))
    (local.set $j (i32.load (i32.const 92)))
    (local.set $n (i32.add (local.get $j) (i32.load (i32.const 96))))
    (local.set $i (i32.const 1024))
    (block $done (loop $bytes
      (br_if $done (i32.ge_u (local.get $j) (local.get $n)))
      (i32.store8 (local.get $i) (i32.add
        (i32.shl (call $nibble (i32.load8_u (local.get $j))) (i32.const 4))
        (call $nibble (i32.load8_u offset=1 (local.get $j)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (local.set $j (i32.add (local.get $j) (i32.const 2)))
      (br $bytes)))
    (call $emit_at (i32.const 1024) (i32.const 64))"#;
const NIBBLE: &str = r"(func $nibble (param $c i32) (result i32)
    (if (result i32) (i32.ge_u (local.get $c) (i32.const 97))
      (then (i32.sub (local.get $c) (i32.const 87)))
      (else (i32.sub (local.get $c) (i32.const 48)))))";

/// The binary that prepares the guest: set by `tests/tests/fuzz.rs`, or by `CORDON_PREPARER`.
pub static PREPARER: RwLock<Option<String>> = RwLock::new(None);

static GUEST: LazyLock<(TestSandbox, Plugin)> = LazyLock::new(|| {
    let known = PREPARER.read().unwrap_or_else(PoisonError::into_inner).clone();
    let preparer =
        known.or_else(|| std::env::var("CORDON_PREPARER").ok()).expect("CORDON_PREPARER names the cordon binary");
    let sandbox = TestSandbox::new(&preparer);
    let guest = Guest::detecting(BODY).with(&format!("{NIBBLE} {}", data(600, "Text")));
    let plugin = sandbox.load(&guest.build()).unwrap();
    (sandbox, plugin)
});

fn run(data: &[u8]) -> bool {
    let (sandbox, plugin) = &*GUEST;
    let data = &data[..data.len().min(MOST)];
    let batch = batch("custom.test", &[format!(r#"{{"Text":"{}"}}"#, hex(data))]);
    let report = sandbox.sandbox().run(plugin, &batch, &RunInput::default());
    match &report.outcome {
        Outcome::Completed => {}
        Outcome::BadOutput { reason, .. } | Outcome::Trapped { reason, .. } => {
            assert!(!reason.is_empty() && report.findings.is_empty());
            return false;
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(report.findings.len(), 1);
    let found = &report.findings[0];
    assert_eq!((found.row, found.rule.as_str()), (0, "rule-a"));
    assert!((1..=limits::SUMMARY_BYTES).contains(&found.summary.len()) && found.key.len() <= limits::KEY_BYTES);
    let one_line = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
    assert!(found.title.as_ref().is_none_or(|title| title.len() <= limits::TITLE_BYTES && one_line(title)));
    assert!(found.entities.len() <= limits::ENTITIES && found.context.len() <= limits::CONTEXT_ENTRIES);
    for entity in &found.entities {
        assert!(entity.kind.len() <= limits::ENTITY_KIND_BYTES && one_line(&entity.kind));
        assert!((1..=limits::ENTITY_VALUE_BYTES).contains(&entity.value.len()));
    }
    for (at, (key, value)) in found.context.iter().enumerate() {
        assert!(key.len() <= limits::CONTEXT_KEY_BYTES && one_line(key) && value.len() <= limits::CONTEXT_VALUE_BYTES);
        assert!(found.context[..at].iter().all(|(other, _)| other != key));
    }
    assert!(found.cited.len() <= limits::CITED);
    assert!(serde_json::to_string(found).unwrap().len() <= 6 * limits::FINDING_BYTES_PER_ROW);
    true
}

fn hex(data: &[u8]) -> String {
    use std::fmt::Write as _;
    data.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
