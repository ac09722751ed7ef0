//! Follows one NDJSON file as it grows, over rotation and truncation.
//!
//! What is to be taken next is marked before it is taken: from where, to where. After a crash exactly those bytes are taken
//! again under the same key. When another file has the name, the old one is read to its end first: it is still open, or,
//! after a restart, looked for in its folder by its number.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordon_contract::limits::EVENT_BYTES;

use super::bring::{Bringer, Stopping};
use super::marks::{FollowMark, Marks};
use crate::events::{EventOrigin, RawEvent, Refusal};
use crate::ids::Digest;

/// Between two looks when there was nothing new.
const LOOK: Duration = Duration::from_millis(500);
/// How long a file that has lost its name must have been quiet, before it counts as ended.
const QUIET: Duration = Duration::from_secs(2);
/// Bytes taken at a time. A line that is longer is too large.
const PIECE: u64 = 4 << 20;
const _: () = assert!(PIECE as usize > EVENT_BYTES);
/// Bytes at the beginning of a file by which it is known again.
const HEAD: u64 = 1_024;

/// Looks until the host stops.
pub(super) fn run(bringer: &Bringer, path: &Path) {
    let marks = Marks::new(&bringer.store, b'f', &bringer.force, path);
    let Ok(mark) = bringer.insist(|| marks.get::<FollowMark>()) else { return };
    let mut follow = Follow { bringer, path, marks, open: None, mark: mark.unwrap_or_default(), quiet: Instant::now() };
    loop {
        let looked = match bringer.may_send() {
            Ok(()) => follow.look(),
            Err(problem) => Ok(Err(problem)),
        };
        let more = match looked {
            Err(Stopping) => return,
            Ok(Ok(more)) => {
                bringer.standing.problem(None);
                more
            }
            Ok(Err(problem)) => {
                bringer.standing.problem(Some(problem));
                false
            }
        };
        if bringer.sleep(if more { Duration::ZERO } else { LOOK }).is_err() {
            return;
        }
    }
}

struct Follow<'a> {
    bringer: &'a Bringer,
    path: &'a Path,
    marks: Marks<'a>,
    open: Option<File>,
    mark: FollowMark,
    /// When something was taken last.
    quiet: Instant,
}

/// What a look came to: whether there may be more at once, or what is wrong.
type Looked = Result<Result<bool, String>, Stopping>;

