//! Arguments that the attribute does not take.
use cordon_sdk::prelude::*;

#[derive(Default)]
pub struct Probe;

#[detector(name = "probe")]
impl Probe {
    fn detect(&self, _: &Batch, _: &Fields, _: &Settings, _: &mut Findings) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {}
