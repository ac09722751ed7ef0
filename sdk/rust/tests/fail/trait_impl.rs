//! On the impl of a trait.
use cordon_sdk::prelude::*;

#[derive(Default)]
pub struct Probe;

#[detector(manifest = "good.toml")]
impl Clone for Probe {
    fn clone(&self) -> Self {
        Self
    }
}

fn main() {}
