//! No result.
use cordon_sdk::prelude::*;

#[derive(Default)]
pub struct Probe;

#[detector(manifest = "good.toml")]
impl Probe {
    fn detect(&self, _: &Batch, _: &Fields, _: &Settings, _: &mut Findings) {}
}

fn main() {}
