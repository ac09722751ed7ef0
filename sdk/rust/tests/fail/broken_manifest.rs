//! Mistakes in the manifest come with its file and line.
use cordon_sdk::prelude::*;

#[derive(Default)]
pub struct Probe;

#[detector(manifest = "broken.toml")]
impl Probe {
    fn detect(&self, _: &Batch, _: &Fields, _: &Settings, _: &mut Findings) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {}
