//! A field's values as the host hands them over: a dictionary and one index per slot. Used as it comes, never unpacked.
//!
//! Owns the reading of entries. Knows nothing of predicates, rows or the host.

/// What kind of JSON value an entry is. The numbers are the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    pub(crate) const ALL: [Kind; 7] =
        [Kind::Null, Kind::False, Kind::True, Kind::Number, Kind::String, Kind::Array, Kind::Object];
}

/// One value: its kind and text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Entry<'c> {
    pub(crate) kind: Kind,
    raw: &'c str,
}

impl<'c> Entry<'c> {
    /// The text by which predicates compare: none for null.
    pub(crate) fn text(self) -> Option<&'c str> {
        match self.kind {
            Kind::Null => None,
            Kind::False => Some("false"),
            Kind::True => Some("true"),
            _ => Some(self.raw),
        }
    }

    /// A number, or a string that holds one.
    pub(crate) fn number(self) -> Option<f64> {
        match self.kind {
            Kind::Number | Kind::String => self.raw.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            _ => None,
        }
    }

    /// A boolean, or a string that spells one in any case.
    pub(crate) fn boolean(self) -> Option<bool> {
        match self.kind {
            Kind::False => Some(false),
            Kind::True => Some(true),
            Kind::String if self.raw.eq_ignore_ascii_case("true") => Some(true),
            Kind::String if self.raw.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// Null, or text, array or object with nothing in it.
    pub(crate) fn is_empty(self) -> bool {
        match self.kind {
            Kind::Null => true,
            Kind::String => self.raw.is_empty(),
            Kind::Array | Kind::Object => {
                self.raw.get(1..self.raw.len() - 1).is_none_or(|inside| inside.trim().is_empty())
            }
            _ => false,
        }
    }
}

/// One slot per row, or per array element.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Column {
    /// Index into the dictionary plus one; 0 where absent.
    slots: Vec<u32>,
    kinds: Vec<u8>,
    offsets: Vec<u32>,
    text: String,
}

impl Column {
    /// Takes over the host's lists. `None` where they contradict each other, which the contract rules out.
    pub(crate) fn new(slots: Vec<u32>, kinds: Vec<u8>, offsets: Vec<u32>, bytes: Vec<u8>) -> Option<Self> {
        let text = String::from_utf8(bytes).ok()?;
        let fits = offsets.len() == kinds.len() + 1
            && offsets.windows(2).all(|pair| pair[0] <= pair[1])
            && offsets.iter().all(|at| text.is_char_boundary(*at as usize))
            && slots.iter().all(|slot| *slot as usize <= kinds.len());
        fits.then_some(Self { slots, kinds, offsets, text })
    }

    /// A column in which every slot is absent.
    pub(crate) fn absent(slots: usize) -> Self {
        Self { slots: vec![0; slots], kinds: Vec::new(), offsets: vec![0], text: String::new() }
    }

    /// As an engine of rules takes it.
    pub(crate) fn into_parts(self) -> crate::dynamic::Column {
        crate::dynamic::Column { slots: self.slots, kinds: self.kinds, offsets: self.offsets, text: self.text }
    }

    /// Number of slots.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Number of dictionary entries.
    pub(crate) fn distinct(&self) -> usize {
        self.kinds.len()
    }

    /// Per slot: 0, or dictionary index plus one.
    pub(crate) fn slots(&self) -> &[u32] {
        &self.slots
    }

    /// A dictionary entry.
    pub(crate) fn entry(&self, index: usize) -> Option<Entry<'_>> {
        let kind = *Kind::ALL.get(usize::from(*self.kinds.get(index)?))?;
        let (from, to) = (*self.offsets.get(index)?, *self.offsets.get(index + 1)?);
        Some(Entry { kind, raw: self.text.get(from as usize..to as usize)? })
    }

    /// The value in a slot.
    pub(crate) fn get(&self, slot: usize) -> Option<Entry<'_>> {
        let index = *self.slots.get(slot)?;
        self.entry((index as usize).checked_sub(1)?)
    }
}

/// Several values per row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Multi {
    /// Rows plus one; the slots of row i are `starts[i]..starts[i + 1]`.
    starts: Vec<u32>,
    pub(crate) values: Column,
}

impl Multi {
    /// Takes over the host's lists; `None` where they contradict each other.
    pub(crate) fn new(starts: Vec<u32>, values: Column) -> Option<Self> {
        let fits = starts.windows(2).all(|pair| pair[0] <= pair[1])
            && starts.last().is_some_and(|last| *last as usize == values.len());
        fits.then_some(Self { starts, values })
    }

    /// As an engine of rules takes it.
    pub(crate) fn into_parts(self) -> (Vec<u32>, crate::dynamic::Column) {
        (self.starts, self.values.into_parts())
    }

    /// No row has any slot.
    pub(crate) fn absent(rows: usize) -> Self {
        Self { starts: vec![0; rows + 1], values: Column::absent(0) }
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The slots of one row.
    pub(crate) fn range(&self, row: usize) -> std::ops::Range<usize> {
        match (self.starts.get(row), self.starts.get(row + 1)) {
            (Some(from), Some(to)) => *from as usize..*to as usize,
            _ => 0..0,
        }
    }
}
