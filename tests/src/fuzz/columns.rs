//! Columns: for any documents and any path they hold what a plain walk finds. Input: the path on the first line, then a
//! document a line.

use cordon::events::{Batcher, EventOrigin, RawEvent};
use cordon_contract::limits::BATCH_ROWS;
use cordon_contract::path::Path;

use super::Target;
use crate::batches::{RECEIVED, options};
use crate::plain_walk;

pub(super) const TARGET: Target = Target {
    name: "columns",
    run,
    words: &[
        "a",
        "b",
        "[]",
        "[0]",
        "[Name=a]",
        ".@json",
        ".@lower",
        ".@ip",
        ".",
        "{\"a\":",
        "[{\"Name\":\"a\",\"Value\":",
        "}]",
        "}",
        "]",
        ",",
        "\"",
        "\\\"",
        "\\u0061",
        "\\ud83d\\ude00",
        "null",
        "true",
        "-1.5e3",
        "\n{",
        "1.2.3.4:80",
        "{}",
        "[]",
    ],
};

fn run(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let mut lines = text.lines();
    let Some(Ok(path)) = lines.next().map(Path::parse) else { return false };
    let mut batcher = Batcher::new(options(Some("custom.test")));
    let mut expected = Vec::new();
    for (at, line) in lines.enumerate().take(BATCH_ROWS) {
        let origin = EventOrigin { file: "input".into(), line: at as u64 + 1, unit: "line" };
        if batcher.push(RawEvent { bytes: line.as_bytes().to_vec(), origin }, RECEIVED).is_err() {
            continue;
        }
        let Ok(Some(document)) = plain_walk::parse(line) else { return false };
        let Ok(slots) = plain_walk::walk(Some(&document), path.steps()) else { return false };
        expected.push(slots);
    }
    let Some(batch) = batcher.finish().pop() else { return false };
    plain_walk::compare(&batch, &path, &expected);
    true
}
