//! The writer's thread: takes the requests that wait, writes them, syncs each file once, several at a time, then answers.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};

use super::entries::Entries;
use super::keys::NONE;
use super::record::{Header, PARTS, RECORD_BYTES, Request};
use super::stream::{Open, Stream, lock};
use super::{AppendError, Appended, JournalError, Shared, segment, sync};

/// Bytes after which a group is written, though more requests wait.
const GROUP_BYTES: usize = 16 << 20;
/// Requests of a group at most.
const GROUP: usize = 1_024;

/// A request on its way to the disk.
pub(super) struct Job {
    pub(super) stream: Arc<Mutex<Stream>>,
    pub(super) request: Request,
    pub(super) answer: Box<dyn FnOnce(Result<Appended, AppendError>) + Send>,
}

impl Job {
    fn bytes(&self) -> usize {
        self.request.parts.iter().map(|part| part.packed.len() + 512).sum()
    }
}

/// See the module.
pub(super) struct Writer {
    shared: Arc<Shared>,
    jobs: Receiver<Job>,
    tell: Sender<()>,
}

/// What one group adds to one stream.
struct Written {
    stream: Arc<Mutex<Stream>>,
    file: Arc<File>,
    path: PathBuf,
    /// Where the group begins, and where it ends.
    durable: u64,
    end: u64,
    records: Vec<(u64, Header)>,
    answers: Vec<(Appended, Answer)>,
    /// Requests that were there already.
    repeats: Vec<(Appended, Answer)>,
    /// Sequence number of the next event.
    next: u64,
}

type Answer = Box<dyn FnOnce(Result<Appended, AppendError>) + Send>;

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, jobs: Receiver<Job>, tell: Sender<()>) -> Self {
        Self { shared, jobs, tell }
    }

    pub(super) fn run(self) {
        while let Ok(job) = self.jobs.recv() {
            let mut group = vec![job];
            let mut bytes = group.first().map_or(0, Job::bytes);
            while bytes < GROUP_BYTES
                && group.len() < GROUP
                && let Ok(job) = self.jobs.try_recv()
            {
                bytes += job.bytes();
                group.push(job);
            }
            self.group(group, bytes as u64);
            // One message that waits stands for all.
            let _ = self.tell.try_send(());
        }
    }

    fn group(&self, group: Vec<Job>, bytes: u64) {
        if let Err(error) = self.shared.room(bytes) {
            group.into_iter().for_each(|job| (job.answer)(Err(error.clone())));
            return;
        }
        let mut by_stream: Vec<(Arc<Mutex<Stream>>, Vec<Job>)> = Vec::new();
        for job in group {
            if let Err(error) = sound(&job.request) {
                (job.answer)(Err(error));
                continue;
            }
            match by_stream.iter_mut().find(|(stream, _)| Arc::ptr_eq(stream, &job.stream)) {
                Some((_, jobs)) => jobs.push(job),
                None => by_stream.push((Arc::clone(&job.stream), vec![job])),
            }
        }
        let written: Vec<Written> =
            by_stream.into_iter().filter_map(|(stream, jobs)| self.write(stream, jobs)).collect();
        let files: Vec<&File> = written.iter().map(|group| &*group.file).collect();
        let begun = Instant::now();
        let synced = sync::all(&files);
        if let (Some(told), false) = (self.shared.synced.get(), files.is_empty()) {
            told(begun.elapsed());
        }
        for (group, synced) in written.into_iter().zip(synced) {
            match synced {
                Ok(()) => publish(group),
                Err(error) => give_up(group, &error),
            }
        }
    }

    /// Writes the requests of one stream behind each other; answers them itself when that fails.
    fn write(&self, stream: Arc<Mutex<Stream>>, jobs: Vec<Job>) -> Option<Written> {
        let (file, path, durable, mut next) = match self.ready(&stream) {
            Ok(ready) => ready,
            Err(error) => {
                refuse(jobs.into_iter().map(|job| job.answer), &error.file, &error.reason);
                return None;
            }
        };
        let mut bytes = Vec::new();
        let mut records = Vec::with_capacity(jobs.len());
        let mut answers = Vec::with_capacity(jobs.len());
        let mut repeats = Vec::new();
        for Job { request, answer, .. } in jobs {
            // What stands in this group already is answered with it; what is durable already, too.
            let in_group = records.iter().find(|(_, header): &&(u64, Header)| header.key == request.key);
            let known = in_group.map(|(_, header)| Appended::of(header)).filter(|_| request.key != NONE);
            if let Some(first_time) = known.or_else(|| lock(&stream).keys.get(request.key)) {
                repeats.push((Appended { repeated: true, ..first_time }, answer));
                continue;
            }
            let header = request.header(next, durable);
            let rows = request.rows();
            // What was just made is read as it will be read from the file.
            let Some(read) = Header::read(&header) else {
                answer(Err(AppendError::Request("the request makes no readable record".into())));
                continue;
            };
            records.push((durable + bytes.len() as u64, read));
            bytes.extend_from_slice(&header);
            request.parts.iter().for_each(|part| bytes.extend_from_slice(&part.packed));
            answers.push((Appended { first: next, rows, repeated: false }, answer));
            next += rows;
        }
        let end = durable + bytes.len() as u64;
        let group = Written { stream, file, path, durable, end, records, answers, repeats, next };
        match group.file.write_all_at(&bytes, durable) {
            Ok(()) => Some(group),
            Err(error) => {
                give_up(group, &error);
                None
            }
        }
    }

    /// The open segment, a new one where there is none or it is full: file, path, bytes, next sequence number.
    fn ready(&self, stream: &Mutex<Stream>) -> Result<(Arc<File>, PathBuf, u64, u64), JournalError> {
        let mut stream = lock(stream);
        if stream.open.as_ref().is_some_and(|open| open.durable >= self.shared.options.segment_bytes) {
            stream.close()?;
        }
        if stream.open.is_none() {
            let open = begin(&stream, &self.shared.options.folder)?;
            stream.open = Some(open);
        }
        let next = stream.next;
        match &stream.open {
            Some(open) => Ok((Arc::clone(&open.file), open.path.clone(), open.durable, next)),
            None => Err(JournalError::new(&stream.folder, "no segment could be begun")),
        }
    }
}

