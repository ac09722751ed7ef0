//! `cordon hunt start`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use cordon_sigma::manifest::Name;
use serde_json::{Value, json};

use crate::author::sigma;
use crate::author::sigma::values::{Values, rules_of};
use crate::cli::answer::number;
use crate::cli::client::{self, Client};
use crate::cli::exit::{self, Exit};
use crate::cli::text;
use crate::ids::Digest;
use crate::registry::SettingsFile;

/// Begin a hunt: of a loaded plugin, or of a list of values in given fields
///
/// A list of values is made into a plugin, loaded, and runs like any other: it sees those fields and no others.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon hunt start -p mail-forwarding --for all --from 90d --reason 'INC-1204'
  cordon hunt start -p mail-forwarding@1.2.0 --for avon --from 2026-10-01T00:00:00Z --to 2026-10-08T00:00:00Z --reason 'INC-1204'
  cordon hunt start --values addresses.txt --in m365.audit:ClientIP.@ip --in entra.signin:properties.ipAddress.@ip \\
      --for all --from 30d --reason 'INC-1204'

Exit codes: 0 begun, 2 refused")]
pub(super) struct Args {
    /// A loaded plugin's id, and which version: its number, or the first 8 or more digits of its digest; else the newest
    #[arg(short, long, value_name = "ID[@VERSION]", required_unless_present = "values")]
    plugin: Option<String>,
    /// Look for these values, one a line (`#` begins a comment), instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plugin", "settings"], requires = "fields")]
    values: Option<PathBuf>,
    /// Where to look for them: a source and a path in it. May be repeated
    #[arg(long = "in", value_name = "SOURCE:PATH", requires = "values")]
    fields: Vec<String>,
    /// Find a value anywhere in the field, not only as the whole of it
    #[arg(long, requires = "values")]
    contains: bool,
    /// A force, or `all`. A force's author may leave it out
    #[arg(long = "for", value_name = "FORCE")]
    scope: Option<String>,
    /// From when on: `beginning`, a span before now as `7d` or `12h`, or a time
    #[arg(long, value_name = "WHEN")]
    from: String,
    /// Until when: `now`, or as above
    #[arg(long, value_name = "WHEN", default_value = "now")]
    to: String,
    /// Its settings
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Why; it is recorded
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let client = args.client.client()?;
    let plugin = match (&args.plugin, &args.values) {
        (Some(plugin), _) => plugin.clone(),
        (None, Some(path)) => of_values(args, path, &client)?,
        (None, None) => bail!("say what to hunt for: --plugin ID, or --values FILE"),
    };
    let (id, version) = text::versioned(&plugin);
    let settings = args.settings.as_deref().map(SettingsFile::read).transpose()?.unwrap_or_default();
    ensure!(settings.unknown(&[id]).is_empty(), "the settings name other plugins than `{id}`");
    ensure!(settings.load(id).is_empty(), "load settings are the deployed version's: give [{id}.run] only");
    let asked = json!({
        "plugin": id, "version": version, "for": args.scope, "from": args.from, "to": args.to,
        "run": settings.run(id), "reason": args.reason,
    });
    let hunt = client.post("/v1/hunts", &asked)?;
    let forces = hunt.get("forces").and_then(Value::as_object).map_or(0, serde_json::Map::len) as u64;
    let number = number(&hunt, "number");
    writeln!(
        crate::cli::out(),
        "hunt {number} has begun, of {}: see `cordon hunt list`",
        text::plural(forces, "force")
    )?;
    Ok(Exit::Done)
}

/// Makes a plugin that looks for the values and loads it; its id is of what it looks for, so that the same list is one plugin.
fn of_values(args: &Args, path: &Path, client: &Client) -> Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let values: Vec<String> = lines.map(str::to_owned).collect();
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut named = format!("{}", args.contains);
    for field in &args.fields {
        let (source, place) = field
            .split_once(':')
            .with_context(|| format!("--in {field}: write SOURCE:PATH, as m365.audit:ClientIP.@ip"))?;
        fields.entry(source.to_owned()).or_default().push(place.to_owned());
        write!(named, "\n{field}")?;
    }
    for value in &values {
        write!(named, "\n{value}")?;
    }
    let built = rules_of(&Values { values: &values, fields: &fields, inside: args.contains })
        .with_context(|| path.display().to_string())?;
    let id = format!("hunt-{}", Digest::of(named.as_bytes()).short());
    let name = Name { id: id.clone(), version: "1.0.0".into(), authors: vec!["cordon hunt".into()] };
    let wasm = sigma::component_of(&built, &name)?;
    let scope = args.scope.as_deref().filter(|scope| *scope != "all");
    let loaded = client.load_plugin(scope, Some(&args.reason), &wasm)?;
    let digest = loaded.get("digest").and_then(Value::as_str).context("the host's answer has no digest")?;
    Ok(format!("{id}@{digest}"))
}
