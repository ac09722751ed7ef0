//! `cordon build`

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Result;

use super::exit::{self, Exit};
use crate::author::{self, build::Talk};

/// Build plugins into components (.wasm)
///
/// Takes plugin folders, or folders of them. Without an argument: this folder where it is a plugin, else `plugins/*` and
/// `examples/*` of the checkout. The wasm target is added to the Rust toolchain where it is missing. The same sources give
/// the same bytes on every machine.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = concat!("Examples:
  cordon build                             every plugin of the checkout, or the plugin of this folder
  cordon build plugins/mail-forwarding     one plugin
  cordon build plugins --out /srv/plugins  somewhere else than target/cordon/plugins

", "Exit codes: 0 done, 2 a plugin does not compile or its manifest is refused, 3 the Rust toolchain is missing"))]
pub(super) struct Args {
    /// Plugin folders, or folders of them
    folders: Vec<PathBuf>,
    /// Folder for the components instead of target/cordon/plugins
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// How to say what was built
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let folders = author::find(&args.folders, &std::env::current_dir()?)?;
    let built = author::build::build(&folders, args.out.as_deref(), Talk::Progress)?;
    if args.format == super::Format::Json {
        super::print_json(&built)?;
        return Ok(Exit::Done);
    }
    for one in &built {
        writeln!(
            super::out(),
            "{} {}  {}  sha256 {}  {}",
            one.id,
            one.version,
            super::text::bytes(one.bytes as u64),
            one.digest.short(),
            super::text::near(&one.path),
        )?;
    }
    Ok(Exit::Done)
}
