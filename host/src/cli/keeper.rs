//! `--evidence` of `cordon run`: keeps evidence as findings come, and counts what could not be kept.

use std::io::Write as _;
use std::path::Path;

use super::{style, text};
use crate::evidence::{Evidence, EvidenceError, Folder, Kept};
use crate::findings::text::safe;
use crate::registry::Loaded;
use crate::sandbox::Sandbox;
use crate::wiring::Found;

/// Failures that are told one by one; a full disk fails for every finding.
const TOLD: u64 = 3;

/// See the module.
pub(super) struct Keeper<'a> {
    folder: Folder,
    sandbox: &'a Sandbox,
    plugins: &'a [Loaded],
    written: u64,
    there: u64,
    failed: u64,
}

impl<'a> Keeper<'a> {
    /// # Errors
    /// Where the folder cannot take evidence: then nothing is run.
    pub(super) fn open(folder: &Path, sandbox: &'a Sandbox, plugins: &'a [Loaded]) -> Result<Self, EvidenceError> {
        Ok(Self { folder: Folder::open(folder, plugins)?, sandbox, plugins, written: 0, there: 0, failed: 0 })
    }

    /// Keeps evidence of one finding. A finding is shown whether or not its evidence could be kept.
    ///
    /// # Errors
    /// Standard error's only.
    pub(super) fn keep(&mut self, found: &Found) -> std::io::Result<()> {
        let made = found.basis.as_ref().and_then(|basis| {
            let loaded = self.plugins.get(basis.plugin)?;
            Evidence::of(&found.finding, (&basis.batch, basis.row), &basis.answers, loaded, self.sandbox)
        });
        match made.map(|evidence| self.folder.keep(found.finding.id, &evidence)) {
            Some(Ok(Kept::Written)) => self.written += 1,
            Some(Ok(Kept::There)) => self.there += 1,
            Some(Err(error)) => self.failed(&error.to_string())?,
            None => self.failed("the row of a finding is gone")?,
        }
        Ok(())
    }

    fn failed(&mut self, reason: &str) -> std::io::Result<()> {
        self.failed += 1;
        if self.failed > TOLD {
            return Ok(());
        }
        writeln!(anstream::stderr(), "{}no evidence kept:{} {}", style::BAD, style::OFF, safe(reason))
    }

    /// Says what was kept. Whether all of it was.
    ///
    /// # Errors
    /// Standard error's only.
    pub(super) fn finish(mut self) -> std::io::Result<bool> {
        if let Err(error) = self.folder.finish() {
            self.failed(&error.to_string())?;
        }
        let mut err = anstream::stderr();
        let folder = text::near(self.folder.path());
        write!(err, "evidence of {} kept in {}", text::plural(self.written, "finding"), safe(&folder))?;
        if self.there > 0 {
            write!(err, ", {} had theirs there before and it stays", text::count(self.there))?;
        }
        writeln!(err)?;
        if self.failed > 0 {
            let failed = text::plural(self.failed, "finding");
            writeln!(err, "{}no evidence of {failed} could be kept{}", style::BAD, style::OFF)?;
        }
        Ok(self.failed == 0)
    }
}
