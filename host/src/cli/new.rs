//! `cordon new`

use std::io::Write as _;

use anyhow::Result;

use super::exit::{self, Exit};
use super::text;
use crate::author;

/// Start a plugin that builds and passes its case at once
///
/// Inside the checkout it joins the workspace (`plugins/NAME`, or `examples/NAME` from there). Elsewhere it makes a folder
/// NAME that carries this binary's SDK along in `.cordon/sdk/`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon new odd-hours
  cd odd-hours && cordon test

Exit codes: 0 done, 2 the name does not fit or is there already")]
pub(super) struct Args {
    /// The plugin's id: lower-case letters, digits and -
    name: String,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let made = author::new::new(&args.name, &std::env::current_dir()?)?;
    let folder = text::near(&made.folder);
    let mut out = super::out();
    writeln!(
        out,
        "made {folder}{}",
        if made.joined { ", a member of this workspace" } else { ", with the SDK in .cordon/sdk" }
    )?;
    writeln!(out, "next:")?;
    writeln!(out, "  cordon test {folder}      builds it and runs cases/first")?;
    writeln!(out, "  {folder}/cordon.toml      says what it reads and what it may find")?;
    writeln!(out, "  {folder}/src/lib.rs       finds it")?;
    Ok(Exit::Done)
}
