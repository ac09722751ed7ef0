//! Findings that cannot be written.
use cordon_sdk::prelude::*;

#[derive(Default)]
pub struct Probe;

#[detector(manifest = "good.toml")]
impl Probe {
    fn detect(&self, _: &Batch, _: &Fields, _: &Settings, _: &Findings) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {}
