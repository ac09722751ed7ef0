//! contract: keeps a copy of a value for each number there is
//! ends: in out-of-memory by memory
//! says: more than its 64 MiB
//! caps: cpu-ms 1000

use cordon_sdk::prelude::*;

/// An author's mistake.
#[derive(Debug, Default)]
pub struct Hoarding;

#[detector]
impl Hoarding {
    fn detect(&self, _batch: &Batch, fields: &Fields, _: &Settings, findings: &mut Findings) -> Result<(), Failure> {
        let mut kept = Vec::new();
        for row in &fields.operation.present() {
            for number in 0..u32::MAX {
                kept.push((number, vec![fields.operation.text(row).map_or(0, str::len); 1_000]));
            }
            findings.emit(Rule::Seen.on(row).summary(format!("{} kept", kept.len())))?;
        }
        Ok(())
    }
}
