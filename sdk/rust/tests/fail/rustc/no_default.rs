//! Neither `Default` nor `configure`.
use cordon_sdk::prelude::*;

pub struct Probe;

#[detector(manifest = "../good.toml")]
impl Probe {
    fn detect(&self, _: &Batch, _: &Fields, _: &Settings, _: &mut Findings) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {}
