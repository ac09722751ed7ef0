//! Arguments in another order.
use cordon_sdk::prelude::*;

#[derive(Default)]
pub struct Probe;

#[detector(manifest = "good.toml")]
impl Probe {
    fn detect(&self, _: &Batch, _: &Settings, _: &Fields, _: &mut Findings) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {}
