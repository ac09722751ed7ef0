//! A column as the host hands it over: one slot a row, a dictionary of distinct values.

/// What kind of JSON value a dictionary entry is. The numbers are the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Kind {
    Null,
    False,
    True,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    const ALL: [Kind; 7] = [Kind::Null, Kind::False, Kind::True, Kind::Number, Kind::String, Kind::Array, Kind::Object];
}

/// One slot per row (or per array element) and a dictionary.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column {
    slots: Vec<u32>,
    kinds: Vec<u8>,
    offsets: Vec<u32>,
    text: String,
}

impl Column {
    /// Takes over the host's lists. `None` where they contradict each other.
    #[must_use]
    pub fn new(slots: Vec<u32>, kinds: Vec<u8>, offsets: Vec<u32>, bytes: Vec<u8>) -> Option<Self> {
        Self::of_text(slots, kinds, offsets, String::from_utf8(bytes).ok()?)
    }

    /// The same where the dictionary is known to be text.
    #[must_use]
    pub fn of_text(slots: Vec<u32>, kinds: Vec<u8>, offsets: Vec<u32>, text: String) -> Option<Self> {
        let fits = offsets.len() == kinds.len() + 1
            && kinds.iter().all(|kind| usize::from(*kind) < Kind::ALL.len())
            && offsets.windows(2).all(|pair| matches!(pair, [from, to] if from <= to))
            && offsets.iter().all(|at| text.is_char_boundary(*at as usize))
            && slots.iter().all(|slot| *slot as usize <= kinds.len());
        fits.then_some(Self { slots, kinds, offsets, text })
    }

    /// Per slot: 0 where absent, or dictionary index plus one.
    #[must_use]
    pub fn slots(&self) -> &[u32] {
        &self.slots
    }

    /// Entries of the dictionary.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.kinds.len()
    }

    /// A dictionary entry: its kind and its text.
    #[must_use]
    pub fn entry(&self, index: usize) -> (Kind, &str) {
        let kind = self.kinds.get(index).and_then(|kind| Kind::ALL.get(usize::from(*kind))).copied();
        let text = || self.text.get(*self.offsets.get(index)? as usize..*self.offsets.get(index + 1)? as usize);
        (kind.unwrap_or(Kind::Null), text().unwrap_or_default())
    }

    /// Whether a dictionary entry is `null`.
    #[must_use]
    pub fn is_null(&self, index: usize) -> bool {
        self.kinds.get(index).is_none_or(|kind| *kind == Kind::Null as u8)
    }

    /// The value in a slot, where there is one.
    #[must_use]
    pub fn get(&self, slot: usize) -> Option<(Kind, &str)> {
        let entry = (*self.slots.get(slot)? as usize).checked_sub(1)?;
        Some(self.entry(entry))
    }
}
