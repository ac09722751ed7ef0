//! The guest of the benches: looks at every distinct value of four columns, and finds nothing in real events. Its snapshot is as
//! large as `load` settings say.

use cordon_sdk::prelude::*;

/// Stands in no event.
const NEEDLE: &str = "cordon-bench-needle";

/// What the snapshot keeps.
#[derive(Debug, Default)]
pub struct BenchGuest {
    ballast: Vec<u8>,
}

#[detector]
impl BenchGuest {
    fn configure(settings: &LoadSettings) -> Result<Self, Failure> {
        let bytes = usize::try_from(settings.memory_mib).unwrap_or(0) << 20;
        // No zeros: a page of zeros is no part of a snapshot.
        Ok(Self { ballast: (0..bytes).map(|at| (at >> 12) as u8 | 1).collect() })
    }

    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        _settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let found = fields.act.contains(NEEDLE)
            | fields.user.contains(NEEDLE)
            | fields.address.contains(NEEDLE)
            | fields.thing.contains(NEEDLE);
        for row in &found {
            // The ballast is read so that it is kept.
            let kept = self.ballast.get(row.index()).copied().unwrap_or(0);
            let finding = Rule::Needle.on(row).summary(format!("found, {kept}"));
            let finding = finding.key(fields.thing.text(row).unwrap_or(NEEDLE));
            findings.emit(match fields.user.text(row) {
                Some(user) => finding.entity("user", user),
                None => finding,
            })?;
        }
        Ok(())
    }
}
