//! A declared field, setting or rule that is not used is a warning; here made an error, to be seen.
#![deny(dead_code)]
use cordon_sdk::prelude::*;

#[derive(Default)]
pub struct Probe;

#[detector(manifest = "../good.toml")]
impl Probe {
    fn detect(&self, _: &Batch, _: &Fields, _: &Settings, _: &mut Findings) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {}
