//! Purview's CSV export: the events stand as JSON in the column `AuditData`; the other columns repeat parts of them.
//!
//! PowerShell's `#TYPE` line, any line ends, `,` `;` or tab between columns, quoted line feeds. Bounded memory: other
//! columns are read through, an oversized cell is counted and skipped.

use cordon_contract::limits::EVENT_BYTES;
use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use super::buffer::Buffer;
use super::{Piece, RawEvent, Refusal, Stop, Text};
use crate::events::batcher::too_large;

const COLUMN: &str = "AuditData";

/// What the first lines say of the file.
pub(super) struct Header {
    delimiter: u8,
    /// Position of `AuditData`.
    column: usize,
    /// Bytes of the `#TYPE` line.
    skip: usize,
}

pub(super) struct Rows {
    reader: Reader,
    column: usize,
    cell: Vec<u8>,
}

/// Finds the column. `Err` names the columns where it is a CSV without it, and is empty where it is no CSV.
pub(super) fn header(head: &[u8]) -> Result<Header, Option<Vec<String>>> {
    let skip = if head.starts_with(b"#TYPE") { memchr::memchr(b'\n', head).map_or(head.len(), |at| at + 1) } else { 0 };
    let mut best: Vec<String> = Vec::new();
    for delimiter in [b',', b';', b'\t'] {
        let names = first_record(&head[skip..], delimiter);
        if let Some(column) = names.iter().position(|name| name.trim().eq_ignore_ascii_case(COLUMN)) {
            return Ok(Header { delimiter, column, skip });
        }
        if names.len() > best.len() {
            best = names;
        }
    }
    let looks = best.len() > 1 && best.iter().all(|name| name.len() <= 64 && !name.contains(['{', '}']));
    Err(looks.then_some(best))
}

fn first_record(head: &[u8], delimiter: u8) -> Vec<String> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
    let mut names = Vec::new();
    let mut input = head;
    let mut out = [0; 1024];
    let mut written = 0;
    loop {
        let (result, read, wrote) = reader.read_field(input, &mut out[written..]);
        input = &input[read..];
        written += wrote;
        match result {
            // The header must stand in the window; `read_field` takes empty input as the end.
            ReadFieldResult::InputEmpty => {}
            ReadFieldResult::OutputFull | ReadFieldResult::End => return names,
            ReadFieldResult::Field { record_end } => {
                names.push(String::from_utf8_lossy(&out[..written]).into_owned());
                written = 0;
                if record_end || names.len() == 256 {
                    return names;
                }
            }
        }
    }
}

/// What became of one cell.
enum Cell {
    Read { record_end: bool },
    TooLarge { record_end: bool, bytes: u64 },
    End,
}

impl Rows {
    pub(super) fn new(header: Header, buffer: &mut Buffer) -> Result<Self, Stop> {
        buffer.consume(header.skip);
        let reader = ReaderBuilder::new().delimiter(header.delimiter).build();
        let mut rows = Self { reader, column: header.column, cell: vec![0; 16 << 10] };
        // The header itself.
        while let Cell::Read { record_end: false } | Cell::TooLarge { record_end: false, .. } = rows.cell(buffer)?.0 {}
        Ok(rows)
    }

    pub(super) fn next(&mut self, text: &mut Text) -> Result<Piece, Stop> {
        // Line ends before a row are the last row's, or blank lines: the row stands after them.
        text.buffer.skip(|byte| matches!(byte, b'\r' | b'\n'))?;
        let origin = text.origin(text.buffer.line());
        let mut event = None;
        let mut columns = 0;
        loop {
            let (cell, len) = self.cell(&mut text.buffer)?;
            let record_end = match cell {
                Cell::End if columns == 0 => return Ok(None),
                Cell::End => true,
                Cell::Read { record_end } | Cell::TooLarge { record_end, .. } => {
                    if columns == self.column {
                        event = Some(match cell {
                            Cell::TooLarge { bytes, .. } => Err(too_large(bytes)),
                            _ => Ok(self.cell[..len].trim_ascii().to_vec()),
                        });
                    }
                    columns += 1;
                    record_end
                }
            };
            if record_end {
                break;
            }
        }
        let refused = |(kind, reason)| Refusal { origin: origin.clone(), kind, reason };
        Ok(Some(match event {
            Some(Ok(bytes)) if bytes.is_empty() => Err(refused((
                "no-audit-data",
                "the row's AuditData is empty: export it again with all columns".to_owned(),
            ))),
            Some(Ok(bytes)) => Ok(RawEvent { bytes, origin }),
            Some(Err(reason)) => Err(refused(reason)),
            None => Err(refused((
                "no-audit-data",
                format!("the row has {columns} columns, AuditData is column {}: is a quote missing?", self.column + 1),
            ))),
        }))
    }

    /// One cell into `self.cell`; its length.
    fn cell(&mut self, buffer: &mut Buffer) -> Result<(Cell, usize), Stop> {
        let (mut written, mut dropped) = (0, 0u64);
        loop {
            if buffer.available().is_empty() {
                buffer.fill()?;
            }
            // Empty input tells the reader that the file has ended.
            let (result, read, wrote) = self.reader.read_field(buffer.available(), &mut self.cell[written..]);
            buffer.consume(read);
            written += wrote;
            match result {
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::OutputFull if self.cell.len() <= EVENT_BYTES => {
                    self.cell.resize(self.cell.len() * 2, 0)
                }
                ReadFieldResult::OutputFull => {
                    dropped += written as u64;
                    written = 0;
                }
                ReadFieldResult::Field { record_end } if dropped > 0 || written > EVENT_BYTES => {
                    return Ok((Cell::TooLarge { record_end, bytes: dropped + written as u64 }, 0));
                }
                ReadFieldResult::Field { record_end } => return Ok((Cell::Read { record_end }, written)),
                ReadFieldResult::End => return Ok((Cell::End, 0)),
            }
        }
    }
}
