//! Text encodings: UTF-8 with or without its mark, UTF-16 in either order, as UTF-8.
//!
//! What is no valid UTF-16 becomes a byte that is no valid UTF-8, so that the one event it stands in is refused, never
//! altered.

use std::io::{self, Cursor, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_16BE, UTF_16LE};

use super::input::peek;

/// Stands for a unit that is no text; no UTF-8 text holds it.
const NO_TEXT: u8 = 0xff;

pub(super) fn to_utf8(mut source: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let (mut head, _) = peek(&mut source, 3)?;
    let (encoding, mark): (Option<&'static Encoding>, usize) = match head.as_slice() {
        [0xef, 0xbb, 0xbf] => (None, 3),
        [0xff, 0xfe, ..] => (Some(UTF_16LE), 2),
        [0xfe, 0xff, ..] => (Some(UTF_16BE), 2),
        // Without a mark, but nothing else begins so.
        [b'{' | b'[' | b'"' | b'#', 0, ..] => (Some(UTF_16LE), 0),
        [0, b'{' | b'[' | b'"' | b'#', ..] => (Some(UTF_16BE), 0),
        _ => (None, 0),
    };
    head.drain(..mark);
    let rest = Cursor::new(head).chain(source);
    Ok(match encoding {
        None => Box::new(rest),
        Some(encoding) => Box::new(Utf16 {
            source: rest,
            decoder: encoding.new_decoder_without_bom_handling(),
            input: vec![0; 64 << 10],
            at: 0,
            end: 0,
            ended: false,
            finished: false,
            owed: false,
        }),
    })
}

struct Utf16<R> {
    source: R,
    decoder: Decoder,
    input: Vec<u8>,
    at: usize,
    end: usize,
    ended: bool,
    finished: bool,
    /// A `NO_TEXT` for which there was no room.
    owed: bool,
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written == 0 && !out.is_empty() {
            if self.owed {
                self.owed = false;
                out[0] = NO_TEXT;
                return Ok(1);
            }
            if self.finished {
                return Ok(0);
            }
            if self.at == self.end && !self.ended {
                self.at = 0;
                self.end = self.source.read(&mut self.input)?;
                self.ended = self.end == 0;
            }
            let (result, read, wrote) =
                self.decoder.decode_to_utf8_without_replacement(&self.input[self.at..self.end], out, self.ended);
            self.at += read;
            written = wrote;
            match result {
                DecoderResult::InputEmpty => self.finished = self.ended,
                DecoderResult::OutputFull if wrote == 0 => {
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, "no room for one character"));
                }
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.owed = true,
            }
        }
        Ok(written)
    }
}
