//! References: how a plugin cites an event later. Opaque to plugins, versioned, of one force.
//!
//! `r1/FORCE/SOURCE/SEQUENCE`. Says whether a reference is well formed and may be cited here, and
//! which row of a batch it means; finding an event elsewhere is not its job.

use crate::events::Batch;

const VERSION: &str = "r1";

/// The reference of a row; `None` for a row that does not exist.
pub(super) fn of_row(batch: &Batch, row: u32) -> Option<String> {
    let row = usize::try_from(row).ok().filter(|row| *row < batch.len())?;
    Some(format!("{VERSION}/{}/{}/{}", batch.force(), batch.source(), batch.sequence(row)))
}

/// The row of the batch that a reference means, where it is one of this batch.
#[must_use]
pub fn row_of(batch: &Batch, reference: &str) -> Option<usize> {
    let sequence: u64 = reference.rsplit('/').next()?.parse().ok()?;
    let row = (0..batch.len()).find(|row| batch.sequence(*row) == sequence)?;
    (of_row(batch, u32::try_from(row).ok()?)? == reference).then_some(row)
}

/// Whether `reference` is well formed, of this `force`, and of a source that `declared` knows.
///
/// # Errors
/// Why not, in words that give nothing of another force away.
pub(super) fn check(reference: &str, force: &str, declared: impl Fn(&str) -> bool) -> Result<(), String> {
    let mut parts = reference.split('/');
    let (Some(VERSION), Some(of_force), Some(of_source), Some(sequence), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("no reference that this host gave out: cite what `reference` answered, unchanged".into());
    };
    // Canonical digits only, so that one event has one reference.
    if sequence.parse::<u64>().ok().is_none_or(|number| number.to_string() != sequence) {
        return Err("no reference that this host gave out: its sequence number is malformed".into());
    }
    if of_force != force {
        return Err("of another force".into());
    }
    if !declared(of_source) {
        return Err(format!(
            "of a source that the manifest does not declare: add [sources.\"{of_source}\"] or do not cite it"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    fn checked(reference: &str) -> Result<(), String> {
        check(reference, "avon", |source| source == "m365.audit")
    }

    #[test]
    fn a_reference_of_this_force_and_a_declared_source_may_be_cited() {
        assert_eq!(checked("r1/avon/m365.audit/17"), Ok(()));
    }

    #[test]
    fn malformed_foreign_and_undeclared_references_are_refused() {
        for reference in [
            "",
            "17",
            "r2/avon/m365.audit/17",
            "r1/avon/m365.audit",
            "r1/avon/m365.audit/",
            "r1/avon/m365.audit/017",
            "r1/avon/m365.audit/+17",
            "r1/avon/m365.audit/-1",
            "r1/avon/m365.audit/18446744073709551616",
            "r1/avon/m365.audit/17/1",
        ] {
            assert!(checked(reference).is_err_and(|reason| reason.contains("no reference")), "{reference}");
        }
        assert!(checked("r1/kent/m365.audit/17").is_err_and(|reason| reason.contains("another force")));
        assert!(checked("r1/avon/entra.audit/17").is_err_and(|reason| reason.contains("does not declare")));
    }
}
