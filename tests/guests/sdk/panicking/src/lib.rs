//! contract: emits a finding for each row whose operation is `see`, and panics where it is `boom`, saying where
//! ends: in trapped
//! says: panic at | src/lib.rs | index out of bounds

use cordon_sdk::prelude::*;

/// An author's mistake.
#[derive(Debug, Default)]
pub struct Panicking;

#[detector]
impl Panicking {
    fn detect(&self, _batch: &Batch, fields: &Fields, _: &Settings, findings: &mut Findings) -> Result<(), Failure> {
        for row in &fields.operation.equals("see") {
            findings.emit(Rule::Seen.on(row).summary("seen"))?;
        }
        for row in &fields.operation.equals("boom") {
            let places = [0_u8; 3];
            let beyond = fields.operation.text(row).map_or(0, str::len);
            let _ = places[beyond];
        }
        Ok(())
    }
}
