//! Arguments about events, the same for every verb that reads them.

use anyhow::{Context as _, Result, ensure};
use cordon_contract::limits::BATCH_ROWS;
use cordon_contract::path::Path;

use crate::events::{BatcherOptions, Input};
use crate::model::{Force, SourceName};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Files, globs, or - for standard input
    #[arg(value_name = "EVENTS")]
    files: Vec<String>,
    /// Take every event as this source instead of recognising it by its shape
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Where a custom source keeps its time
    #[arg(long, value_name = "PATH")]
    time_field: Option<String>,
    /// The force that the events belong to
    #[arg(long = "for", value_name = "NAME", default_value = FORCE)]
    force: String,
    /// The force's time zone
    #[arg(long, value_name = "ZONE", default_value = ZONE)]
    zone: String,
}

impl Args {
    /// The files that they stand in.
    pub(super) fn inputs(&self) -> Result<Vec<Input>> {
        ensure!(!self.files.is_empty(), "which events? Name files, globs, or - for standard input");
        Ok(Input::expand(&self.files)?)
    }

    /// How they become batches.
    pub(super) fn options(&self, rows: usize) -> Result<BatcherOptions> {
        options(self.source.as_deref(), self.time_field.as_deref(), &self.force, &self.zone, rows)
    }
}

/// The force where none is named.
pub(super) const FORCE: &str = "local";
/// The time zone where none is named.
pub(super) const ZONE: &str = "Europe/London";

/// What the options of these names say.
pub(super) fn options(
    source: Option<&str>,
    time_field: Option<&str>,
    force: &str,
    zone: &str,
    rows: usize,
) -> Result<BatcherOptions> {
    Ok(BatcherOptions {
        force: Force::new(force).context("--for")?,
        source: source.map(SourceName::new).transpose().context("--source")?,
        time_field: time_field.map(Path::parse).transpose().context("--time-field")?,
        zone: jiff::tz::TimeZone::get(zone)
            .ok()
            .with_context(|| format!("--zone `{zone}`: no such time zone; use a name such as Europe/London or UTC"))?,
        rows,
    })
}

/// 1 to 4,096.
pub(super) fn batch_rows(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rows) if (1..=BATCH_ROWS).contains(&rows) => Ok(rows),
        _ => Err(format!("a batch has 1 to {BATCH_ROWS} events")),
    }
}
