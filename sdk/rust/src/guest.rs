//! The exports of a guest: the panic hook, the detector that the snapshot keeps, and failures in the contract's shape.

use std::cell::OnceCell;

use crate::backend;
use crate::backend::wasm::{bindings, migrator};
use crate::{Detector, Failure, Migrated, batch, log};

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
    cell.set(detector).map_err(|_| failure(Failure::other("`configure` was called twice")))?;
    fill_gaps();
    Ok(())
}

/// Every batch starts from the memory as it is now, and a page that it writes to is copied for it first. The gaps that `configure`
/// left in the heap lie spread over all that it keeps: a batch whose values went there would touch thousands of pages. They are given
/// away here, until memory grows, so that what a batch allocates stands together on fresh pages. Where memory may not grow so far,
/// the large ones are left.
fn fill_gaps() {
    const PAGE: usize = 64 << 10;
    const SMALL: usize = 4 << 10;
    let end = core::arch::wasm32::memory_size::<0>() * PAGE;
    let mut large = Vec::new();
    // The smallest piece is the smallest that an allocator gives.
    for bytes in [1 << 20, PAGE, SMALL, 256, 1] {
        loop {
            let mut piece = Vec::<u8>::new();
            if piece.try_reserve_exact(bytes).is_err() {
                return;
            }
            if std::hint::black_box(piece.as_mut_ptr()).addr() >= end {
                break;
            }
            if bytes < SMALL {
                std::mem::forget(piece);
            } else {
                large.push(piece);
            }
        }
    }
    large.into_iter().for_each(std::mem::forget);
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

/// Carries values over.
///
/// # Errors
/// That it cannot, or the author's.
pub fn migrate<T: Detector>(
    from: u32,
    to: u32,
    values: &[Vec<u8>],
) -> Result<Vec<Option<Vec<u8>>>, migrator::MigrateFailure> {
    let one = |value: &[u8]| match T::migrate(from, to, value) {
        Ok(Migrated::Value(value)) => Ok(Some(value)),
        Ok(Migrated::Gone) => Ok(None),
        Ok(Migrated::Unsupported) => {
            let reason = format!("it does not carry values of schema {from} over to schema {to}");
            Err(migrator::MigrateFailure::Unsupported(reason))
        }
        Err(failure) => Err(migrator::MigrateFailure::BadValue(failure.to_string())),
    };
    if values.is_empty() {
        // It is asked whether it can. What an empty value is to the author does not matter.
        return match one(&[]) {
            Err(unsupported @ migrator::MigrateFailure::Unsupported(_)) => Err(unsupported),
            _ => Ok(Vec::new()),
        };
    }
    values.iter().map(|value| one(value)).collect()
}

fn failure(failure: Failure) -> bindings::Failure {
    match failure {
        Failure::BadSettings(text) => bindings::Failure::BadSettings(text),
        Failure::BadEvent(text) => bindings::Failure::BadEvent(text),
        Failure::Other(text) => bindings::Failure::Other(text),
    }
}
