//! `cordon sigma build`

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use cordon_sigma::manifest::Name;
use serde_json::json;

use super::Read;
use crate::author::sigma;
use crate::cli::exit::{self, Exit};
use crate::cli::{Format, out, print_json, text, warn};
use crate::ids::Digest;

/// Build one plugin of Sigma rules
///
/// No compiler is needed: the engine comes with this binary. The manifest is made: the sources and exactly the fields that the
/// rules use, and one rule for each of them. Rules that cannot be taken are counted and listed by `cordon sigma check`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon sigma build rules/ -o sigma.wasm
  cordon sigma build rules/windows mine.yml -o windows.wasm --id windows-rules --no-keywords
  cordon sigma build rules/ -o sigma.wasm --strict     nothing is built if a rule is refused
  cordon sigma build rules/ -o sigma.wasm --table national.toml

Exit codes: 0 done, 1 with --strict: rules were refused and nothing was built, 2 bad usage or input")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    read: Read,
    /// Where the plugin goes
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The plugin's id
    #[arg(long, value_name = "ID", default_value = "sigma-rules")]
    id: String,
    /// The plugin's version
    #[arg(long, value_name = "VERSION", default_value = "1.0.0")]
    version: String,
    /// Who answers for the plugin (the rules' authors are named in each rule)
    #[arg(long, value_name = "NAME", default_value = "Built by cordon sigma build")]
    author: String,
    /// Build nothing if a rule is refused
    #[arg(long)]
    strict: bool,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(in crate::cli) fn run(args: &Args) -> Result<Exit> {
    let built = sigma::read(&args.read.input()?)?;
    let refused = built.refused.len();
    if args.strict && refused > 0 {
        for refusal in built.refused.iter().take(20) {
            warn(&refusal.to_string())?;
        }
        warn(&format!("{} refused, so nothing is built (--strict)", text::plural(refused as u64, "rule")))?;
        return Ok(Exit::No);
    }
    if built.rules.is_empty() {
        bail!("every rule is refused: `cordon sigma check` says why");
    }
    let name = Name { id: args.id.clone(), version: args.version.clone(), authors: vec![args.author.clone()] };
    let wasm = sigma::component_of(&built, &name)?;
    let path = &args.output;
    // A reader never sees half a file: a host may be loading the plugin.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
    let mut file =
        tempfile::NamedTempFile::new_in(folder).with_context(|| format!("{}: cannot be written", path.display()))?;
    file.write_all(&wasm).with_context(|| format!("{}: cannot be written", path.display()))?;
    file.persist(path).with_context(|| format!("{}: cannot be written", path.display()))?;
    let digest = Digest::of(&wasm);
    let fields: usize = built.pack.sources.values().map(|source| source.fields.len()).sum();
    let keywords = built.pack.rules.iter().any(|rule| rule.when.has_keywords());
    let lists = built.pack.lists();
    if args.format == Format::Json {
        print_json(&json!({
            "file": path, "bytes": wasm.len(), "digest": digest, "rules": built.rules.len(),
            "refused": super::as_json(&built.refused),
            "refused_by_kind": super::by_kind(&built.refused).into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            "sources": built.pack.sources.keys().collect::<Vec<_>>(), "whole_events": keywords, "lists": lists,
        }))?;
        return Ok(Exit::Done);
    }
    writeln!(
        out(),
        "{} {}  {}  sha256 {}  {}\n{}, {} in {}; {refused} refused{}",
        args.id,
        args.version,
        text::bytes(wasm.len() as u64),
        digest.short(),
        text::near(path),
        text::plural(built.rules.len() as u64, "rule"),
        text::plural(fields as u64, "field"),
        text::plural(built.pack.sources.len() as u64, "source"),
        if refused > 0 { ": cordon sigma check says why" } else { "" },
    )?;
    for (kind, count) in super::by_kind(&built.refused) {
        writeln!(out(), "  {count:>6}  {kind}")?;
    }
    if !lists.is_empty() {
        let lists = lists.into_iter().collect::<Vec<_>>().join(", ");
        writeln!(out(), "looks values up in lists: {lists} (`cordon list put`, or --list NAME=FILE for `cordon run`)")?;
    }
    if keywords {
        warn(
            "some rules look into whole events, for which the plugin needs a grant: `cordon run` and `cordon test` give it with --grant-whole-events, `cordon serve` by `[grants] whole-events` in its configuration; without it these rules find nothing, and --no-keywords leaves them out",
        )?;
    }
    Ok(Exit::Done)
}
