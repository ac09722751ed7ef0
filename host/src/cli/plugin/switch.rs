//! `cordon plugin disable`, `cordon plugin enable`

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::super::exit::{self, Exit};
use super::super::{Format, changed, client};

/// Stop a plugin within one batch, for all forces or one; what it is deployed as stays
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon plugin disable mail-forwarding --for all --reason 'INC-1204'

Exit codes: 0 done, 2 refused: nothing was changed")]
pub(super) struct Disable {
    #[command(flatten)]
    which: Which,
}

/// Let a disabled plugin go on: where it stood, or with the next events
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon plugin enable mail-forwarding --for all --from cursor --reason 'INC-1204 is mended'
  cordon plugin enable mail-forwarding --for all --from now --reason 'INC-1204 is mended'    says how many events it passes

Exit codes: 0 done, 2 refused: nothing was changed")]
pub(super) struct Enable {
    #[command(flatten)]
    which: Which,
    /// Where it goes on
    #[arg(long, value_enum)]
    from: From,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum From {
    /// Where it stood: it sees everything that came meanwhile
    Cursor,
    /// With the next events: what came meanwhile is passed, counted and recorded
    Now,
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The plugin's id
    #[arg(value_name = "ID")]
    plugin: String,
    /// A force, or `all`. A force's author may leave it out
    #[arg(long = "for", value_name = "FORCE")]
    scope: Option<String>,
    /// Why; it is recorded
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn disable(args: &Disable) -> Result<Exit> {
    act(&args.which, "disable", None)
}

pub(super) fn enable(args: &Enable) -> Result<Exit> {
    let from = match args.from {
        From::Cursor => "cursor",
        From::Now => "now",
    };
    act(&args.which, "enable", Some(from))
}

fn act(args: &Which, does: &str, from: Option<&str>) -> Result<Exit> {
    let mut asked = json!({ "for": args.scope, "reason": args.reason });
    if let (Some(from), Some(asked)) = (from, asked.as_object_mut()) {
        asked.insert("from".into(), Value::from(from));
    }
    let path = format!("/v1/plugins/{}/{does}", client::in_url(&args.plugin));
    let answer = args.client.client()?.post(&path, &asked).context("nothing was changed")?;
    changed::print(&answer, false, Format::default())?;
    Ok(Exit::Done)
}
