//! `cordon inspect`

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use cordon_contract::manifest::{Counts, ListKind, Manifest, Setting};
use serde_json::{Value, json};

use super::exit::{self, Exit};
use super::{Format, plugins, style, text};
use crate::sandbox::{self, Inspection};

/// Show what a plugin is, reads and asks for, without running it
///
/// The import list is the capability list: what is not there, the plugin cannot do.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon inspect target/cordon/plugins/mail-forwarding.wasm
  cordon inspect plugins/mail-forwarding               built first
  cordon inspect plugin.wasm --format json | jq .manifest.rules

Exit codes: 0 done, 2 no plugin for this host (it says why), 3 the Rust toolchain is missing")]
pub(super) struct Args {
    /// A .wasm file, a folder of them, or a folder of plugin sources (built first)
    #[arg(required = true, value_name = "PLUGIN")]
    plugins: Vec<PathBuf>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let mut seen = Vec::new();
    for path in plugins::components(&args.plugins)? {
        let wasm = std::fs::read(&path).map_err(|e| anyhow::anyhow!("{}: cannot be read: {e}", path.display()))?;
        let inspection = sandbox::inspect(&wasm).map_err(|error| anyhow::anyhow!("{}: {error}", text::near(&path)))?;
        seen.push((path, inspection));
    }
    if args.format == Format::Json {
        let all: Vec<Value> = seen.iter().map(|(path, inspection)| to_json(path, inspection)).collect();
        match all.as_slice() {
            [one] => super::print_json(one)?,
            many => super::print_json(&many)?,
        }
    } else {
        for (path, inspection) in &seen {
            write!(super::out(), "{}", to_text(path, inspection))?;
        }
    }
    Ok(Exit::Done)
}

fn to_json(path: &Path, inspection: &Inspection) -> Value {
    json!({
        "file": path,
        "bytes": inspection.bytes,
        "digest": inspection.digest,
        "signature": null,
        "imports": inspection.imports,
        "exports": inspection.exports,
        "manifest": inspection.manifest,
    })
}

fn to_text(path: &Path, inspection: &Inspection) -> String {
    let manifest = &inspection.manifest;
    let plugin = &manifest.plugin;
    let mut page = Page::default();
    page.head(&format!("{} {}", plugin.id, plugin.version), &plugin.summary);
    page.line("authors", &plugin.authors.join(", "));
    page.line("licence", &plugin.licence);
    page.line("file", &format!("{}, {}", text::near(path), text::bytes(inspection.bytes as u64)));
    page.line("sha256", &inspection.digest.to_string());
    page.line("signature", "none");
    page.list("imports", inspection.imports.iter().cloned());
    page.list("grants", grants(manifest));
    page.list("limits", limits(manifest));
    for (name, source) in &manifest.sources {
        page.list(
            &format!("reads {name}"),
            source.fields.iter().map(|(handle, field)| {
                let personal = if field.personal { "  (personal)" } else { "" };
                let why = field.why.as_ref().map_or(String::new(), |why| format!("  {why}"));
                format!("{handle} = {}{personal}{why}", field.path)
            }),
        );
    }
    for (scope, settings) in [("run", &manifest.settings.run), ("load", &manifest.settings.load)] {
        let lines: Vec<String> = settings.iter().map(|(name, setting)| setting_line(name, setting)).collect();
        if !lines.is_empty() {
            page.list(&format!("{scope} settings"), lines);
        }
    }
    if manifest.remembers() {
        page.list("remembers", remembers(manifest));
    }
    if !manifest.lists.is_empty() {
        page.list("looks up", looks_up(manifest));
    }
    page.list(
        "rules",
        manifest
            .rules
            .iter()
            .map(|rule| format!("{}  {}  {}  {}", rule.id, rule.severity.word(), rule.attack.join(" "), rule.title)),
    );
    page.0.push('\n');
    page.0
}

fn grants(manifest: &Manifest) -> Vec<String> {
    let asks = if manifest.grants.whole_events {
        vec!["whole-events: sees each event exactly as received".into()]
    } else {
        vec![]
    };
    if asks.is_empty() { vec!["none asked for".into()] } else { asks }
}

fn remembers(manifest: &Manifest) -> Vec<String> {
    let windows = manifest.windows.iter().map(|(name, window)| {
        let counts = match window.counts {
            Counts::Events => "events",
            Counts::Distinct => "different members",
        };
        format!(
            "{name}: {counts} within {}, up to {}, received up to {} late",
            window.length, window.cap, window.lateness
        )
    });
    let values = manifest.state.as_ref().map(|state| format!("values of schema {}, each for a time", state.schema));
    windows.chain(values).collect()
}

fn looks_up(manifest: &Manifest) -> Vec<String> {
    let kind = |kind| match kind {
        ListKind::Set => "set",
        ListKind::Map => "map",
    };
    manifest.lists.iter().map(|(name, list)| format!("{name}: a {} of {}", kind(list.kind), list.purpose)).collect()
}

fn limits(manifest: &Manifest) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(ms) = manifest.limits.cpu_ms {
        lines.push(format!("CPU time {ms} ms for one batch"));
    }
    if let Some(mib) = manifest.limits.memory_mib {
        lines.push(format!("memory {mib} MiB"));
    }
    if lines.is_empty() {
        lines.push("the host's defaults".into());
    }
    lines
}

fn setting_line(name: &str, setting: &Setting) -> String {
    let kind = serde_json::to_value(setting.kind).ok().and_then(|k| k.as_str().map(str::to_owned)).unwrap_or_default();
    format!("{name}: {kind}, default {}  {}", setting.default, setting.description)
}

/// Names on the left, values on the right.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, what: &str) {
        self.0 += &format!("{}{name}{}  {what}\n", style::STRONG, style::OFF);
    }

    fn line(&mut self, name: &str, value: &str) {
        self.0 += &format!("  {}{name:<20}{} {value}\n", style::DIM, style::OFF);
    }

    fn list(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        let mut name = name;
        for value in values {
            self.line(name, &value);
            name = "";
        }
    }
}
