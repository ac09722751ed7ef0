//! The parent's side of preparation: starts the child, bounds it from outside, and reads its answer.

use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::prune::WORK_PREFIX;
use super::{Answer, Cache, Job};
use crate::ids::Digest;
use crate::sandbox::contract::shortened;
use crate::sandbox::{Caps, Limit, LoadError};

/// How often the child is looked at while it works.
const POLL: Duration = Duration::from_millis(3);
/// The wall clock stands so many times behind the CPU seconds.
const WALL_FACTOR: u32 = 4;
/// And never nearer than this: with few CPU seconds a busy machine would be there first.
const WALL_FLOOR: Duration = Duration::from_secs(60);
/// Bytes of the child's standard error that are kept.
const STDERR_BYTES: usize = 16 << 10;
/// Bytes of the child's answer at most.
const ANSWER_BYTES: u64 = 1 << 20;

/// Starts children.
#[derive(Debug)]
pub(in crate::sandbox) struct Preparer {
    binary: PathBuf,
    cpu_seconds: u32,
    memory_mib: u32,
}

/// What is to be prepared.
pub(in crate::sandbox) struct Request<'r> {
    pub(in crate::sandbox) key: Digest,
    pub(in crate::sandbox) wasm: &'r [u8],
    pub(in crate::sandbox) load_settings: String,
    pub(in crate::sandbox) guest_memory: usize,
    pub(in crate::sandbox) guest_table_elements: usize,
}

impl Preparer {
    pub(in crate::sandbox) fn new(binary: PathBuf, caps: &Caps) -> Self {
        Self { binary, cpu_seconds: caps.prepare_seconds, memory_mib: caps.prepare_mib }
    }

    /// Prepares in a child and keeps the artefact.
    ///
    /// # Errors
    /// The plugin's fault or the host's, in one line.
    pub(in crate::sandbox) fn prepare(&self, cache: &Cache, request: Request<'_>) -> Result<PathBuf, LoadError> {
        let work = tempfile::Builder::new().prefix(WORK_PREFIX).tempdir_in(cache.folder()).map_err(host)?;
        let path = |name: &str| work.path().join(name);
        let job = Job {
            component: path("component.wasm"),
            artefact: path("artefact.cwasm"),
            answer: path("answer.json"),
            load_settings: request.load_settings,
            cpu_seconds: self.cpu_seconds,
            memory_mib: self.memory_mib,
            guest_memory: request.guest_memory,
            guest_table_elements: request.guest_table_elements,
        };
        fs::write(&job.component, request.wasm).map_err(host)?;
        let instructions = path("job.json");
        let text = serde_json::to_vec(&job).map_err(|error| LoadError::Host(error.to_string()))?;
        fs::write(&instructions, text).map_err(host)?;
        self.run(&instructions)?;
        match answer(&job.answer)? {
            Answer::Prepared { sha256, log } => {
                for line in log {
                    tracing::debug!(line, "configure logged");
                }
                cache.keep(request.key, &job.artefact, sha256).map_err(host)
            }
            Answer::Refused { reason, limit: None } => Err(LoadError::Plugin(reason)),
            Answer::Refused { reason, limit: Some(limit) } => Err(LoadError::Limit { limit, reason }),
            Answer::Failed(reason) => Err(LoadError::Host(reason)),
        }
    }

    /// Runs the child to its end, whatever that is.
    fn run(&self, instructions: &Path) -> Result<(), LoadError> {
        let mut child = Command::new(&self.binary)
            .arg("prepare")
            .arg(instructions)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| {
                LoadError::Host(format!("cannot start {} to prepare plugins: {error}", self.binary.display()))
            })?;
        let stderr = child.stderr.take().map(|stderr| std::thread::spawn(move || keep_start(stderr)));
        let status = self.wait(&mut child)?;
        let said = stderr.map(JoinHandle::join).and_then(Result::ok).unwrap_or_default();
        if status.success() { Ok(()) } else { Err(self.died(status, &said)) }
    }

    fn wait(&self, child: &mut Child) -> Result<ExitStatus, LoadError> {
        let limit = Duration::from_secs(u64::from(self.cpu_seconds.max(1))).saturating_mul(WALL_FACTOR).max(WALL_FLOOR);
        let begun = Instant::now();
        loop {
            if let Some(status) = child.try_wait().map_err(host)? {
                return Ok(status);
            }
            if begun.elapsed() > limit {
                // Already gone is as good as killed.
                let _ = child.kill();
                child.wait().map_err(host)?;
                let limit = limit.as_secs();
                return Err(LoadError::Host(format!(
                    "preparing was not done after {limit} s of wall clock, though its CPU time was not used up: the host is overloaded, try again"
                )));
            }
            std::thread::sleep(POLL);
        }
    }

    /// One line for a child that ended without an answer. What it wrote last is quoted, never relied on.
    fn died(&self, status: ExitStatus, said: &str) -> LoadError {
        const SIGXCPU: i32 = rustix::process::Signal::XCPU.as_raw();
        const SIGKILL: i32 = rustix::process::Signal::KILL.as_raw();
        const SIGABRT: i32 = rustix::process::Signal::ABORT.as_raw();
        let (seconds, mib) = (self.cpu_seconds, self.memory_mib);
        let (limit, why) = match (status.signal(), status.code()) {
            (Some(SIGXCPU), _) => {
                (Some(Limit::PrepareCpuTime), format!("preparing it needs more than {seconds} s of CPU time"))
            }
            (Some(SIGKILL), _) => (
                Some(Limit::PrepareCpuTime),
                format!(
                    "preparing it was killed: it needs more than {seconds} s of CPU time or more memory than the system has"
                ),
            ),
            (Some(SIGABRT), _) => (
                Some(Limit::PrepareMemory),
                format!("preparing it needs more than {mib} MiB of memory, or broke the compiler"),
            ),
            (Some(signal), _) => (None, format!("preparing it broke the compiler (signal {signal})")),
            (None, code) => (None, format!("preparing it failed (exit code {})", code.unwrap_or(-1))),
        };
        let last = said.lines().map(str::trim).filter(|line| !line.is_empty()).take(3).collect::<Vec<_>>().join(" ");
        let reason = if last.is_empty() { why } else { format!("{why}: {}", shortened(&last, 400)) };
        match limit {
            Some(limit) => LoadError::Limit { limit, reason },
            None => LoadError::Plugin(reason),
        }
    }
}

fn host(error: std::io::Error) -> LoadError {
    LoadError::Host(format!("preparing failed on this machine: {error}"))
}

fn answer(path: &Path) -> Result<Answer, LoadError> {
    let mut text = String::new();
    let file = fs::File::open(path).map_err(host)?;
    file.take(ANSWER_BYTES).read_to_string(&mut text).map_err(host)?;
    serde_json::from_str(&text)
        .map_err(|error| LoadError::Host(format!("the preparing child's answer is broken: {error}")))
}

/// Reads to the end, keeps the start.
fn keep_start(mut from: impl Read) -> String {
    let mut kept = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        let room = STDERR_BYTES.saturating_sub(kept.len());
        kept.extend_from_slice(&piece[..read.min(room)]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}
