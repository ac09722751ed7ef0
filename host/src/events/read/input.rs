//! What the user names: files, globs, standard input. Opens them and takes off compression and encoding.

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{ReadError, decode};

/// A file, or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Input {
    File(PathBuf),
    Stdin,
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("-"),
        }
    }
}

impl Input {
    /// Files, globs and `-`, in the given order, globs sorted. A directory, a glob without a match and a missing file are errors.
    ///
    /// # Errors
    /// Names the argument and the way out.
    pub fn expand(arguments: &[String]) -> Result<Vec<Input>, ReadError> {
        let mut inputs = Vec::new();
        for argument in arguments {
            let error = |reason: String| ReadError { file: argument.clone(), reason };
            let path = PathBuf::from(argument);
            if argument == "-" {
                inputs.push(Self::Stdin);
            } else if path.is_dir() {
                return Err(error(a_directory(argument)));
            } else if path.exists() {
                inputs.push(Self::File(path));
            } else if argument.contains(['*', '?', '[']) {
                let matches = glob::glob(argument).map_err(|bad| error(format!("is no glob: {bad}")))?;
                let mut files: Vec<PathBuf> = matches.filter_map(Result::ok).filter(|path| !path.is_dir()).collect();
                if files.is_empty() {
                    return Err(error("no file matches this glob: look with `ls`".into()));
                }
                files.sort();
                inputs.extend(files.into_iter().map(Self::File));
            } else {
                return Err(error("there is no such file: check the path, or give `-` for standard input".into()));
            }
        }
        Ok(inputs)
    }
}

fn a_directory(name: &str) -> String {
    format!("is a directory: name files, or a glob such as '{}/*.jsonl'", name.trim_end_matches('/'))
}

pub(super) struct Opened {
    /// Decompressed, as UTF-8.
    pub(super) text: Box<dyn Read + Send>,
    pub(super) compressed: Arc<AtomicU64>,
    pub(super) size: Option<u64>,
}

pub(super) fn open(input: &Input) -> Result<Opened, String> {
    let (source, size): (Box<dyn Read + Send>, _) = match input {
        Input::Stdin => (Box::new(io::stdin()), None),
        Input::File(path) => {
            let file = File::open(path).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => "there is no such file: check the path".to_owned(),
                _ => format!("cannot be opened: {error}"),
            })?;
            let about = file.metadata().map_err(|error| format!("cannot be read: {error}"))?;
            if about.is_dir() {
                return Err(a_directory(&path.display().to_string()));
            }
            (Box::new(file), about.is_file().then_some(about.len()))
        }
    };
    stream(source, size).map_err(|error| format!("cannot be read: {error}"))
}

/// Takes compression and encoding off bytes from anywhere; `size` where it is known.
pub(super) fn stream(source: Box<dyn Read + Send>, size: Option<u64>) -> io::Result<Opened> {
    let compressed = Arc::new(AtomicU64::new(0));
    let counted = Counted { source, read: Arc::clone(&compressed) };
    let text = decompress(counted).and_then(decode::to_utf8)?;
    Ok(Opened { text, compressed, size })
}

impl Opened {
    /// The same text, of which no more than so many bytes can be read; `over` tells that there were more.
    pub(super) fn bounded(self, bytes: u64, over: Arc<AtomicBool>) -> Self {
        Self { text: Box::new(Bounded { text: self.text, left: bytes, over }), ..self }
    }
}

struct Bounded {
    text: Box<dyn Read + Send>,
    left: u64,
    over: Arc<AtomicBool>,
}

impl Read for Bounded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(out)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => {
                self.over.store(true, Ordering::Relaxed);
                return Err(io::Error::other("the text is larger than one request may be"));
            }
        }
        Ok(read)
    }
}

struct Counted {
    source: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(out)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Takes off gzip (several members too) or zstd (several frames too), known by their first bytes.
fn decompress(mut source: Counted) -> io::Result<Box<dyn Read + Send>> {
    let (head, _) = peek(&mut source, 4)?;
    let whole = Cursor::new(head.clone()).chain(source);
    Ok(match head.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(io::BufReader::with_capacity(64 << 10, whole))),
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
            // 128 MiB of window at most: what `zstd` without `--long` makes.
            let mut decoder = zstd::stream::read::Decoder::new(whole)?;
            decoder.window_log_max(27)?;
            Box::new(decoder)
        }
        _ => Box::new(whole),
    })
}

/// Reads up to `bytes` bytes, fewer only where the input ends.
pub(super) fn peek(source: &mut impl Read, bytes: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut head = Vec::with_capacity(bytes);
    source.take(bytes as u64).read_to_end(&mut head)?;
    let ended = head.len() < bytes;
    Ok((head, ended))
}
