//! Many pieces: samples of three bytes, so far apart that every piece has one, are looked up in a table.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Bytes of a sample.
pub(super) const SAMPLE: usize = 3;
/// Bytes from one sample to the next at most: more gain nothing.
const STEP: usize = 8;
/// Bits of a sample's number.
const BITS: u32 = 15;

#[derive(Debug)]
pub(super) struct Samples {
    step: usize,
    /// One bit for each sample that stands in a piece.
    known: Box<[u64]>,
    /// Per sample: the pieces that have it, and where in them.
    of_sample: HashMap<u32, Vec<(u32, usize)>, FixedState>,
}

impl Samples {
    /// None where there is no piece.
    pub(super) fn of(pieces: &[Box<[u8]>]) -> Option<Self> {
        let shortest = pieces.iter().map(|piece| piece.len()).min()?;
        let step = (shortest + 1 - SAMPLE).min(STEP);
        let mut known = vec![0; 1 << BITS >> 6].into_boxed_slice();
        let mut of_sample: HashMap<u32, Vec<(u32, usize)>, FixedState> = HashMap::default();
        for (number, piece) in (0..).zip(pieces) {
            for (at, sample) in piece.windows(SAMPLE).take(step).enumerate() {
                let sample = sample.first_chunk().map_or(0, |[a, b, c]| hash([*a, *b, *c, 0]));
                if let Some(word) = known.get_mut(sample as usize >> 6) {
                    *word |= 1 << (sample & 63);
                }
                of_sample.entry(sample).or_default().push((number, at));
            }
        }
        Some(Self { step, known, of_sample })
    }

    /// Whether a piece stands in the text of an event.
    pub(super) fn stand(&self, pieces: &[Box<[u8]>], event: &[u8]) -> bool {
        let mut at = 0;
        // Behind a value comes a quote or a bracket at least: a byte more than a sample is there to be read with it.
        while let Some(sample) = event.get(at..).and_then(<[u8]>::first_chunk) {
            let number = hash(*sample);
            let known = self.known.get(number as usize >> 6).is_some_and(|word| word >> (number & 63) & 1 == 1);
            if known
                && self.of_sample.get(&number).into_iter().flatten().any(|(number, before)| {
                    pieces.get(*number as usize).is_some_and(|piece| super::stands(piece, event, at, *before))
                })
            {
                return true;
            }
            at += self.step;
        }
        false
    }
}

/// The number of the sample that these bytes begin with, in any case.
#[inline]
fn hash(bytes: [u8; SAMPLE + 1]) -> u32 {
    let sample = (u32::from_le_bytes(bytes) | 0x20_2020) & 0xff_ffff;
    sample.wrapping_mul(0x9e37_79b1) >> (u32::BITS - BITS)
}
