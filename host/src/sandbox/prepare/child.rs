//! The child's side of preparation: `cordon prepare JOB`, a hidden verb. Confines itself, then does what the job says.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write as _;
use std::process::ExitCode;

use wasmparser::Validator;
use wasmtime::component::Component;
use wasmtime_wizer::Wizer;

use super::{Answer, Job, limits, snapshot, strings};
use crate::ids::Digest;
use crate::sandbox::contract::shortened;
use crate::sandbox::{Limit, engine, link};

/// Bytes of a refusal's text.
const REASON_BYTES: usize = 2048;

/// Why there is no artefact.
pub(super) enum Fault {
    /// The plugin's.
    Plugin(String),
    /// The plugin's, and the limit that it hit.
    Limit(Limit, String),
    /// The host's.
    Host(String),
}

impl Fault {
    pub(super) fn host(error: impl std::fmt::Display) -> Self {
        Fault::Host(format!("preparing failed on this machine: {error:#}"))
    }
}

/// The entry of the hidden verb `prepare`: its one argument is the job's file, written by the parent.
///
/// Ends with 0 when the answer file says how it went, refusals included. Prints to standard error only, for the parent.
#[must_use]
pub fn prepare_child(arguments: &[OsString]) -> ExitCode {
    let [instructions] = arguments else {
        return complain("`prepare` is for Cordon's own use: it takes one argument, a job");
    };
    let job: Job = match fs::read(instructions)
        .map_err(|error| error.to_string())
        .and_then(|text| serde_json::from_slice(&text).map_err(|error| error.to_string()))
    {
        Ok(job) => job,
        Err(error) => return complain(&format!("the job cannot be read: {error}")),
    };
    if let Err(error) = limits::confine(job.cpu_seconds, job.memory_mib) {
        return complain(&format!("the limits cannot be set: {error}"));
    }
    let answer = match prepare(&job) {
        Ok(answer) => answer,
        Err(Fault::Plugin(reason)) => refused(&reason, None),
        Err(Fault::Limit(limit, reason)) => refused(&reason, Some(limit)),
        Err(Fault::Host(reason)) => Answer::Failed(shortened(&reason, REASON_BYTES)),
    };
    match serde_json::to_vec(&answer)
        .map_err(|error| error.to_string())
        .and_then(|text| fs::write(&job.answer, text).map_err(|error| error.to_string()))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!("the answer cannot be written: {error}")),
    }
}

fn refused(reason: &str, limit: Option<Limit>) -> Answer {
    Answer::Refused { reason: shortened(reason, REASON_BYTES), limit }
}

fn complain(problem: &str) -> ExitCode {
    eprintln!("cordon prepare: {problem}");
    ExitCode::FAILURE
}

fn prepare(job: &Job) -> Result<Answer, Fault> {
    let wasm = fs::read(&job.component).map_err(Fault::host)?;
    let engine = engine::on_demand().map_err(Fault::host)?;
    Validator::new_with_features(engine.get_wasm_features())
        .validate_all(&wasm)
        .map_err(|error| Fault::Plugin(format!("it is no valid component for this host: {error}")))?;
    strings::check(&wasm).map_err(Fault::Plugin)?;
    // The init function named here does not exist, so nothing is cut out: `configure` stays, and nobody calls it.
    let wizer = Wizer::new();
    let (context, instrumented) = wizer
        .instrument_component(&wasm)
        .map_err(|error| Fault::Plugin(format!("it cannot be snapshotted: {error:#}")))?;
    let component = Component::new(&engine, &instrumented)
        .map_err(|error| Fault::Plugin(format!("it does not compile: {error:#}")))?;
    drop(instrumented);
    // The real imports' types, before anything runs: the traps that `configure` gets fit any type.
    link::linker(&engine)
        .and_then(|linker| linker.instantiate_pre(&component))
        .map_err(|error| Fault::Plugin(format!("its imports do not match the contract: {error:#}")))?;
    let (snapshot, log) = snapshot::take(&engine, &component, &wizer, &context, job)?;
    drop(component);
    let artefact = engine
        .precompile_component(&snapshot)
        .map_err(|error| Fault::Plugin(format!("its snapshot does not compile: {error:#}")))?;
    let mut file = File::create(&job.artefact).map_err(Fault::host)?;
    file.write_all(&artefact).map_err(Fault::host)?;
    file.sync_all().map_err(Fault::host)?;
    Ok(Answer::Prepared { sha256: Digest::of(&artefact), log })
}
