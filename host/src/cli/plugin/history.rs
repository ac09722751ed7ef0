//! `cordon plugin history`

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::super::exit::{self, Exit};
use super::super::{Format, client, print_json};
use crate::findings::rfc3339;
use crate::findings::text::safe;

/// Generations read at a time.
const PAGE: usize = 1_000;

/// List the generations of the deployments: what was changed, when, by whom and why
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon plugin history
  cordon plugin history mail-forwarding --format json

Exit codes: 0 done, 2 no host answers, or it refuses")]
pub(super) struct Args {
    /// Those that concern one plugin
    #[arg(value_name = "ID")]
    plugin: Option<String>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let client = args.client.client()?;
    let of_plugin = args.plugin.as_deref().map_or(String::new(), |id| format!("&plugin={}", client::in_url(id)));
    let (mut after, mut all): (u64, Vec<Value>) = (0, Vec::new());
    loop {
        let mut page = client.get(&format!("/v1/generations?after={after}&limit={PAGE}{of_plugin}"))?;
        let next = page.get("next").and_then(Value::as_u64).unwrap_or(after);
        let found = page.get_mut("generations").and_then(Value::as_array_mut);
        let found = found.context("the host's answer has no generations")?;
        let is_last = found.len() < PAGE;
        all.append(found);
        if is_last || next <= after {
            break;
        }
        after = next;
    }
    if args.format == Format::Json {
        print_json(&json!({ "generations": all }))?;
        return Ok(Exit::Done);
    }
    let mut out = super::super::out();
    if all.is_empty() {
        writeln!(out, "nothing was ever deployed")?;
    }
    for one in &all {
        let of = |value: &Value, name: &str| safe(value.get(name).and_then(Value::as_str).unwrap_or_default());
        let number = one.get("number").and_then(Value::as_u64).unwrap_or(0);
        let time = rfc3339(one.get("time").and_then(Value::as_i64).unwrap_or(0));
        writeln!(
            out,
            "{number:<6} {time} {} {}for {} by {} ({}): {}",
            of(one, "what"),
            said(one),
            of(one, "for"),
            of(one, "who"),
            of(one, "role"),
            of(one, "reason")
        )?;
    }
    Ok(Exit::Done)
}

/// The plugin, version and mode that it was, each followed by a blank.
fn said(one: &Value) -> String {
    let mut words = Vec::new();
    words.extend(one.get("plugin").and_then(Value::as_str).map(safe));
    let details = one.get("details").unwrap_or(&Value::Null);
    for name in ["version", "mode"] {
        words.extend(details.get(name).and_then(Value::as_str).map(safe));
    }
    words.extend(details.get("from").and_then(Value::as_str).map(|from| format!("from {}", safe(from))));
    words.extend(details.get("to").and_then(Value::as_u64).map(|to| format!("to generation {to}")));
    let plugins = details.get("plugins").and_then(Value::as_array).into_iter().flatten();
    let plugins: Vec<String> = plugins.filter_map(Value::as_str).map(safe).collect();
    words.extend((!plugins.is_empty()).then(|| plugins.join(", ")));
    words.iter().map(|word| format!("{word} ")).collect()
}
