//! The events of a request that are wanted, by source: counted, and as the journal takes them. Pure.

use std::collections::BTreeMap;

use super::Clock;
use super::counts::Tally;
use crate::events::Batch;
use crate::journal::Part;
use crate::model::SourceName;

/// What the batches bring, by source; `wanted` says of each row of all of them whether it is taken.
pub(super) fn tally(batches: &[Batch], wanted: &[bool]) -> Vec<Tally> {
    let mut by_source: BTreeMap<&SourceName, Tally> = BTreeMap::new();
    let mut wanted = wanted.iter();
    for batch in batches {
        let new = || Tally { source: Some(batch.source().clone()), ..Tally::default() };
        let of = by_source.entry(batch.source()).or_insert_with(new);
        of.clock = of.clock.and(Clock::of(batch));
        for (mark, wanted) in batch.marks().iter().zip(wanted.by_ref()) {
            of.received += u64::from(*wanted);
            of.late += u64::from(*wanted && mark & 2 != 0);
            of.duplicates += u64::from(!*wanted);
        }
    }
    by_source.into_values().collect()
}

/// The wanted events of all batches, by source, in their order.
pub(super) fn parts(batches: &[Batch], wanted: &[bool]) -> Result<Vec<Part>, String> {
    let mut by_source: BTreeMap<&SourceName, Vec<(&Batch, &[bool])>> = BTreeMap::new();
    let mut rest = wanted;
    for batch in batches {
        let (mine, others) = rest.split_at_checked(batch.len()).unwrap_or((rest, &[]));
        by_source.entry(batch.source()).or_default().push((batch, mine));
        rest = others;
    }
    let mut parts = Vec::with_capacity(by_source.len());
    for (source, of) in by_source {
        let rows = of.iter().flat_map(|(batch, wanted)| {
            let rows = wanted.iter().enumerate().filter(|(_, wanted)| **wanted);
            rows.filter_map(|(row, _)| batch.event(row)).map(str::as_bytes)
        });
        parts.extend(Part::pack(source, rows)?);
    }
    Ok(parts)
}
