//! `cordon plugin load`

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::super::answer::{of, short};
use super::super::exit::{self, Exit};
use super::super::{client, text};

/// Load a plugin file into the host: it is verified, prepared and kept, and runs nowhere yet
///
/// A force's author loads for their own force.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon plugin load target/cordon/plugins/mail-forwarding.wasm
  cordon plugin load local-vpn.wasm --for avon

Exit codes: 0 loaded, or known already, 2 refused: nothing was changed")]
pub(super) struct Args {
    /// A component, as `cordon build` makes it
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// For one force only
    #[arg(long = "for", value_name = "FORCE")]
    scope: Option<String>,
    /// Why; it is recorded
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let client = args.client.client()?;
    let (scope, reason) = (args.scope.as_deref(), args.reason.as_deref());
    for file in &args.files {
        let place = text::near(file);
        let bytes = std::fs::read(file).with_context(|| format!("{place}: cannot be read"))?;
        let version = client.load_plugin(scope, reason, &bytes).with_context(|| format!("{place}: not loaded"))?;
        let (id, number, digest) = (of(&version, "id"), of(&version, "version"), short(&version));
        let mut out = super::super::out();
        writeln!(out, "{id} {number} ({digest}) is loaded; it runs once `cordon deploy {id}@{digest} ...` says so")?;
    }
    Ok(Exit::Done)
}