impl Follow<'_> {
    fn look(&mut self) -> Looked {
        let Some(file) = self.open.take() else { return self.reopen() };
        let about = match file.metadata() {
            Ok(about) => about,
            Err(error) => return Ok(Err(format!("cannot be read: {error}"))),
        };
        if about.len() < self.mark.offset.max(self.mark.end) || !self.is_same(&file) {
            tracing::warn!("{}: was truncated or written anew: followed from its beginning", self.path.display());
            self.begin(&about)?;
            self.open = Some(file);
            return Ok(Ok(true));
        }
        let named = fs::metadata(self.path).ok().map(|about| (about.dev(), about.ino()));
        let lost_its_name = named.is_some_and(|named| named != (self.mark.device, self.mark.inode));
        let ended = lost_its_name && self.quiet.elapsed() > QUIET;
        let taken = match self.piece(&file, about.len(), ended) {
            Ok(piece) => self.take(piece)?,
            Err(error) => return Ok(Err(format!("cannot be read: {error}"))),
        };
        if taken {
            self.quiet = Instant::now();
        } else if ended {
            // Nothing is left of it: on with the one that has the name now.
            self.mark = FollowMark::default();
            self.bringer.insist(|| self.marks.put(&self.mark))?;
            self.bringer.standing.ended_file();
            return Ok(Ok(true));
        }
        self.open = Some(file);
        Ok(Ok(taken))
    }

    /// Opens the file that the mark is of, else the one that has the name now.
    fn reopen(&mut self) -> Looked {
        let opened = File::open(self.path).and_then(|file| Ok((file.metadata()?, file)));
        if self.mark.inode != 0 {
            let is_it = |about: &fs::Metadata| (about.dev(), about.ino()) == (self.mark.device, self.mark.inode);
            match (&opened, self.renamed()) {
                (Ok((about, _)), _) if is_it(about) => {}
                (_, Some(file)) => {
                    self.open = Some(file);
                    return Ok(Ok(true));
                }
                (Ok(_), None) => {
                    let (path, offset) = (self.path.display(), self.mark.offset);
                    tracing::error!(
                        "{path}: the file that was followed up to byte {offset} is gone: what it had behind that is lost"
                    );
                }
                (Err(_), None) => {}
            }
        }
        match opened {
            Ok((about, _)) if !about.is_file() => Ok(Err("is no plain file".into())),
            Ok((about, file)) => {
                if (about.dev(), about.ino()) != (self.mark.device, self.mark.inode) {
                    self.begin(&about)?;
                }
                self.open = Some(file);
                Ok(Ok(true))
            }
            Err(error) => Ok(Err(format!("cannot be opened: {error}"))),
        }
    }

    /// From the beginning of a file.
    fn begin(&mut self, about: &fs::Metadata) -> Result<(), Stopping> {
        self.mark = FollowMark { device: about.dev(), inode: about.ino(), ..FollowMark::default() };
        self.quiet = Instant::now();
        self.bringer.insist(|| self.marks.put(&self.mark))
    }

    /// The file of the mark under another name in the same folder.
    fn renamed(&self) -> Option<File> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let is_it = |path: &PathBuf| {
            let about = fs::symlink_metadata(path);
            about.is_ok_and(|about| (about.dev(), about.ino()) == (self.mark.device, self.mark.inode))
        };
        let found = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).find(is_it)?;
        if found == self.path { None } else { File::open(found).ok() }
    }

    /// Whether the file begins as it did.
    fn is_same(&self, file: &File) -> bool {
        self.mark.head.is_none_or(|(bytes, digest)| head(file, bytes).is_ok_and(|now| now == digest))
    }

    /// The next whole lines, as many as a piece holds; what was marked before a crash, as it was marked. None where there
    /// are none yet. Of a file that has ended, the last line needs no end.
    fn piece(&self, file: &File, bytes: u64, ended: bool) -> io::Result<Option<Piece>> {
        let FollowMark { offset, end, lines, passing, .. } = self.mark;
        let marked = end > offset;
        let until = if marked { end } else { bytes.min(offset.saturating_add(PIECE)) };
        let mut text = vec![0; usize::try_from(until.saturating_sub(offset)).unwrap_or(0)];
        file.read_exact_at(&mut text, offset)?;
        let whole = memchr::memrchr(b'\n', &text).map(|at| at + 1);
        let full = text.len() as u64 == PIECE;
        let cut = match whole {
            _ if marked => text.len(),
            Some(whole) => whole,
            None if full || ended => text.len(),
            None => 0,
        };
        text.truncate(cut);
        if text.is_empty() {
            return Ok(None);
        }
        let goes_on = whole.is_none() && full;
        let mark = FollowMark { end: offset + cut as u64, ..self.mark };
        let head_bytes = mark.end.min(HEAD);
        let mut piece = Piece {
            next: FollowMark {
                offset: mark.end,
                head: Some((head_bytes, head(file, head_bytes)?)),
                passing: goes_on,
                lines: lines + memchr::memchr_iter(b'\n', &text).count() as u64,
                ..mark
            },
            mark,
            events: Vec::new(),
        };
        let mut rest = text.as_slice();
        let mut line = lines + 1;
        if passing {
            if goes_on {
                return Ok(Some(piece));
            }
            // The end of a line that was refused already.
            let passed = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            rest = rest.get(passed..).unwrap_or_default();
            line += 1;
        }
        let file: Arc<str> = self.path.display().to_string().into();
        for bytes in rest.split(|byte| *byte == b'\n') {
            let origin = EventOrigin { file: Arc::clone(&file), line, unit: "line" };
            line += 1;
            if goes_on {
                let reason = format!("the line has more than {EVENT_BYTES} bytes; it was skipped");
                piece.events.push(Err(Refusal { origin, kind: "too-large", reason }));
            } else if !bytes.trim_ascii().is_empty() {
                piece.events.push(Ok(RawEvent { bytes: bytes.trim_ascii().to_vec(), origin }));
            }
        }
        Ok(Some(piece))
    }

    /// Marks, brings, and moves on. False where there was nothing.
    fn take(&mut self, piece: Option<Piece>) -> Result<bool, Stopping> {
        let Some(Piece { mark, next, events }) = piece else { return Ok(false) };
        if !events.is_empty() {
            if self.mark != mark {
                self.bringer.insist(|| self.marks.put(&mark))?;
                self.mark = mark;
            }
            let (path, FollowMark { device, inode, offset, end, .. }) = (self.path.display(), mark);
            self.bringer.bring(format!("follow {path}, file {device}/{inode}, bytes {offset} to {end}"), &events)?;
        }
        self.bringer.insist(|| self.marks.put(&next))?;
        self.mark = next;
        Ok(true)
    }
}

/// What is taken at once.
struct Piece {
    /// The mark while it is under way.
    mark: FollowMark,
    /// The mark after it.
    next: FollowMark,
    events: Vec<Result<RawEvent, Refusal>>,
}

fn head(file: &File, bytes: u64) -> io::Result<Digest> {
    let mut text = vec![0; usize::try_from(bytes.min(HEAD)).unwrap_or(0)];
    file.read_exact_at(&mut text, 0)?;
    Ok(Digest::of(&text))
}
