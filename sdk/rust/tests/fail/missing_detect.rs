//! No `detect`.
use cordon_sdk::prelude::*;

#[derive(Default)]
pub struct Probe;

#[detector(manifest = "good.toml")]
impl Probe {
    fn look(&self) {}
}

fn main() {}
