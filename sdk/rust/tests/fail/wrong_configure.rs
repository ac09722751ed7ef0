//! A `configure` of another shape.
use cordon_sdk::prelude::*;

#[derive(Default)]
pub struct Probe;

#[detector(manifest = "good.toml")]
impl Probe {
    fn configure(&self) {}

    fn detect(&self, _: &Batch, _: &Fields, _: &Settings, _: &mut Findings) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {}
