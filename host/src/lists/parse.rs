//! Entries of a list from a person's file: one key a line, CSV, or NDJSON. Every line that is not understood is named.

use std::fmt;

use cordon_contract::limits::{LIST_ENTRIES, LIST_KEY_BYTES, LIST_VALUE_BYTES};
use cordon_contract::manifest::list_key;
use serde_json::Value;

use super::Table;

/// Lines that are named where they are not understood.
const NAMED: usize = 20;
/// Bytes of a file at most.
const FILE_BYTES: usize = 256 << 20;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A key a line; `#` begins a comment line.
    Text,
    /// A key, and what stands beside it, in the first two columns; a first line `key,value` or `key` is a head.
    Csv,
    /// A text, `["key", "value"]` or `{"key": "...", "value": "..."}` a line.
    Ndjson,
}

impl Form {
    /// By the end of a file's name: `.csv`, `.ndjson` and `.jsonl`, any other is text.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        match name.rsplit_once('.').map(|(_, end)| end.to_lowercase()).as_deref() {
            Some("csv") => Self::Csv,
            Some("ndjson" | "jsonl" | "json") => Self::Ndjson,
            _ => Self::Text,
        }
    }
}

/// Why a file is no list. Nothing of it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListError {
    /// The first lines that were not understood, by number, each with its reason; line 0 is the whole file.
    pub lines: Vec<(u64, String)>,
    /// Further such lines.
    pub more: u64,
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (line, reason)) in self.lines.iter().enumerate() {
            let between = if at == 0 { "" } else { "; " };
            match line {
                0 => write!(f, "{between}{reason}")?,
                line => write!(f, "{between}line {line}: {reason}")?,
            }
        }
        if self.more > 0 {
            write!(f, "; and {} lines more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for ListError {}

impl ListError {
    fn whole(reason: String) -> Self {
        Self { lines: vec![(0, reason)], more: 0 }
    }

    fn line(&mut self, line: u64, reason: String) {
        if self.lines.len() < NAMED {
            self.lines.push((line, reason));
        } else {
            self.more += 1;
        }
    }
}

/// The entries of a file, and how many stood there once more: of equal keys the last counts.
///
/// # Errors
/// See [`ListError`].
pub fn parse(bytes: &[u8], form: Form) -> Result<(Table, u64), ListError> {
    if bytes.len() > FILE_BYTES {
        let reason = format!("the file has {} bytes, more than {FILE_BYTES}", bytes.len());
        return Err(ListError::whole(reason));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = Reader { entries: Vec::new(), error: ListError { lines: Vec::new(), more: 0 } };
    match form {
        Form::Text => reader.lines(bytes, text),
        Form::Ndjson => reader.lines(bytes, ndjson),
        Form::Csv => reader.csv(bytes),
    }
    let Reader { entries, error } = reader;
    if !error.lines.is_empty() {
        return Err(error);
    }
    let stood = entries.len() as u64;
    let table = Table::new(entries).ok_or_else(|| ListError::whole("its entries have more than 4 GiB".into()))?;
    let repeated = stood - table.len() as u64;
    Ok((table, repeated))
}

/// A key and what stands beside it; none for a line without.
type Entry = Result<Option<(String, String)>, String>;

struct Reader {
    entries: Vec<(String, String)>,
    error: ListError,
}

impl Reader {
    fn take(&mut self, number: u64, entry: Entry) {
        let entry = entry.and_then(|entry| entry.map(|(key, value)| checked(&key, value)).transpose());
        match entry {
            Ok(Some(_)) if self.entries.len() >= LIST_ENTRIES => {
                self.error.line(number, format!("more than {LIST_ENTRIES} entries: split the list"));
            }
            Ok(entry) => self.entries.extend(entry),
            Err(reason) => self.error.line(number, reason),
        }
    }

    fn lines(&mut self, bytes: &[u8], read: impl Fn(&str) -> Entry) {
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            let entry = match std::str::from_utf8(line) {
                Ok(line) => read(line.trim()),
                Err(error) => Err(format!("not UTF-8 text, at byte {}", error.valid_up_to() + 1)),
            };
            self.take(number, entry);
        }
    }

    fn csv(&mut self, bytes: &[u8]) {
        use csv_core::ReadRecordResult as Read;
        let mut reader = csv_core::Reader::new();
        let (mut rest, mut first) = (bytes, true);
        // What a row may hold at most, and a little more, so that what is too long is seen to be.
        let mut cells = vec![0; LIST_KEY_BYTES + LIST_VALUE_BYTES + 4_096];
        let mut ends = [0; 16];
        let (mut filled, mut columns, mut line, mut long) = (0, 0, 1, false);
        loop {
            if columns == 0 && filled == 0 {
                // Line ends before the row are not counted yet: that of CR LF, and those of empty lines.
                let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
                line = reader.line() + ends.filter(|byte| **byte == b'\n').count() as u64;
            }
            let (result, taken, wrote, ended) = reader.read_record(rest, &mut cells[filled..], &mut ends[columns..]);
            rest = rest.get(taken..).unwrap_or_default();
            (filled, columns) = (filled + wrote, columns + ended);
            match result {
                Read::InputEmpty => {}
                Read::OutputFull | Read::OutputEndsFull => {
                    // The rest of the row is read over itself: only that it is too long matters.
                    (long, filled, columns) = (true, 0, 0);
                }
                Read::Record => {
                    let row = row(&cells, &ends[..columns], long);
                    let is_head = first && matches!(&row, Ok(Some((key, _))) if key.eq_ignore_ascii_case("key"));
                    if !is_head {
                        self.take(line, row);
                    }
                    (filled, columns, long, first) = (0, 0, false, false);
                }
                Read::End => return,
            }
        }
    }
}

fn row(cells: &[u8], ends: &[usize], long: bool) -> Entry {
    if long {
        return Err("a row is too long, or has more than 16 columns".into());
    }
    let cell = |at: usize| {
        let start = if at == 0 { 0 } else { *ends.get(at - 1)? };
        cells.get(start..*ends.get(at)?)
    };
    let text = |at: usize| {
        std::str::from_utf8(cell(at).unwrap_or_default()).map_err(|_| format!("column {} is not UTF-8 text", at + 1))
    };
    let (key, value) = (text(0)?.trim(), text(1)?.trim());
    match (key, value) {
        ("", "") => Ok(None),
        ("", _) => Err("there is a value and no key".into()),
        _ => Ok(Some((key.to_owned(), value.to_owned()))),
    }
}

fn text(line: &str) -> Entry {
    Ok((!line.is_empty() && !line.starts_with('#')).then(|| (line.to_owned(), String::new())))
}

fn ndjson(line: &str) -> Entry {
    if line.is_empty() {
        return Ok(None);
    }
    let value: Value = serde_json::from_str(line).map_err(|error| format!("no JSON: {error}"))?;
    let word = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let expected = "expected \"key\", [\"key\", \"value\"] or {\"key\": \"...\", \"value\": \"...\"}";
    let entry = match &value {
        Value::String(key) => Some((key.clone(), String::new())),
        Value::Array(pair) => match pair.as_slice() {
            [key] => word(key).map(|key| (key, String::new())),
            [key, value] => word(key).zip(word(value)),
            _ => None,
        },
        Value::Object(object) => {
            if let Some(other) = object.keys().find(|name| !matches!(name.as_str(), "key" | "value")) {
                return Err(format!("unknown name `{other}`: {expected}"));
            }
            object.get("key").and_then(word).zip(object.get("value").map_or(Some(String::new()), word))
        }
        _ => None,
    };
    entry.map(Some).ok_or_else(|| expected.to_owned())
}

/// The key folded; both within their limits.
fn checked(key: &str, value: String) -> Result<(String, String), String> {
    let key = list_key(key);
    if key.is_empty() {
        return Err("the key is empty".into());
    }
    if key.chars().chain(value.chars()).any(char::is_control) {
        return Err("there is a control character in it".into());
    }
    if key.len() > LIST_KEY_BYTES {
        return Err(format!("the key has {} bytes, more than {LIST_KEY_BYTES}", key.len()));
    }
    if value.len() > LIST_VALUE_BYTES {
        return Err(format!("the value has {} bytes, more than {LIST_VALUE_BYTES}", value.len()));
    }
    Ok((key, value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str, form: Form) -> Vec<(String, String)> {
        let (table, _) = parse(text.as_bytes(), form).unwrap();
        table.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    fn pairs(entries: &[(&str, &str)]) -> Vec<(String, String)> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_three_forms_give_the_same_entries_whatever_ends_their_lines() {
        let expected = pairs(&[("anna@x.example", "fraud, team 2"), ("ben@x.example", "")]);
        let csv = "key,value\r\nAnna@X.example ,\"fraud, team 2\"\r\n\r\nben@x.example\r\n";
        assert_eq!(read(csv, Form::Csv), expected);
        let ndjson = "{\"key\":\"anna@x.example\",\"value\":\"fraud, team 2\"}\n\"BEN@x.example\"\r\n";
        assert_eq!(read(ndjson, Form::Ndjson), expected);
        assert_eq!(read("\u{feff}# who\nB\r\n\r\n a \n", Form::Text), pairs(&[("a", ""), ("b", "")]));
        assert_eq!(parse(b"a\nb\nA\n", Form::Text).unwrap().1, 1);
        assert_eq!(
            ["x.csv", "x.JSONL", "x.txt", "x"].map(Form::of_name),
            [Form::Csv, Form::Ndjson, Form::Text, Form::Text]
        );
    }

    #[test]
    fn every_line_that_is_not_understood_is_named_and_nothing_is_taken() {
        let said = |bytes: &[u8], form| parse(bytes, form).unwrap_err().to_string();
        let long = "k".repeat(LIST_KEY_BYTES + 1);
        assert_eq!(
            said(format!("a\r\n{long}\r\nb\tc\r\n").as_bytes(), Form::Text),
            "line 2: the key has 1025 bytes, more than 1024; line 3: there is a control character in it"
        );
        assert_eq!(said(b"a\n\xFFb\n", Form::Text), "line 2: not UTF-8 text, at byte 1");
        assert_eq!(
            said(b"a,b\n\"two\nlines\",x\n,x\n", Form::Csv),
            "line 2: there is a control character in it; line 4: there is a value and no key"
        );
        assert_eq!(said(b"key\r\na\r\n\r\n,x\r\n", Form::Csv), "line 4: there is a value and no key");
        let wide = "x".repeat(20_000);
        assert_eq!(
            said(format!("a,b\n{wide},b\nc\n").as_bytes(), Form::Csv),
            "line 2: a row is too long, or has more than 16 columns"
        );
        let ndjson = said(b"{\"key\":\"a\"}\n{\"kee\":\"a\"}\n[1,2,3]\nnope\n", Form::Ndjson);
        assert!(
            ndjson.contains("line 2: unknown name `kee`")
                && ndjson.contains("line 3: expected")
                && ndjson.contains("line 4: no JSON"),
            "{ndjson}"
        );
        let many = "\"\"\n".repeat(50);
        let many = said(many.as_bytes(), Form::Ndjson);
        assert!(many.ends_with("; and 30 lines more"), "{many}");
    }
}
