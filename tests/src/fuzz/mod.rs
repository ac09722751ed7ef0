//! Fuzz functions: each takes any bytes and panics when a promise does not hold. `tests/tests/fuzz.rs` runs them over the
//! kept inputs and seconds of seeded generation; `tests/fuzz/` runs the same ones under libFuzzer.

mod columns;
mod component;
mod finding;
mod formats;
mod generate;
mod manifest;
mod path;
mod sigma;

pub use finding::PREPARER;
pub use generate::Generator;

/// A fuzz function, with the folder of its kept inputs.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: a folder of `tests/fuzz/corpus/` and a file of `tests/fuzz/fuzz_targets/`.
    pub name: &'static str,
    /// Panics when a promise does not hold for these bytes; whether the code under test took them (a path that parses, a
    /// finding that is kept).
    pub run: fn(&[u8]) -> bool,
    /// Pieces that mean something to the code under test.
    pub words: &'static [&'static str],
}

/// All of them.
pub const TARGETS: [Target; 7] = [
    path::TARGET,
    formats::TARGET,
    columns::TARGET,
    manifest::TARGET,
    component::TARGET,
    finding::TARGET,
    sigma::TARGET,
];

/// One of them.
///
/// # Panics
/// When there is none of that name.
#[must_use]
pub fn target(name: &str) -> Target {
    TARGETS.into_iter().find(|target| target.name == name).expect("a target of that name")
}
