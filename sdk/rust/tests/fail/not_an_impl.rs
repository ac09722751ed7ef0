//! On something else.
use cordon_sdk::prelude::*;

#[detector(manifest = "good.toml")]
pub struct Probe;

fn main() {}
