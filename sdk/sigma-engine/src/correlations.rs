//! What several events say together: fed to the host's windows, once a batch for each.

use cordon_sdk::prelude::*;
use cordon_sdk::{Finding, dynamic};
use cordon_sigma::engine::{Match, Places, by_window};

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
        let feeds = self.engine.feeds(batch.source(), matches, &OfBatch(batch), places).map_err(Failure::other)?;
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
                let group = feed.group.join(", ");
                let group = group.get(..group.floor_char_boundary(GROUP)).unwrap_or_default().to_owned();
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
                        cited: seen.contributors()?,
                    }),
                }
            }
        }
        reached.sort_by_key(|reached| (reached.row, reached.correlation));
        Ok(reached)
    }
}
