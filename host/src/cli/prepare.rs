//! `cordon prepare`: the sandbox's child process. Hidden: nobody calls it by hand.

use std::ffi::OsString;
use std::process::ExitCode;

/// Prepare one component (called by cordon itself)
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub(super) fn run(args: &Args) -> ExitCode {
    crate::sandbox::prepare_child(&args.arguments)
}
