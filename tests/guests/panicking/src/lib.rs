//! Emits a finding for each row whose operation is `see`; panics where it is `boom`. What reaches the host must say where.

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