fn sound(request: &Request) -> Result<(), AppendError> {
    let bytes: usize = request.parts.iter().map(|part| part.unpacked as usize).sum();
    let refuse = |reason: String| Err(AppendError::Request(reason));
    match request.parts.len() {
        0 => refuse("the request holds no event".into()),
        1..=PARTS if bytes <= RECORD_BYTES => Ok(()),
        1..=PARTS => refuse(format!("{bytes} bytes of events, and one request may hold {RECORD_BYTES}: send fewer")),
        sources => refuse(format!("events of {sources} sources, and one request may hold {PARTS}: send fewer")),
    }
}

/// A new segment, durable with its name.
fn begin(stream: &Stream, journal: &Path) -> Result<Open, JournalError> {
    let path = segment::path(&stream.folder, stream.next);
    let made = || -> io::Result<File> {
        if !stream.folder.exists() {
            std::fs::create_dir_all(&stream.folder)?;
            File::open(journal)?.sync_all()?;
        }
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
        file.write_all_at(&segment::header(&stream.force, stream.next), 0)?;
        file.sync_all()?;
        File::open(&stream.folder)?.sync_all()?;
        Ok(file)
    };
    let file = made().map_err(|error| JournalError::new(&path, error))?;
    Ok(Open { file: Arc::new(file), path, entries: Entries::new(stream.next), durable: segment::START })
}

/// What is durable now may be read, and is answered.
fn publish(group: Written) {
    {
        let mut stream = lock(&group.stream);
        if let Some(open) = &mut stream.open {
            group.records.iter().for_each(|(offset, header)| open.entries.push(*offset, header));
            open.durable = group.end;
        }
        for (_, header) in &group.records {
            stream.keys.insert(header.key, Appended::of(header));
        }
        stream.next = group.next;
    }
    for (appended, answer) in group.answers.into_iter().chain(group.repeats) {
        answer(Ok(appended));
    }
}

/// The disk failed. What may have reached the file is cut off; where even that fails, the segment is left as it is and its
/// numbers are not given again. After a failed sync nobody knows what the file holds, so a new segment is begun either way.
fn give_up(group: Written, error: &io::Error) {
    {
        let mut stream = lock(&group.stream);
        let cut = group.file.set_len(group.durable).and_then(|()| group.file.sync_all());
        if cut.is_err() {
            stream.next = group.next;
        }
        if let Err(error) = stream.close() {
            tracing::warn!("{error}");
        }
    }
    let waiting = group.answers.into_iter().chain(group.repeats);
    refuse(waiting.map(|(_, answer)| answer), &group.path, &error.to_string());
}

fn refuse(answers: impl Iterator<Item = Answer>, file: &Path, reason: &str) {
    let error = AppendError::Disk { file: file.to_owned(), reason: reason.to_owned() };
    answers.for_each(|answer| answer(Err(error.clone())));
}
