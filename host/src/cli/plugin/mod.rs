//! `cordon plugin`: the plugins of a running host, their faults, and lanes that rest.

mod faults;
mod lanes;
mod list;
mod release;

use anyhow::Result;

use super::exit::Exit;

/// See the plugins of a running host, their faults, and pass or wake lanes that rest
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(list::Args),
    Faults(faults::Args),
    Release(release::Args),
    Skip(lanes::Skip),
    Retry(lanes::Retry),
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::List(args) => list::run(args),
        Verb::Faults(args) => faults::run(args),
        Verb::Release(args) => release::run(args),
        Verb::Skip(args) => lanes::skip(args),
        Verb::Retry(args) => lanes::retry(args),
    }
}
