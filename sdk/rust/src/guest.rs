//! The exports of a guest: the panic hook, the detector that the snapshot keeps, and failures in the contract's shape.

use std::cell::OnceCell;

use crate::backend;
use crate::backend::wasm::bindings;
use crate::{Detector, Failure, batch, log};

/// A panic traps, and a trap carries no text: its message, file and line go to the log first, in the form that the host
/// recognises, `panic at FILE:LINE: MESSAGE`.
fn hook_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload_as_str().unwrap_or("(no message)");
        let (file, line) = panic.location().map_or(("?", 0), |at| (at.file(), at.line()));
        log::last_words(&format!("panic at {file}:{line}: {payload}"));
    }));
}

/// Makes the detector and keeps it.
///
/// # Errors
/// The author's.
pub fn configure<T: Detector>(cell: &OnceCell<T>, load_settings: &str) -> Result<(), bindings::Failure> {
    hook_panics();
    log::restart();
    let detector = T::configure(load_settings).map_err(failure)?;
    cell.set(detector).map_err(|_| failure(Failure::other("`configure` was called twice")))
}

/// Judges one batch.
///
/// # Errors
/// The author's; and where a column could not be read or a finding was refused.
pub fn detect<T: Detector>(cell: &OnceCell<T>, batch: &bindings::Batch) -> Result<(), bindings::Failure> {
    log::restart();
    let detector = cell.get().ok_or_else(|| failure(Failure::other("`detect` was called before `configure`")))?;
    let settings = bindings::cordon::detection::settings::get();
    batch::detect(detector, backend::Batch(batch), &settings).map_err(failure)
}

fn failure(failure: Failure) -> bindings::Failure {
    match failure {
        Failure::BadSettings(text) => bindings::Failure::BadSettings(text),
        Failure::BadEvent(text) => bindings::Failure::BadEvent(text),
        Failure::Other(text) => bindings::Failure::Other(text),
    }
}
