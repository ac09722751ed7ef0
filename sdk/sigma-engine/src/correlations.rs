//! What several events say together: fed to the host's windows, once a batch for each; what comes one after the other is kept as
//! state.

use cordon_sdk::prelude::*;
use cordon_sdk::{Finding, dynamic};
use cordon_sigma::engine::{Feed, Match, Places, Seen, by_order, by_window};

use crate::{CordonDetector, OfBatch};

/// A row at which a correlation's number was reached.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) row: u32,
    /// Index of the correlation.
    pub(crate) correlation: u32,
    /// The answer.
    value: u32,
    /// The group's values.
    group: String,
    cited: Vec<String>,
}

impl Reached {
    /// Bytes of text that it adds to a finding.
    pub(crate) fn bytes(&self) -> usize {
        2 * self.group.len() + 64 + self.cited.iter().map(String::len).sum::<usize>()
    }

    /// A finding that says it.
    pub(crate) fn told(&self, finding: Finding) -> Finding {
        let finding = finding.context("Counted", self.value.to_string()).key(&self.group);
        let finding = if self.group.is_empty() { finding } else { finding.context("Group", &self.group) };
        finding.cite_all(self.cited.iter().cloned())
    }
}

/// Bytes of a group's values in a finding.
const GROUP: usize = 480;

impl CordonDetector {
    /// By row: the correlations whose number an answer reached.
    pub(crate) fn reached(
        &self,
        batch: &Batch<'_>,
        matches: &[Match],
        places: &Places,
    ) -> Result<Vec<Reached>, Failure> {
        let correlations = self.engine.correlations();
        if correlations.is_empty() || matches.is_empty() {
            return Ok(Vec::new());
        }
        let feeds = self.engine.feeds(batch.source(), matches, &OfBatch::of(batch), places).map_err(Failure::other)?;
        let mut reached: Vec<Reached> = Vec::new();
        for (window, feeds) in by_window(correlations, &feeds) {
            let mut fed = dynamic::window(batch, &window);
            for feed in &feeds {
                if let Some(row) = dynamic::row(batch, feed.row) {
                    fed.add(row, feed.key.as_str(), feed.member.as_str());
                }
            }
            for (feed, seen) in feeds.iter().zip(fed.answers()?) {
                let least = correlations.get(feed.correlation as usize).map_or(u32::MAX, |of| of.at_least);
                if seen.value < least {
                    continue;
                }
                let group = group(feed);
                // An event that is several rules of a correlation reaches its number once.
                let from = reached.len().saturating_sub(feeds.len().min(4));
                let same = |known: &Reached| {
                    (known.row, known.correlation) == (feed.row, feed.correlation) && known.group == group
                };
                match reached.get_mut(from..).and_then(|last| last.iter_mut().find(|known| same(known))) {
                    Some(known) => known.value = known.value.max(seen.value),
                    None => reached.push(Reached {
                        row: feed.row,
                        correlation: feed.correlation,
                        value: seen.value,
                        group,
                        // Each event of a flood beyond the number is found, too; that cites the hundreds before it again and
                        // again would cost the whole batch.
                        cited: if seen.value == least { seen.contributors()? } else { Vec::new() },
                    }),
                }
            }
        }
        self.in_order(batch, &feeds, &mut reached)?;
        reached.sort_by_key(|reached| (reached.row, reached.correlation));
        Ok(reached)
    }

    /// Ordered correlations: what was seen of each group is read, and kept, row by row.
    fn in_order(&self, batch: &Batch<'_>, feeds: &[Feed], reached: &mut Vec<Reached>) -> Result<(), Failure> {
        let correlations = self.engine.correlations();
        for (feed, steps) in by_order(correlations, feeds) {
            let Some(of) = correlations.get(feed.correlation as usize) else { continue };
            let Some(row) = dynamic::row(batch, feed.row) else { continue };
            let state = batch.state();
            let known = state.get(&[(row, feed.key.as_str())])?.into_iter().next().flatten();
            let mut seen = known.map_or_else(Seen::default, |known| Seen::from_bytes(&known));
            let within = i64::try_from(of.within).unwrap_or(i64::MAX).saturating_mul(1_000_000);
            let cited = seen.add(batch.time(row), &steps, &batch.reference(row), of.at_least, within);
            let seconds = u32::try_from(of.within.saturating_add(LATE).saturating_mul(2)).unwrap_or(LONGEST);
            state.set(row, &feed.key, &seen.to_bytes(), seconds.min(LONGEST))?;
            if let Some(cited) = cited {
                let own = batch.reference(row);
                let cited = cited.into_iter().filter(|reference| *reference != own).collect();
                let (correlation, group) = (feed.correlation, group(feed));
                reached.push(Reached { row: feed.row, correlation, value: of.at_least, group, cited });
            }
        }
        Ok(())
    }
}

/// How late an event may come and still be put in its order, in seconds.
const LATE: u64 = 7_200;
/// How long a value is kept at most: 400 days.
const LONGEST: u32 = 34_560_000;

/// A group's values, for people.
fn group(feed: &Feed) -> String {
    let group = feed.group.join(", ");
    group.get(..group.floor_char_boundary(GROUP)).unwrap_or_default().to_owned()
}
