//! `cordon deploy`

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::exit::{self, Exit};
use super::{Format, changed, client, text};
use crate::registry::SettingsFile;

/// Deploy a loaded version of a plugin: for all forces or one, live, in shadow or not at all, while events flow
///
/// A version that replaces another goes on where that one stands, between two batches; what is under way ends on the old one.
/// A force's own mode and settings stay when the version changes. What begins anew begins with the next events.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon deploy mail-forwarding --for all --reason 'CHG-88'                   the newest loaded version, in shadow
  cordon deploy mail-forwarding@1.2.0 --for all --mode live --reason 'CHG-88' --dry-run
  cordon deploy mail-forwarding@1.2.0 --for all --mode live --reason 'CHG-88'
  cordon deploy mail-forwarding --for avon --mode live --settings avon.toml --reason 'own domains'
  cordon deploy mail-forwarding --for all --mode live --from 7d --reason 'CHG-88'
  cordon deploy mail-forwarding --for avon --mode off --reason 'no Exchange here'
  cordon deploy first-seen@2.0.0 --for all --mode live --state shadow --reason 'its own baseline is better'

The settings file is that of `cordon run --settings`: [ID.run] and [ID.load], TOML or JSON.

Exit codes: 0 done, or nothing to do, 2 refused: nothing was changed")]
pub(super) struct Args {
    /// The plugin's id, and which version: its number, or the first 8 or more digits of its digest; else the newest
    #[arg(value_name = "ID[@VERSION]")]
    plugin: String,
    /// A force, or `all`: those that come later, too. A force's author may leave it out
    #[arg(long = "for", value_name = "FORCE")]
    scope: Option<String>,
    /// How it runs
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// Settings; else those of the version that it replaces
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Where lanes begin that do not run yet: `now`, `beginning`, a span as `7d` or `12h`, or a time; events from before now
    /// are caught up with beside what is live, and what is found in them is marked late
    #[arg(long, value_name = "WHEN", default_value = "now")]
    from: String,
    /// Whose memory a version goes on with that becomes live: the live one's, carried over to its own form, or its own as a
    /// shadow; else the live one's where there is one
    #[arg(long, value_enum)]
    state: Option<Whose>,
    /// Where what the live version remembers has another form and cannot be carried over
    #[arg(long, value_enum, default_value_t)]
    on_schema: OnSchema,
    /// Why; it is recorded
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Say what would change, by force, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// Not at all
    Off,
    /// Beside the live version; nobody is told what it finds
    #[default]
    Shadow,
    /// People are told
    Live,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Whose {
    /// The live version's
    Live,
    /// Its own
    Shadow,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum OnSchema {
    /// Change nothing
    #[default]
    Refuse,
    /// Keep it aside, for when a version of its form comes back
    Keep,
    /// Let it go
    Reset,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let (id, version) = text::versioned(&args.plugin);
    let mode = match args.mode {
        Mode::Off => "off",
        Mode::Shadow => "shadow",
        Mode::Live => "live",
    };
    let mut asked = json!({
        "plugin": id, "version": version, "for": args.scope, "mode": mode, "from": args.from, "reason": args.reason,
        "dry-run": args.dry_run,
    });
    if let Some(whose) = args.state {
        asked["state"] = json!(match whose {
            Whose::Live => "live",
            Whose::Shadow => "shadow",
        });
    }
    if args.on_schema != OnSchema::Refuse {
        asked["on-schema"] = json!(if args.on_schema == OnSchema::Keep { "keep" } else { "reset" });
    }
    if let Some(path) = &args.settings {
        let settings = SettingsFile::read(path)?;
        ensure!(settings.unknown(&[id]).is_empty(), "{}: names other plugins than `{id}`", path.display());
        asked["run"] = Value::Object(settings.run(id).clone());
        if !settings.load(id).is_empty() {
            asked["load"] = Value::Object(settings.load(id).clone());
        }
    }
    let answer = args.client.client()?.post("/v1/deployments", &asked).context("nothing was changed")?;
    changed::print(&answer, args.dry_run, args.format)?;
    Ok(Exit::Done)
}
