//! Cuts batches further, at random: whether findings depend on batches is found out by cutting them otherwise. Pure.

use crate::events::Batch;

/// The batch itself, or pieces of random size.
pub(super) fn cut<'c>(batch: Batch, chance: Option<&'c mut fastrand::Rng>) -> Box<dyn Iterator<Item = Batch> + 'c> {
    let Some(chance) = chance else { return Box::new(std::iter::once(batch)) };
    let mut from = 0;
    Box::new(std::iter::from_fn(move || {
        let left = batch.len().checked_sub(from).filter(|left| *left > 0)?;
        let piece = batch.select(from..from + chance.usize(1..=left));
        from += piece.len();
        Some(piece)
    }))
}
