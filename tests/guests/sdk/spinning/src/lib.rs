//! contract: waits for a value that never comes
//! ends: in out-of-time by cpu-time
//! says: CPU time

use cordon_sdk::prelude::*;

/// An author's mistake.
#[derive(Debug, Default)]
pub struct Spinning;

#[detector]
impl Spinning {
    fn detect(&self, _batch: &Batch, fields: &Fields, _: &Settings, findings: &mut Findings) -> Result<(), Failure> {
        for row in &fields.operation.present() {
            let mut number = 0_u64;
            // Every multiple of two is even.
            while number.is_multiple_of(2) {
                number = std::hint::black_box(number.wrapping_add(2));
            }
            findings.emit(Rule::Seen.on(row).summary("seen"))?;
        }
        Ok(())
    }
}
