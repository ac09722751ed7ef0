//! The national plugins on records that nobody here wrote, on what another project says of such records, and on records
//! broken in every way. Natively: `cordon test` runs their cases in the sandbox.
//!
//! Real data lie beside the checkout, in `../shared/data`; where they are absent, the tests that need them say 'skipped'.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod broken;
mod data;
mod judged;
mod labelled;
mod run;
mod story;
