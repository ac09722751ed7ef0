//! `cordon sigma`: rules in YAML into a plugin, without a compiler.

mod build;
mod check;
mod explain;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Subcommand;
use cordon_sigma::rule::{Options, Refusal};
use serde_json::{Value, json};

use super::exit::{self, Exit};
use crate::author::sigma::Input;

/// Sigma rules: build a plugin of them, check them, explain one on events
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon sigma check rules/                          which are taken, which are refused and why
  cordon sigma build rules/ -o sigma.wasm            one plugin of all of them
  cordon run -p sigma.wasm events.jsonl              run it
  cordon sigma explain rule.yml --events events.jsonl

Exit codes: 0 done, 1 with --strict: rules were refused, 2 bad usage or input")]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Build(build::Args),
    Check(check::Args),
    Explain(explain::Args),
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::Build(args) => build::run(args),
        Verb::Check(args) => check::run(args),
        Verb::Explain(args) => explain::run(args),
    }
}

/// What every verb reads.
#[derive(Debug, clap::Args)]
struct Read {
    /// Files of rules, or folders of them (every .yml and .yaml below)
    #[arg(required = true, value_name = "RULES")]
    rules: Vec<PathBuf>,
    /// A table of log sources and fields of your own (TOML), which goes before the shipped ones
    #[arg(long, value_name = "FILE")]
    table: Vec<PathBuf>,
    /// Values of a placeholder (`field|expand: '%admins%'`)
    #[arg(long, value_name = "NAME=VALUE,...")]
    placeholder: Vec<String>,
    /// The licence of rules that name none (SigmaHQ's is known by its LICENSE file)
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
    /// Leave out rules that look into whole events, for which the operator would have to grant `whole-events`
    #[arg(long)]
    no_keywords: bool,
}

impl Read {
    fn input(&self) -> Result<Input> {
        let mut placeholders = BTreeMap::new();
        for given in &self.placeholder {
            let Some((name, values)) = given.split_once('=') else {
                bail!("--placeholder `{given}`: use the form NAME=VALUE,VALUE");
            };
            placeholders.insert(name.trim_matches('%').to_owned(), values.split(',').map(str::to_owned).collect());
        }
        Ok(Input {
            rules: self.rules.clone(),
            tables: self.table.clone(),
            options: Options { placeholders, licence: self.licence.clone() },
            no_keywords: self.no_keywords,
        })
    }
}

/// Refused rules for machines.
fn as_json(refused: &[Refusal]) -> Vec<Value> {
    let one = |refusal: &Refusal| {
        let Refusal { place, title, kind, reason } = refusal;
        json!({ "file": place.file, "line": place.line, "title": title, "kind": kind, "reason": reason })
    };
    refused.iter().map(one).collect()
}

/// How many were refused for which kind of reason, the most frequent first.
fn by_kind(refused: &[Refusal]) -> Vec<(&'static str, usize)> {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    refused.iter().for_each(|refusal| *kinds.entry(refusal.kind).or_default() += 1);
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    kinds
}
