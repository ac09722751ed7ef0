//! Memory returns after many hostile rounds.

use cordon::sandbox::{Plugin, RunInput};
use cordon_tests::batches::rows;
use cordon_tests::hostile::{Ends, all, caps};
use cordon_tests::sandboxes::TestSandbox;

use super::{BINARY, alone, resident};

/// Rounds before anything is measured: the pool's pages are there after three.
const WARM_UP: usize = 3;
/// Rounds measured, three times.
const MEASURED: usize = 2;
/// Rounds between them.
const BETWEEN: usize = 3;
/// What the lowest level of a measurement may have above the highest of the one before. Once in a process's life the allocator
/// keeps some 32 MiB that it gave back before, in the first round or the tenth: so what is kept must show twice. Four rounds lie
/// between two measurements at least, and 1 MiB kept a round is seen.
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
    let measured = [(); 3].map(|()| {
        let measured = levels(MEASURED);
        levels(BETWEEN);
        measured
    });
    println!("{} plugins run, {} refused: resident {measured:?} bytes", runs.len(), refused.len());
    let grew = |two: &[Vec<usize>]| {
        let (before, after) = (two[0].iter().max().unwrap(), two[1].iter().min().unwrap());
        *after >= before + SLACK_BYTES
    };
    assert!(!measured.windows(2).all(grew), "resident memory went through {measured:?} bytes");
}
