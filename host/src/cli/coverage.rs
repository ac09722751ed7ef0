//! `cordon coverage`

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cordon_contract::manifest::Manifest;

use super::exit::{self, Exit};
use super::text;
use crate::author::{self, catalogue};
use crate::{registry, sandbox};

/// Show which ATT&CK techniques plugins cover, as a layer for the ATT&CK Navigator
///
/// Reads manifests only: nothing is built or run. The score of a technique is the number of rules that name it.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon coverage > layer.json                          the plugins of the checkout; open it in the Navigator
  cordon coverage plugins/mail-forwarding target/cordon/plugins/oauth-consent.wasm
  cordon coverage plugins --format markdown > plugins/README.md

Exit codes: 0 done, 2 no plugin where one was named (it says why)")]
pub(super) struct Args {
    /// Plugin folders, .wasm files, or folders of either; without any, the plugins of the checkout
    #[arg(value_name = "PLUGIN")]
    plugins: Vec<PathBuf>,
    /// A layer for the Navigator, or a page for people
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

/// What is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// ATT&CK Navigator layer, format 4.5.
    #[default]
    Layer,
    /// Rules, techniques and fields of each plugin, as Markdown.
    Markdown,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let manifests = manifests(&args.plugins)?;
    match args.format {
        Form::Layer => super::print_json(&catalogue::layer(&manifests))?,
        Form::Markdown => write!(super::out(), "{}", catalogue::page(&manifests))?,
    }
    Ok(Exit::Done)
}

/// The manifests that the arguments name, in order.
fn manifests(arguments: &[PathBuf]) -> Result<Vec<Manifest>> {
    let here = Path::new(".");
    if arguments.is_empty() {
        return Ok(author::find(&[], here)?.into_iter().map(|folder| folder.manifest).collect());
    }
    let mut found = Vec::new();
    for argument in arguments {
        if argument.is_file() || holds_components(argument) {
            for path in registry::components(argument)? {
                found.push(of_component(&path)?);
            }
        } else {
            let folders = author::find(std::slice::from_ref(argument), here)?;
            found.extend(folders.into_iter().map(|folder| folder.manifest));
        }
    }
    Ok(found)
}

fn holds_components(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| registry::is_component(&entry.path()))
}

fn of_component(path: &Path) -> Result<Manifest> {
    let wasm = std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let inspection = sandbox::inspect(&wasm).map_err(|error| anyhow::anyhow!("{}: {error}", text::near(path)))?;
    Ok(inspection.manifest)
}
