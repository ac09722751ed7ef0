//! contract: logs every value it sees ten thousand times, a few bytes a line
//! ends: in trapped by host-calls
//! says: host calls

use cordon_sdk::prelude::*;

/// An author's mistake.
#[derive(Debug, Default)]
pub struct Chattering;

#[detector]
impl Chattering {
    fn detect(&self, _batch: &Batch, fields: &Fields, _: &Settings, findings: &mut Findings) -> Result<(), Failure> {
        for row in &fields.operation.present() {
            for time in 0..10_000 {
                log::info(format!("{time}: {}", fields.operation.text(row).unwrap_or_default()));
            }
            findings.emit(Rule::Seen.on(row).summary("seen"))?;
        }
        Ok(())
    }
}
