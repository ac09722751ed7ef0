//! Where findings go.

use crate::backend;
use crate::{Failure, Finding};

/// Takes the findings of one batch; the host checks each at once.
pub struct Findings {
    emitted: usize,
    refusal: Option<String>,
}

impl Findings {
    pub(crate) fn new() -> Self {
        Self { emitted: 0, refusal: None }
    }

    /// Hands a finding to the host.
    ///
    /// # Errors
    /// Where the host refuses it. The builder's findings fit its checks, so what is left is a row with more than 64 findings,
    /// or 64 KiB of them, and a reference that is not this force's. The run then fails, whatever `detect` answers: pass it on
    /// with `?`.
    pub fn emit(&mut self, finding: Finding) -> Result<(), Failure> {
        match backend::emit(finding.finish()) {
            Ok(()) => {
                self.emitted += 1;
                Ok(())
            }
            Err(reason) => {
                let text = format!("finding refused: {reason}");
                self.refusal.get_or_insert_with(|| text.clone());
                Err(Failure::other(text))
            }
        }
    }

    /// How many findings this batch has so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.emitted
    }

    /// The first refusal.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.refusal.clone()
    }
}
