//! The fuzz function `sigma` under libFuzzer.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    // Refused inputs are kept too: refusing well is half of the promise.
    let _taken = (cordon_tests::fuzz::target("sigma").run)(data);
    Corpus::Keep
});
