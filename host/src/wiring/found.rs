//! A finding as the pipeline gives it, with the row from which evidence is made where that was asked for. Plain data.

use std::sync::Arc;

use crate::events::Batch;
use crate::findings::Finding;
use crate::sandbox::StateAnswer;

/// A finding, in its turn.
#[derive(Debug)]
pub struct Found {
    /// Stamped.
    pub finding: Finding,
    /// Where it came from; asked for by [`Pipeline::evidence`](super::Pipeline::evidence).
    pub basis: Option<Basis>,
}

/// The row that a finding came from.
#[derive(Debug, Clone)]
pub struct Basis {
    /// Its batch.
    pub batch: Arc<Batch>,
    /// The trigger row.
    pub row: usize,
    /// Which of [`Pipeline::plugins`](super::Pipeline::plugins) made it.
    pub plugin: usize,
    /// What state, windows and lists answered the row.
    pub answers: Vec<StateAnswer>,
}
