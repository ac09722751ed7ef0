//! A generic detector.
use cordon_sdk::prelude::*;

pub struct Probe<T>(T);

#[detector(manifest = "good.toml")]
impl<T> Probe<T> {
    fn detect(&self, _: &Batch, _: &Fields, _: &Settings, _: &mut Findings) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {}
