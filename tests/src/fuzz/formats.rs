//! Input formats: whatever the bytes, and however they arrive, reading ends with the same events and the same refusals;
//! every event taken is a JSON object within its limits.

use std::io::{Cursor, Read};

use cordon::events::{Batch, Batcher, EventReader};
use cordon_contract::limits::{BATCH_BYTES, BATCH_ROWS, EVENT_BYTES};
use serde_json::{Map, Value};

use super::Target;
use crate::batches::{RECEIVED, options};

pub(super) const TARGET: Target = Target {
    name: "formats",
    run,
    words: &[
        "{\"records\":[",
        "{\"value\":[",
        "]}",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u00",
        "\\ud83d\\ude00",
        "\\ud800",
        "\n",
        "\r\n",
        "\u{feff}",
        "null",
        "1e999",
        "AuditData",
        "CreationDate,UserIds,Operations,AuditData\n",
        "\"\"",
        "\"Operation\":\"x\"",
        "\"CreationTime\":\"2026-01-05T10:00:00\"",
        "\"category\":\"SignInLogs\"",
        "\"time\":",
    ],
};

/// Pieces read at most: a small compressed input may hold millions, each like the one before.
const MOST_PIECES: usize = 1 << 16;

fn run(data: &[u8]) -> bool {
    let whole = read(Cursor::new(data.to_vec()));
    let drops = read(Drops(Cursor::new(data.to_vec())));
    // How much a decompressor gives before damage that it finds depends on how its input arrives.
    let damaged = matches!(data, [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..]) && whole.error.is_some();
    assert!(damaged && drops.error.is_some() || whole == drops, "the same bytes in other pieces: {whole:?} {drops:?}");
    whole.taken > 0
}

/// Hands out bytes one to three at a time.
struct Drops(Cursor<Vec<u8>>);

impl Read for Drops {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let most = out.len().min(1 + self.0.position() as usize % 3);
        self.0.read(&mut out[..most])
    }
}

/// What reading gave.
#[derive(Debug, Default, PartialEq)]
struct Gave {
    /// Batches and refusals as text, in order.
    said: Vec<String>,
    /// Events in batches.
    taken: usize,
    /// What ended reading.
    error: Option<String>,
}

fn read(source: impl Read + Send + 'static) -> Gave {
    let mut gave = Gave::default();
    let mut reader = match EventReader::over("input", source) {
        Ok(reader) => reader,
        Err(error) => return Gave { error: Some(error.to_string()), ..gave },
    };
    let mut batcher = Batcher::new(options(None));
    let mut pieces = 0;
    while pieces < MOST_PIECES {
        let event = match reader.next() {
            Ok(None) => break,
            Ok(Some(event)) => event,
            Err(error) => {
                assert!(matches!(reader.next(), Ok(None)), "after an error it is at its end");
                gave.error = Some(error.to_string());
                break;
            }
        };
        match event.and_then(|event| batcher.push(event, RECEIVED)) {
            Ok(batch) => gave.take(batch.as_slice()),
            Err(refusal) => {
                assert!(refusal.origin.line > 0 && !refusal.kind.is_empty() && !refusal.reason.is_empty());
                gave.said.push(refusal.to_string());
            }
        }
        pieces += 1;
    }
    gave.take(&batcher.finish());
    gave
}

impl Gave {
    fn take(&mut self, batches: &[Batch]) {
        self.taken += batches.iter().map(Batch::len).sum::<usize>();
        self.said.extend(batches.iter().map(shown));
    }
}

fn shown(batch: &Batch) -> String {
    assert!((1..=BATCH_ROWS).contains(&batch.len()) && batch.bytes() <= BATCH_BYTES.max(EVENT_BYTES));
    let mut out = batch.source().to_string();
    for row in 0..batch.len() {
        let event = batch.event(row).unwrap();
        assert!(event.len() <= EVENT_BYTES);
        let parsed = serde_json::from_str::<Map<String, Value>>(event);
        // serde_json has limits of its own: no number beyond a double's range, 128 levels.
        let own = |reason: String| reason.contains("out of range") || reason.contains("recursion limit");
        assert!(parsed.is_ok() || parsed.is_err_and(|error| own(error.to_string())), "{event}");
        let origin = batch.origin(row).unwrap();
        out += &format!("\n{}{}: {} {event}", origin.unit, origin.line, batch.times()[row]);
    }
    out
}
