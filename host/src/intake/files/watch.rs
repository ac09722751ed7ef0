//! Takes each complete file of a folder once.
//!
//! A file is complete when it has not changed between two looks that are [`SETTLED`] apart; hidden files and folders are
//! left alone, so a writer may write `.name` and rename it. A file that changes after it was taken is taken again, whole.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::Done;
use super::bring::{Bringer, Stopping};
use super::marks::{FileMark, Marks};
use crate::events::{EventReader, Input, RawEvent, Refusal};
use crate::ids::Digest;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// How long a file must have stayed as it is.
const SETTLED: Duration = Duration::from_secs(2);
/// How long a file may change before that is said.
const UNSETTLED: Duration = Duration::from_secs(600);
/// Bytes of one piece, about.
const PIECE: usize = 4 << 20;
/// Files of a folder that are looked at.
const FILES: usize = 100_000;

/// Bytes and time of a file, by which a change shows.
type State = (u64, i64);

struct Seen {
    state: State,
    since: Instant,
    first: Instant,
}

/// Looks until the host stops.
pub(super) fn run(bringer: &Bringer, folder: &Path, done: Done) {
    let marks = Marks::new(&bringer.store, b'w', &bringer.force, folder);
    let Ok(known) = bringer.insist(|| marks.files()) else { return };
    let known = known.into_iter().map(|mark| (mark.name.clone(), mark)).collect();
    let mut watch = Watch { bringer, folder, done, marks, known, seen: HashMap::new() };
    loop {
        match watch.look() {
            Ok(problem) => bringer.standing.problem(problem),
            Err(Stopping) => return,
        }
        if bringer.sleep(LOOK).is_err() {
            return;
        }
    }
}

struct Watch<'a> {
    bringer: &'a Bringer,
    folder: &'a Path,
    done: Done,
    marks: Marks<'a>,
    known: BTreeMap<String, FileMark>,
    seen: HashMap<String, Seen>,
}

