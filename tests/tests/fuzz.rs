//! Bad bytes, by the fuzz functions of `tests/src/fuzz/`: every kept input, then some seconds of seeded generation.
//!
//! `CORDON_FUZZ_SECONDS` (3) and `CORDON_FUZZ_SEED` change the second part; `tests/fuzz/run` does the same under libFuzzer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use cordon::ids::Digest;
use cordon_tests::cli::root;
use cordon_tests::fuzz::{Generator, PREPARER, TARGETS, Target, target};

const SEED: u64 = 20_261_122;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().map_or(default, |text| text.parse().expect("a number"))
}

fn kept(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = root().join("tests/fuzz/corpus").join(name);
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), std::fs::read(file).unwrap())).collect()
}

/// Runs one input and says whether it was taken; when a promise does not hold, keeps it where it is found again.
fn attempt(target: Target, input: &[u8], which: &str) -> bool {
    if let Ok(taken) = catch_unwind(|| (target.run)(input)) {
        return taken;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    let file = folder.join(format!("{}-{}", target.name, Digest::of(input).short()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(&file, input).unwrap();
    panic!(
        "fuzz function `{}` failed on {which}; the input is {}: once mended, keep it in tests/fuzz/corpus/{}/",
        target.name,
        file.display(),
        target.name
    );
}

fn fuzz(name: &str) {
    *PREPARER.write().unwrap_or_else(PoisonError::into_inner) = Some(env!("CARGO_BIN_EXE_cordon-under-test").into());
    let target = target(name);
    let kept = kept(name);
    assert!(!kept.is_empty());
    for (file, input) in &kept {
        let taken = attempt(target, input, &file.display().to_string());
        let name = file.file_name().unwrap().to_string_lossy();
        assert_eq!(name.starts_with("taken-"), taken, "{} says by its name what becomes of it", file.display());
        assert!(taken || name.starts_with("refused-"), "{}", file.display());
    }
    let seed = number("CORDON_FUZZ_SEED", SEED);
    let lasts = Duration::from_secs(number("CORDON_FUZZ_SECONDS", 3));
    let mut generator = Generator::new(seed, kept.into_iter().map(|(_, input)| input).collect(), target.words);
    let (begun, mut made, mut taken) = (Instant::now(), 0_u64, 0_u64);
    while begun.elapsed() < lasts {
        made += 1;
        taken += u64::from(attempt(target, &generator.next_input(), &format!("input {made} of seed {seed}")));
    }
    println!("{name}: {made} inputs of seed {seed} in {lasts:?}, {taken} of them taken");
    assert!(taken > 0, "every input was refused: nothing behind the first check was tried");
}

#[test]
fn any_text_is_a_path_or_a_clear_refusal() {
    fuzz("path");
}

#[test]
fn any_bytes_are_read_the_same_in_any_pieces_and_give_events_within_limits() {
    fuzz("formats");
}

#[test]
fn columns_of_any_documents_are_what_a_plain_walk_finds() {
    fuzz("columns");
}

#[test]
fn any_text_is_a_manifest_or_a_refusal_with_lines() {
    fuzz("manifest");
}

#[test]
fn any_bytes_are_inspected_without_harm() {
    fuzz("component");
}

#[test]
fn any_record_that_a_guest_emits_is_refused_or_within_every_limit() {
    fuzz("finding");
}

#[test]
fn any_file_of_sigma_rules_is_refused_with_its_line_or_runs_the_same_under_any_split() {
    fuzz("sigma");
}

#[test]
fn every_fuzz_function_has_kept_inputs_and_a_libfuzzer_target() {
    let names: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let stems = |folder: &str| -> BTreeSet<String> {
        let entries = root().join("tests/fuzz").join(folder).read_dir().unwrap();
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(stems("corpus"), names);
    assert_eq!(stems("fuzz_targets"), names);
}
