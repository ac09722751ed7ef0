//! Too few arguments.
use cordon_sdk::prelude::*;

#[derive(Default)]
pub struct Probe;

#[detector(manifest = "good.toml")]
impl Probe {
    fn detect(&self, _: &Batch) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {}
