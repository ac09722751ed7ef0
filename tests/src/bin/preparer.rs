//! The hidden verb `prepare` alone: sandbox tests start it as the child, as the host starts itself.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(2).collect(); // the program, the verb
    cordon::sandbox::prepare_child(&arguments)
}
