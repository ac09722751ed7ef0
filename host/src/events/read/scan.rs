//! Where a JSON value ends, without parsing it: strings, escapes and the brackets of its own kind are followed. What is
//! inside may be broken; the batcher will say so.

/// A scan that goes on over several windows of the input.
#[derive(Debug, Default)]
pub(super) struct Value {
    /// `{` or `[`, once seen.
    open: u8,
    depth: usize,
    string: bool,
    escape: bool,
    /// Bytes looked at so far.
    pub(super) scanned: usize,
}

impl Value {
    /// Inside an object whose `{` has been consumed.
    pub(super) fn inside_object() -> Self {
        Self { open: b'{', depth: 1, ..Self::default() }
    }

    /// Looks at more bytes, which begin at `scanned`. The position after the value's end within `bytes`, when it ends there.
    ///
    /// A value that is no array or object ends before `,`, `]`, `}` or white space outside of strings.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.string {
                at = self.inside_string(bytes, at);
                continue;
            }
            let byte = bytes[at];
            match byte {
                b'"' => {
                    self.string = true;
                    if self.open == 0 {
                        self.open = byte;
                    }
                }
                b'{' | b'[' if self.open == 0 || byte == self.open => {
                    self.open = byte;
                    self.depth += 1;
                }
                b'}' | b']' if self.depth > 0 && byte == self.open + 2 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return self.end(at + 1);
                    }
                }
                b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => return self.end(at),
                _ if self.open == 0 => self.open = byte,
                _ => {}
            }
            at += 1;
        }
        self.scanned += bytes.len();
        None
    }

    fn end(&mut self, at: usize) -> Option<usize> {
        self.scanned += at;
        Some(at)
    }

    fn inside_string(&mut self, bytes: &[u8], at: usize) -> usize {
        if self.escape {
            self.escape = false;
            return at + 1;
        }
        match memchr::memchr2(b'"', b'\\', &bytes[at..]) {
            None => bytes.len(),
            Some(found) => {
                match bytes[at + found] {
                    b'"' => self.string = false,
                    _ => self.escape = true,
                }
                at + found + 1
            }
        }
    }
}
