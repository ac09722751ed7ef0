//! `cordon plugin`: the plugins of a running host: loaded, running, stopped; their history, their faults, and lanes that rest.

mod compare;
mod diff;
mod faults;
mod history;
mod lanes;
mod list;
mod load;
mod release;
mod switch;
mod unload;

use anyhow::Result;

use super::exit::Exit;

/// Load plugins into a running host, see how they run and what changed, stop them, and pass or wake lanes that rest
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(list::Args),
    Compare(compare::Args),
    Load(load::Args),
    Unload(unload::Args),
    Disable(switch::Disable),
    Enable(switch::Enable),
    History(history::Args),
    Diff(diff::Args),
    Faults(faults::Args),
    Release(release::Args),
    Skip(lanes::Skip),
    Retry(lanes::Retry),
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::List(args) => list::run(args),
        Verb::Compare(args) => compare::run(args),
        Verb::Load(args) => load::run(args),
        Verb::Unload(args) => unload::run(args),
        Verb::Disable(args) => switch::disable(args),
        Verb::Enable(args) => switch::enable(args),
        Verb::History(args) => history::run(args),
        Verb::Diff(args) => diff::run(args),
        Verb::Faults(args) => faults::run(args),
        Verb::Release(args) => release::run(args),
        Verb::Skip(args) => lanes::skip(args),
        Verb::Retry(args) => lanes::retry(args),
    }
}
