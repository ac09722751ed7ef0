//! A window on a stream of text: holds what is not yet consumed, and counts lines.

use std::io::{self, Read};

/// Bytes asked for at a time.
const CHUNK: usize = 256 << 10;

pub(super) struct Buffer {
    source: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    /// An error met while looking ahead: said when reading comes to it, so that what stands before it is read.
    ahead: Option<io::Error>,
    line: u64,
}

impl Buffer {
    pub(super) fn new(source: Box<dyn Read + Send>) -> Self {
        Self { source, bytes: Vec::new(), start: 0, end: 0, ended: false, ahead: None, line: 1 }
    }

    /// What has been read and not consumed.
    pub(super) fn available(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Reads more behind what is available. False when the input has ended.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        if let Some(error) = self.ahead.take() {
            self.ended = true;
            return Err(error);
        }
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.bytes.len() < self.end + CHUNK {
            self.bytes.resize(self.end + CHUNK, 0);
        }
        loop {
            match self.source.read(&mut self.bytes[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(read) => {
                    self.end += read;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Looks ahead: reads until at least that many bytes are available, or there are no more.
    pub(super) fn fill_to(&mut self, bytes: usize) {
        while self.available().len() < bytes && self.ahead.is_none() {
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => self.ahead = Some(error),
            }
        }
    }

    /// Consumes bytes, counting the lines that end in them.
    pub(super) fn consume(&mut self, bytes: usize) {
        let until = (self.start + bytes).min(self.end);
        self.line += memchr::memchr_iter(b'\n', &self.bytes[self.start..until]).count() as u64;
        self.start = until;
    }

    /// Consumes one line whose end is known: `bytes` with its line feed.
    pub(super) fn consume_line(&mut self, bytes: usize) {
        self.start = (self.start + bytes).min(self.end);
        self.line += 1;
    }

    /// The line that the first available byte stands in, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Consumes white space. The next byte, or `None` at the end.
    pub(super) fn skip_space(&mut self) -> io::Result<Option<u8>> {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
    }

    /// Consumes such bytes. The next other byte, or `None` at the end.
    pub(super) fn skip(&mut self, such: impl Fn(u8) -> bool) -> io::Result<Option<u8>> {
        loop {
            let available = self.available();
            if let Some(at) = available.iter().position(|byte| !such(*byte)) {
                let byte = available[at];
                self.consume(at);
                return Ok(Some(byte));
            }
            self.consume(available.len());
            if !self.fill()? {
                return Ok(None);
            }
        }
    }
}
