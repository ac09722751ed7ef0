//! `cordon plugin release`

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::super::exit::{self, Exit};
use super::super::{client, text};
use crate::evidence::{EVIDENCE_BYTES, Replay};

/// Release a fault's events to its plugin's author: a file with the fields that the plugin declares, and nothing else of them
///
/// Operators only. What was released, by whom and why is recorded.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon plugin faults mail-forwarding
  cordon plugin release 3f0a9c52e1b7d480 --reason 'INC-1204, agreed with avon' -o fault.json
  cordon run --replay fault.json -p plugins/mail-forwarding          at the author's desk

Exit codes: 0 done, 2 refused, or the events are not there any more")]
pub(super) struct Args {
    /// The fault's id, as the list shows it
    fault: String,
    /// Why; it is recorded
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The file to write; nothing is overwritten
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let place = || format!("{}: cannot be written", args.file.display());
    let client = args.client.client()?;
    // Made first: what is released is recorded, and must not be lost for a name that is taken.
    let mut file = std::fs::File::create_new(&args.file).with_context(place)?;
    let path = format!("/v1/faults/{}/release", client::in_url(&args.fault));
    let bytes = client.post_for_bytes(&path, &json!({ "reason": args.reason }), EVIDENCE_BYTES);
    let written = bytes.and_then(|bytes| {
        let replay = Replay::from_bytes(&bytes)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).with_context(place)?;
        Ok(replay.events.len() as u64)
    });
    let events = match written {
        Ok(events) => events,
        Err(error) => {
            let _ = std::fs::remove_file(&args.file);
            return Err(error);
        }
    };
    let (events, file) = (text::plural(events, "event"), text::near(&args.file));
    writeln!(super::super::out(), "{events} in {file}; `cordon run --replay {file} -p PLUGIN` repeats the fault")?;
    Ok(Exit::Done)
}
