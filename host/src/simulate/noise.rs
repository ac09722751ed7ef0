//! Which record comes next: the shares of the sources, and of what services do by themselves among what people do.

use super::catalogue::{By, Catalogue, SOURCES};
use super::dice::Dice;

/// Each source's share of the events, and the share of services in it; of the unified audit log's as the settings say.
const SHARES: [(f64, f64); SOURCES.len()] = [(0.60, 0.6), (0.34, 0.25), (0.04, 0.5), (0.02, 0.5)];

/// Records that are drawn from, each as often as its share says.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// The sum of the shares up to each record, and the record.
    sums: Vec<(u64, usize)>,
    total: u64,
}

/// What people do, and what services do.
#[derive(Debug)]
pub(super) struct Pools {
    pub(super) people: Pool,
    pub(super) services: Pool,
    /// The share of services in all events.
    pub(super) noise: f64,
}

impl Pools {
    /// Of the records of the catalogue; `noise` is the share of services in the unified audit log.
    pub(super) fn new(catalogue: &Catalogue, noise: f64) -> Self {
        let mut pools = Self { people: Pool::default(), services: Pool::default(), noise: 0.0 };
        for (source, (share, of_services)) in SHARES.iter().enumerate() {
            let of_services = if source == 0 { noise } else { *of_services };
            pools.noise += share * of_services;
            for by_service in [false, true] {
                let share = share * if by_service { of_services } else { 1.0 - of_services };
                let mine = || {
                    let all = catalogue.records.iter().enumerate();
                    all.filter(move |(_, record)| {
                        record.source == source && (record.by == By::Service) == by_service && record.share > 0
                    })
                };
                let sum: u64 = mine().map(|(_, record)| record.share).sum();
                let pool = if by_service { &mut pools.services } else { &mut pools.people };
                for (at, record) in mine() {
                    pool.add(at, share * of(record.share, sum));
                }
            }
        }
        pools
    }

    /// Copies of an event that there are on average, where so many of the lines of a source are repeats.
    pub(super) fn copies(repeats: f64) -> f64 {
        SHARES.iter().enumerate().map(|(source, (share, _))| share / (1.0 - repeated(source, repeats))).sum()
    }
}

/// The share of repeats in a source: other logs than the unified audit log seldom repeat themselves.
pub(super) fn repeated(source: usize, repeats: f64) -> f64 {
    if source == 0 { repeats } else { repeats / 8.0 }
}

impl Pool {
    fn add(&mut self, record: usize, share: f64) {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of 1 is a thousand million"
        )]
        let parts = (share * 1e9) as u64;
        self.total += parts;
        self.sums.push((self.total, record));
    }

    /// The number of a record.
    pub(super) fn draw(&self, dice: &mut Dice) -> Option<usize> {
        let at = dice.below(self.total);
        let found = self.sums.partition_point(|(sum, _)| *sum <= at);
        self.sums.get(found).map(|(_, record)| *record)
    }
}

#[allow(clippy::cast_precision_loss, reason = "shares are small")]
fn of(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}
