//! The command line: one file per verb. Reads arguments, prints answers, chooses exit codes.
//!
//! Findings and machine-readable answers go to standard output, everything else to standard error. Owns no logic that
//! another stage could need.

mod alert;
mod answer;
mod audit;
mod bench;
mod build;
mod case;
mod changed;
mod client;
mod contact;
mod coverage;
mod delivery;
mod demo;
mod deploy;
mod events;
mod evidence;
mod exception;
mod exercise;
mod exit;
mod fields;
mod force;
mod hold;
mod hunt;
mod incident;
mod inspect;
mod keeper;
mod ledger;
mod list;
mod log;
mod login;
mod maintenance;
mod new;
mod patience;
mod plugin;
mod plugins;
mod prepare;
mod private;
mod profile;
mod progress;
mod refused;
mod reload;
mod replay;
mod report;
mod reproduce;
mod rollback;
mod route;
mod run;
mod scorecard;
mod send;
mod serve;
mod sigma;
mod simulate;
mod soak;
mod span;
mod status;
mod style;
mod target;
mod test;
mod text;
mod token;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(
    name = "cordon",
    version,
    about = "Sandboxed Wasm detections over batches of security events",
    after_help = exit::HELP,
    max_term_width = 110
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    New(new::Args),
    Sigma(sigma::Args),
    Build(build::Args),
    Inspect(inspect::Args),
    Fields(fields::Args),
    Test(test::Args),
    Case(case::Args),
    Run(run::Args),
    Reproduce(reproduce::Args),
    Bench(bench::Args),
    Coverage(coverage::Args),
    Demo(demo::Args),
    Serve(serve::Args),
    Send(send::Args),
    Simulate(simulate::Args),
    Status(status::Args),
    Ledger(ledger::Args),
    Login(login::Login),
    Logout(login::Logout),
    Whoami(login::Whoami),
    Force(force::Args),
    Token(token::Args),
    Audit(audit::Args),
    Refused(refused::Args),
    Plugin(plugin::Args),
    Deploy(deploy::Args),
    Rollback(rollback::Args),
    Hunt(hunt::Args),
    Evidence(evidence::Args),
    Hold(hold::Args),
    List(list::Args),
    Alert(alert::Args),
    Incident(incident::Args),
    Exception(exception::Args),
    Maintenance(maintenance::Args),
    Exercise(exercise::Args),
    Scorecard(scorecard::Args),
    Contact(contact::Args),
    Delivery(delivery::Args),
    Route(route::Args),
    #[command(hide = true)]
    Prepare(prepare::Args),
}

/// For people or for machines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

/// What stages report (a toolchain's target added, a damaged artefact made again) goes to standard error.
fn say_what_happens() {
    let _ = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_max_level(tracing::Level::INFO)
        .with_target(false)
        .without_time()
        .try_init();
}

fn warn(text: &str) -> anyhow::Result<()> {
    writeln!(anstream::stderr(), "{}warning:{} {text}", style::WARN, style::OFF)?;
    Ok(())
}

/// Standard output. Never `println!`: that panics when the reader of a pipe has gone.
fn out() -> anstream::AutoStream<std::io::StdoutLock<'static>> {
    anstream::stdout().lock()
}

fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    writeln!(out(), "{text}")?;
    Ok(())
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let verb = Cli::parse().verb;
    if let Verb::Prepare(args) = &verb {
        return prepare::run(args);
    }
    // The live host's log is as its configuration says.
    if !matches!(verb, Verb::Serve(_)) {
        say_what_happens();
    }
    let answer = match verb {
        Verb::Build(args) => build::run(&args),
        Verb::Sigma(args) => sigma::run(&args),
        Verb::Inspect(args) => inspect::run(&args),
        Verb::New(args) => new::run(&args),
        Verb::Test(args) => test::run(&args),
        Verb::Case(args) => case::run(&args),
        Verb::Run(args) => run::run(&args),
        Verb::Reproduce(args) => reproduce::run(&args),
        Verb::Fields(args) => fields::run(&args),
        Verb::Bench(args) => bench::run(&args),
        Verb::Coverage(args) => coverage::run(&args),
        Verb::Demo(args) => demo::run(&args),
        Verb::Serve(args) => serve::run(args),
        Verb::Send(args) => send::run(&args),
        Verb::Simulate(args) => simulate::run(&args),
        Verb::Status(args) => status::run(&args),
        Verb::Ledger(args) => ledger::run(&args),
        Verb::Login(args) => login::login(args),
        Verb::Logout(args) => login::logout(&args),
        Verb::Whoami(args) => login::whoami(&args),
        Verb::Force(args) => force::run(&args),
        Verb::Token(args) => token::run(&args),
        Verb::Audit(args) => audit::run(&args),
        Verb::Refused(args) => refused::run(&args),
        Verb::Plugin(args) => plugin::run(&args),
        Verb::Deploy(args) => deploy::run(&args),
        Verb::Rollback(args) => rollback::run(&args),
        Verb::Hunt(args) => hunt::run(&args),
        Verb::Evidence(args) => evidence::run(&args),
        Verb::Hold(args) => hold::run(&args),
        Verb::List(args) => list::run(&args),
        Verb::Alert(args) => alert::run(&args),
        Verb::Incident(args) => incident::run(&args),
        Verb::Exception(args) => exception::run(&args),
        Verb::Maintenance(args) => maintenance::run(&args),
        Verb::Exercise(args) => exercise::run(&args),
        Verb::Scorecard(args) => scorecard::run(&args),
        Verb::Contact(args) => contact::run(&args),
        Verb::Delivery(args) => delivery::run(&args),
        Verb::Route(args) => route::run(&args),
        Verb::Prepare(_) => Ok(exit::Exit::Done), // gone above
    };
    match answer {
        Ok(exit) => exit.into(),
        Err(error) => {
            let (exit, text) = exit::of_error(&error);
            if !text.is_empty() {
                let _ = writeln!(anstream::stderr(), "{}error:{} {text}", style::BAD, style::OFF);
            }
            exit.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_verb_is_well_formed_and_says_its_exit_codes() {
        let mut cli = Cli::command();
        cli.clone().debug_assert();
        cli.build();
        for verb in cli.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help") {
            let leaves: Vec<_> = verb.get_subcommands().filter(|inner| inner.get_name() != "help").collect();
            for leaf in if leaves.is_empty() { vec![verb] } else { leaves } {
                let help = leaf.get_after_long_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{}", leaf.get_name());
            }
        }
    }
}
