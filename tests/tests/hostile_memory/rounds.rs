//! Memory returns after many hostile rounds.

use cordon::sandbox::{Plugin, RunInput};
use cordon_tests::batches::rows;
use cordon_tests::hostile::{Ends, all, caps};
use cordon_tests::sandboxes::TestSandbox;

use super::{BINARY, alone, resident};

/// Rounds before anything is measured: the allocator's and the pool's pages are there after three.
const WARM_UP: usize = 4;
/// Rounds measured at the beginning, and again at the end.
const MEASURED: usize = 4;
/// Rounds between them.
const BETWEEN: usize = 4;
/// What the lowest level of the end may have above the highest of the beginning. Single samples differ by 25 MiB from one
/// process to the next while all end at the same level, so levels are compared; five rounds lie between them at least, and
/// 0.8 MiB kept a round are seen.
const SLACK_BYTES: usize = 4 << 20;

#[test]
fn memory_returns_after_many_hostile_rounds() {
    let _alone = alone();
    let sandbox = TestSandbox::with(BINARY, caps());
    let (runs, refused): (Vec<_>, Vec<_>) = all()
        .into_iter()
        .filter(|guest| !guest.needs_own_preparing())
        .partition(|guest| matches!(guest.contract.ends, Ends::In { .. }));
    let plugins: Vec<Plugin> = runs.iter().map(|guest| sandbox.load(&guest.wasm).unwrap()).collect();
    let batch = rows(100);
    let round = || {
        for plugin in &plugins {
            assert!(sandbox.sandbox().run(plugin, &batch, &RunInput::default()).findings.is_empty());
        }
    };
    let refuse = || {
        for guest in &refused {
            assert!(sandbox.load(&guest.wasm).is_err(), "{}", guest.name);
        }
    };
    let levels = |rounds: usize| -> Vec<usize> {
        let level = |number| {
            round();
            if number % 2 == 0 {
                refuse();
            }
            resident()
        };
        (0..rounds).map(level).collect()
    };
    levels(WARM_UP);
    let begun = levels(MEASURED);
    levels(BETWEEN);
    let ended = levels(MEASURED);
    println!("{} plugins run, {} refused: resident {begun:?} bytes, then {ended:?}", runs.len(), refused.len());
    let (before, after) = (begun.iter().max().unwrap(), ended.iter().min().unwrap());
    assert!(*after < before + SLACK_BYTES, "resident memory went from {begun:?} to {ended:?} bytes");
}
