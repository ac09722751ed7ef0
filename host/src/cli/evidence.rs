//! `cordon evidence`

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use super::exit::{self, Exit};
use super::{client, text};
use crate::evidence::{EVIDENCE_BYTES, Evidence, Folder};
use crate::ids::Digest;
use crate::sandbox::COMPONENT_BYTES;

/// Take the evidence of findings from a running host, and the plugins that made them: `cordon reproduce` makes them again
///
/// It holds whole events, beyond what plugins declare: only you can read what is written, nothing is ever overwritten, and
/// the host records who took it.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon evidence 8c2143100d95... -o kept
  cordon reproduce kept

Exit codes: 0 done, 2 refused, or no such finding")]
pub(super) struct Args {
    /// Ids of findings, as the host's list shows them
    #[arg(value_name = "FINDING-ID", required = true)]
    ids: Vec<String>,
    /// The folder to keep it in; made where it is missing
    #[arg(short = 'o', long = "out", value_name = "DIR")]
    folder: PathBuf,
    /// Whose findings; all forces are asked where it is left out
    #[arg(long = "for", value_name = "FORCE")]
    force: Option<String>,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let client = args.client.client()?;
    let folder = Folder::open(&args.folder, &[])?;
    for id in &args.ids {
        let id = Digest::from_hex(id).with_context(|| format!("{id}: a finding's id has 64 lower-case hex digits"))?;
        let whose = args.force.as_deref().map_or(String::new(), |force| format!("?for={}", client::in_url(force)));
        let bytes = client.bytes(&format!("/v1/findings/{id}/evidence{whose}"), EVIDENCE_BYTES)?;
        let evidence = Evidence::from_bytes(&bytes)?;
        ensure!(evidence.id() == Some(id), "{id}: the host gave the evidence of another finding");
        let digest = evidence.plugin.sha256;
        if !folder.has_component(digest) {
            folder.keep_component(digest, &client.bytes(&format!("/v1/components/{digest}"), COMPONENT_BYTES)?)?;
        }
        folder.keep(id, &evidence)?;
    }
    folder.finish()?;
    let (count, place) = (text::plural(args.ids.len() as u64, "finding"), text::near(folder.path()));
    writeln!(super::out(), "evidence of {count} kept in {place}; `cordon reproduce {place}` makes them again")?;
    Ok(Exit::Done)
}