impl Watch<'_> {
    /// Takes what is complete. What is wrong with the folder or a file of it.
    fn look(&mut self) -> Result<Option<String>, Stopping> {
        if let Err(problem) = self.bringer.may_send() {
            return Ok(Some(problem));
        }
        let files = match list(self.folder) {
            Ok(files) => files,
            Err(error) => return Ok(Some(format!("the folder cannot be read: {error}"))),
        };
        let mut problem = (files.len() > FILES)
            .then(|| format!("the folder has more than {FILES} files: those beyond are not looked at; take some away"));
        self.seen.retain(|name, _| files.contains_key(name));
        let gone: Vec<String> = self.known.keys().filter(|name| !files.contains_key(*name)).cloned().collect();
        for name in gone {
            self.bringer.insist(|| self.marks.forget(&name))?;
            self.known.remove(&name);
        }
        for (name, state) in files.into_iter().take(FILES) {
            match self.file(&name, state)? {
                Ok(()) => {}
                Err(reason) => problem = problem.or(Some(format!("{name}: {reason}"))),
            }
        }
        Ok(problem)
    }

    /// One file, as it is now.
    fn file(&mut self, name: &str, state: State) -> Result<Result<(), String>, Stopping> {
        if let Some(mark) = self.known.get(name).filter(|mark| mark.ended && (mark.bytes, mark.changed) == state) {
            return Ok(match &mark.broken {
                Some(reason) => Err(reason.clone()),
                None => self.put_away(name, state, mark.digest),
            });
        }
        let now = Instant::now();
        let seen = self.seen.entry(name.to_owned()).or_insert(Seen { state, since: now, first: now });
        if seen.state != state {
            (seen.state, seen.since) = (state, now);
        }
        if seen.since.elapsed() < SETTLED {
            let late = seen.first.elapsed() > UNSETTLED;
            return Ok(if late { Err("it is still being written after ten minutes".into()) } else { Ok(()) });
        }
        self.take(name, state)
    }

    fn take(&mut self, name: &str, state: State) -> Result<Result<(), String>, Stopping> {
        let path = self.folder.join(name);
        let digest = match digest(&path) {
            Ok(digest) => digest,
            Err(error) => return Ok(Err(format!("cannot be read: {error}"))),
        };
        let before = self.known.get(name).filter(|mark| mark.digest == digest && !mark.ended);
        let pieces = before.map_or(0, |mark| mark.pieces);
        let (bytes, changed) = state;
        let mut mark = FileMark { name: name.to_owned(), bytes, changed, digest, pieces, ended: false, broken: None };
        mark.broken = self.pieces(&path, &mut mark)?;
        mark.ended = true;
        self.bringer.insist(|| self.marks.put_file(&mark))?;
        self.bringer.standing.ended_file();
        let answer = match &mark.broken {
            Some(reason) => Err(reason.clone()),
            None => self.put_away(name, state, digest),
        };
        self.known.insert(name.to_owned(), mark);
        self.seen.remove(name);
        Ok(answer)
    }

    /// Brings the file's events, piece by piece. Why that did not come to its end.
    fn pieces(&self, path: &Path, mark: &mut FileMark) -> Result<Option<String>, Stopping> {
        let mut reader = match EventReader::open(&Input::File(path.to_owned())) {
            Ok(reader) => reader,
            Err(error) => return Ok(Some(error.reason)),
        };
        let (mut events, mut bytes, mut piece): (Vec<Result<RawEvent, Refusal>>, usize, u64) = (Vec::new(), 0, 0);
        loop {
            let next = reader.next();
            let ended = !matches!(next, Ok(Some(_)));
            let broken = match next {
                Ok(Some(event)) => {
                    // A refused line counts, too: a piece may not grow with them.
                    bytes += event.as_ref().map_or(0, |event| event.bytes.len()) + 64;
                    events.push(event);
                    None
                }
                Ok(None) => None,
                Err(error) => Some(error.reason),
            };
            if bytes >= PIECE || (ended && !events.is_empty()) {
                if piece >= mark.pieces {
                    let FileMark { name, bytes, digest, .. } = &*mark;
                    let folder = self.folder.display();
                    let key = format!("file {folder}/{name} of {bytes} bytes, {digest}, piece {piece}");
                    self.bringer.bring(key, &events)?;
                    mark.pieces = piece + 1;
                    self.bringer.insist(|| self.marks.put_file(mark))?;
                }
                events.clear();
                (bytes, piece) = (0, piece + 1);
            }
            if ended {
                return Ok(broken);
            }
        }
    }

    /// What is to be done with a file that was taken, unless it changed meanwhile.
    fn put_away(&self, name: &str, state: State, digest: Digest) -> Result<(), String> {
        let path = self.folder.join(name);
        if self.done == Done::Keep || fs::symlink_metadata(&path).map(|about| state_of(&about)).ok() != Some(state) {
            return Ok(());
        }
        let moved = || -> io::Result<()> {
            if self.done == Done::Delete {
                return fs::remove_file(&path);
            }
            let to = self.folder.join("done");
            fs::create_dir_all(&to)?;
            let free = Some(to.join(name)).filter(|to| !to.exists());
            fs::rename(&path, free.unwrap_or_else(|| to.join(format!("{name}.{}", digest.short()))))
        };
        moved().map_err(|error| format!("was taken, and cannot be put away: {error}"))
    }
}

/// Files by name. Hidden ones and what is no plain file are not among them.
fn list(folder: &Path) -> io::Result<BTreeMap<String, State>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        match entry.metadata() {
            Ok(about) if about.is_file() && !name.starts_with('.') => files.insert(name, state_of(&about)),
            _ => continue,
        };
        // One more than is looked at: that there are more is said.
        if files.len() > FILES {
            break;
        }
    }
    Ok(files)
}

fn state_of(about: &fs::Metadata) -> State {
    (about.len(), about.mtime().saturating_mul(1_000_000_000).saturating_add(about.mtime_nsec()))
}

fn digest(path: &Path) -> io::Result<Digest> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let mut chunk = vec![0; 256 << 10];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(Digest(hash.finalize().into())),
            read => hash.update(chunk.get(..read).unwrap_or_default()),
        }
    }
}
