//! Cases: events in, findings expected. They lie beside a plugin's sources in `cases/NAME/`.
//!
//! `format` reads a case, `run` gives it to the production sandbox, whole and cut up, `compare` says where what was found
//! differs from what was expected, `update` writes what was found, `add` makes a case from real events.

mod add;
mod compare;
mod format;
mod junit;
mod run;
mod update;

pub use add::{AddError, NewCase, add};
pub use format::{Case, CaseError};
pub use junit::to_junit;
pub use run::{CaseReport, Splits, Verdict, run_case};
pub use update::update;
