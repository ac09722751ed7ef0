//! Exit codes: few, and the same for every verb.

use std::process::ExitCode;

use crate::author::ToolchainMissing;
use crate::author::build::BuildError;

/// How a verb ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Exit {
    /// What was asked is done.
    Done = 0,
    /// The answer is no, where that was the question: a case failed.
    No = 1,
    /// Bad usage, or bad input with which nothing could be done.
    Bad = 2,
    /// Something is missing on this machine.
    Missing = 3,
    /// Done in part: events were refused, or a plugin faulted or was not loaded.
    Part = 4,
}

/// Shown below every `--help`.
pub(super) const HELP: &str = "Exit codes:
  0  done
  1  the answer is no, where that is the question (`test`: a case failed; `reproduce`: a finding differs)
  2  bad usage, or bad input with which nothing could be done
  3  something is missing on this machine (it says what, and the command that gets it)
  4  done in part: events were refused, a plugin faulted or was not loaded, or some evidence could not be kept or re-run";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The exit code for an error and what to say of it; nothing where the reader of our output has gone (`| head`).
pub(super) fn of_error(error: &anyhow::Error) -> (Exit, String) {
    if error.downcast_ref().is_some_and(|e: &std::io::Error| e.kind() == std::io::ErrorKind::BrokenPipe) {
        return (Exit::Done, String::new());
    }
    let missing = error.is::<ToolchainMissing>() || matches!(error.downcast_ref(), Some(BuildError::Toolchain(_)));
    (if missing { Exit::Missing } else { Exit::Bad }, format!("{error:#}"))
}
