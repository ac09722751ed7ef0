//! `cordon case add`

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::exit::{self, Exit};
use super::text;
use crate::author::cases::{self, NewCase};
use crate::author::{self};
use crate::events::Input;
use crate::model::SourceName;

/// Keep cases: events in, findings expected
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Add(Add),
}

/// Make a case from real events
///
/// With --mask, users, addresses, mailboxes, tenants, identifiers, IP addresses and host names are replaced, each by the same
/// stand-in wherever it stands; who is inside and who is outside stays. Look at the result before you share it.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon case add --from audit.jsonl --row 17 --mask --name hidden-rule plugins/mail-forwarding
  cordon case add --from audit.jsonl.zst --row 17,18,40 --mask --name burst
  cordon test --case hidden-rule --update     writes the findings that come of it

Exit codes: 0 done, 2 no such row, or the case is there already")]
struct Add {
    /// File of events, or - for standard input
    #[arg(long, value_name = "EVENTS")]
    from: String,
    /// Lines (or elements of a document), from 1, as findings show them
    #[arg(long = "row", value_name = "N", value_delimiter = ',', required = true, value_parser = clap::value_parser!(u64).range(1..))]
    rows: Vec<u64>,
    /// Name of the case: lower-case letters, digits and -
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Replace whatever names people, tenants, addresses and hosts
    #[arg(long)]
    mask: bool,
    /// Take the events as this source instead of recognising it by their shape
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// The plugin's folder; this one where absent
    plugin: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let Verb::Add(args) = &args.verb;
    let plugin = args.plugin.as_deref().unwrap_or(Path::new("."));
    let plugin = author::PluginFolder::open(plugin)?;
    let inputs = Input::expand(std::slice::from_ref(&args.from))?;
    let [from] = inputs.as_slice() else { bail!("--from `{}` names several files: give one", args.from) };
    let source = args.source.as_deref().map(SourceName::new).transpose().context("--source")?;
    let case = NewCase { name: &args.name, from, rows: &args.rows, source, mask: args.mask };
    let folder = cases::add(&plugin, &case)?;
    let mut out = super::out();
    writeln!(out, "made {}", text::near(&folder))?;
    if args.mask {
        writeln!(out, "look at its events before you share them: masking knows identifiers, not what free text says")?;
    }
    writeln!(out, "next: cordon test {} --case {} --update", text::near(&plugin.path), args.name)?;
    Ok(Exit::Done)
}
