//! Which format a text has, from its beginning.

use super::buffer::Buffer;
use super::{Stop, csv, document, scan};

/// How far the first lines are looked at.
const WINDOW: usize = 64 << 10;

pub(super) enum Format {
    /// One JSON value a line.
    Lines,
    /// JSON documents: arrays, wrappers, pretty-printed or end to end.
    Documents,
    /// Purview's export.
    Csv(csv::Header),
}

const KNOWN: &str =
    "give NDJSON, a JSON array, {\"records\":[...]}, {\"value\":[...]}, or a Purview CSV export; plain, gzip or zstd";

pub(super) fn format(buffer: &mut Buffer) -> Result<Format, Stop> {
    buffer.fill_to(8);
    if let Some(what) = binary(buffer.available()) {
        return Err(Stop::Broken(what));
    }
    let first = buffer.skip_space()?;
    buffer.fill_to(WINDOW);
    let head = &buffer.available()[..buffer.available().len().min(WINDOW)];
    match first {
        None => Err(Stop::Broken(format!("is empty, no event in it: {KNOWN}"))),
        Some(b'{') => Ok(if one_value_a_line(head) { Format::Lines } else { Format::Documents }),
        Some(b'[') => Ok(Format::Documents),
        Some(_) => csv_or_worse(head),
    }
}

/// Kinds of file that people take for events.
fn binary(head: &[u8]) -> Option<String> {
    let what = match head {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => "is a zip archive (or an Office file): unzip it and give the file inside",
        [0, b'a', b's', b'm', ..] => "is a Wasm file, no events: plugins are given with -p",
        [b'E', b'l', b'f', b'F', b'i', b'l', b'e', ..] => {
            "is a Windows EVTX file: convert it to JSON lines first, for example with `evtx_dump -o jsonl`"
        }
        [b'P', b'A', b'R', b'1', ..] => "is a Parquet file: export it as JSON",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => {
            "is compressed with xz: decompress it first (gzip and zstd are read as they are)"
        }
        [b'B', b'Z', b'h', ..] => "is compressed with bzip2: decompress it first (gzip and zstd are read as they are)",
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => "is compressed twice: decompress it once",
        _ => return None,
    };
    Some(what.to_owned())
}

/// Whether the first `{` is an event that ends with its line. Where the first line is cut off, the second tells.
fn one_value_a_line(head: &[u8]) -> bool {
    if document::wrapper(head).is_some() {
        // `{"records":[...]}` a line is read by the documents' rules all the same.
        return false;
    }
    let line_end = memchr::memchr(b'\n', head);
    let first = &head[..line_end.unwrap_or(head.len())];
    let mut value = scan::Value::default();
    match (value.scan(first), line_end) {
        (Some(end), _) => first[end..].iter().all(u8::is_ascii_whitespace),
        (None, None) => false,
        (None, Some(line_end)) => {
            let before = first.trim_ascii_end().last();
            head[line_end + 1..].starts_with(b"{") && !matches!(before, Some(b'[' | b',' | b':'))
        }
    }
}

/// Text that begins with something else than JSON: Purview's CSV, lines of which only the first is broken, or nothing
/// that is known.
fn csv_or_worse(head: &[u8]) -> Result<Format, Stop> {
    if head.iter().take(1024).any(|b| *b < 0x20 && !matches!(b, b'\t' | b'\r' | b'\n')) {
        return Err(Stop::Broken(format!("is binary, of no kind that is known here: {KNOWN}")));
    }
    match csv::header(head) {
        Ok(header) => return Ok(Format::Csv(header)),
        Err(Some(columns)) => {
            return Err(Stop::Broken(format!(
                "is a CSV without a column AuditData (it has {}): export the audit log from Microsoft Purview with all results, or give JSON",
                columns.join(", ")
            )));
        }
        Err(None) => {}
    }
    if memchr::memmem::find(head, b"\n{\"").is_some() {
        return Ok(Format::Lines);
    }
    let begin = String::from_utf8_lossy(&head[..head.len().min(40)]).replace(char::is_control, " ");
    Err(Stop::Broken(format!("begins with `{begin}`, which is no event format: {KNOWN}")))
}
