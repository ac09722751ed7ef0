//! Where the plugins are, and which commands to try afterwards.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::author::PluginFolder;
use crate::cli::{style, text};

/// Where plugins and sample events are.
pub(super) struct Place {
    pub(super) plugins: PathBuf,
    events: PathBuf,
    /// Its plugins are to be built.
    pub(super) sources: bool,
}

pub(super) fn find() -> Result<Place> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/")).to_owned();
    let mut looked = vec![(checkout.join("plugins"), checkout.join("examples").join("events"))];
    if let Some(beside) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        looked.push((beside.join("plugins"), beside.join("events")));
    }
    if let Some(found) = looked.iter().position(|(plugins, _)| plugins.is_dir()) {
        let (plugins, events) = looked.swap_remove(found);
        let sources = std::fs::read_dir(&plugins).into_iter().flatten().flatten();
        let sources = sources.into_iter().any(|entry| PluginFolder::is_one(&entry.path()));
        return Ok(Place { plugins, events, sources });
    }
    let places: Vec<String> = looked.iter().map(|(plugins, _)| plugins.display().to_string()).collect();
    bail!(
        "there are no plugins to show: looked for {}. Clone the repository and run `cargo run --release -- demo` in it",
        places.join(", and for ")
    );
}

/// This binary, as one types it here.
fn binary() -> String {
    let binary = std::env::current_exe().map_or_else(|_| "cordon".into(), |path| text::near(&path));
    if binary.starts_with("target/") { format!("./{binary}") } else { binary }
}

impl Place {
    /// Three commands to try.
    pub(super) fn say_next(&self) -> Result<()> {
        let mut err = anstream::stderr();
        let (binary, plugins, events) = (binary(), text::near(&self.plugins), text::near(&self.events));
        writeln!(err, "\n{}Now try:{}", style::STRONG, style::OFF)?;
        writeln!(err, "  {binary} demo --stay                           the same, and the host stays up for you")?;
        writeln!(err, "  {binary} run -p {plugins} {events}/*.jsonl")?;
        writeln!(err, "  {binary} new my-first-plugin")?;
        Ok(())
    }
}

/// What to type while the host stays up.
pub(super) fn say_second_terminal(url: &str, operator: &Path, intake: &Path, force: &str) -> Result<()> {
    let mut err = anstream::stderr();
    let binary = binary();
    let (operator, intake) = (operator.display(), intake.display());
    let tokens = Path::new(&intake.to_string()).parent().map(|folder| folder.display().to_string()).unwrap_or_default();
    writeln!(err, "\n{}The host stays up until Ctrl-C. In a second terminal:{}", style::STRONG, style::OFF)?;
    writeln!(err, "  export CORDON_HOST={url} CORDON_TOKEN_FILE={operator}")?;
    writeln!(err, "  {binary} status")?;
    writeln!(err, "  {binary} send YOUR-EVENTS.jsonl --token-file {intake}")?;
    writeln!(err, "  {binary} simulate --post --token-dir {tokens} --rate 200/s --duration 30s")?;
    writeln!(err, "  curl -H \"Authorization: Bearer $(cat $CORDON_TOKEN_FILE)\" '{url}/v1/findings?for={force}'")?;
    Ok(())
}
