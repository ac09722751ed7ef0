//! contract: walks a ring as if it were a tree
//! ends: in trapped by stack
//! says: stack

use cordon_sdk::prelude::*;

/// An author's mistake.
#[derive(Debug, Default)]
pub struct Recursing;

fn depth(place: usize, ring: &[usize]) -> usize {
    ring.get(place).map_or(0, |next| std::hint::black_box(depth(*next, ring)) + 1)
}

#[detector]
impl Recursing {
    fn detect(&self, _batch: &Batch, fields: &Fields, _: &Settings, findings: &mut Findings) -> Result<(), Failure> {
        for row in &fields.operation.present() {
            findings.emit(Rule::Seen.on(row).summary(format!("{} deep", depth(0, &[1, 2, 0]))))?;
        }
        Ok(())
    }
}
