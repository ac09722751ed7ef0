//! What a lane keeps, on its way into another place, where its values have the form of another schema.

use crate::StateError;
use crate::shelf::{Kept as _, head, place};
use crate::turn::VALUES;
use crate::value::Value;

/// See the module. Windows and clocks go over as they are; the order of values and their number are made anew.
#[derive(Debug, Default)]
pub struct Moving {
    keys: u64,
    bytes: u64,
}

/// What stands under one key of a lane.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    /// A value, as the plugin set it.
    Value(Vec<u8>),
    /// What [`Moving`] makes anew.
    Anew,
    /// Anything else.
    AsItIs,
}

/// A key and what is to stand under it.
pub type Pair = (Vec<u8>, Vec<u8>);

/// A key of the shelf of values: its kind, and the zero byte behind the empty name.
fn is_values(key: &[u8], kind: u8) -> bool {
    key.starts_with(&[kind, 0])
}

impl Moving {
    /// What a key of a lane is.
    ///
    /// # Errors
    /// [`StateError::Kept`].
    pub fn part(key: &[u8], kept: &[u8]) -> Result<Part, StateError> {
        Ok(if is_values(key, b'k') {
            Part::Value(Value::read(kept)?.bytes)
        } else if is_values(key, b'i') || is_values(key, b'h') {
            Part::Anew
        } else {
            Part::AsItIs
        })
    }

    /// A value in its new form: what is to be kept. It ends when it did before.
    ///
    /// # Errors
    /// [`StateError::Kept`].
    pub fn value(&mut self, key: &[u8], kept: &[u8], moved: Vec<u8>) -> Result<[Pair; 2], StateError> {
        let ends = Value::read(kept)?.ends;
        let value = Value { ends, bytes: moved };
        let short = key.get(2..).and_then(|short| short.try_into().ok()).ok_or_else(crate::bytes::broken)?;
        (self.keys, self.bytes) = (self.keys + 1, self.bytes + value.size());
        Ok([(key.to_vec(), value.write()), (place(VALUES, ends, &short), Vec::new())])
    }

    /// Once all values are over: how many there are.
    #[must_use]
    pub fn finish(self) -> Pair {
        (head(VALUES), [self.keys.to_le_bytes(), self.bytes.to_le_bytes()].concat())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::*;
    use crate::{Base as _, Changes, Counts, Memory, Remembering, Rows, Turn, Values};

    struct One;

    impl Rows for One {
        fn source(&self) -> &str {
            "custom.test"
        }
        fn received(&self) -> &[i64] {
            &[1_000_000; 3]
        }
        fn times(&self) -> &[i64] {
            &[1_000_000; 3]
        }
        fn identity(&self, row: u32) -> [u8; 32] {
            [u8::try_from(row).unwrap(); 32]
        }
        fn reference(&self, _: u32) -> String {
            String::new()
        }
    }

    fn turn(kept: &Arc<Memory>) -> Turn<One> {
        let values = Some(Values { keys: 2, bytes: 1_000 });
        let sources = ["custom.test".to_owned()].into();
        let declared = Arc::new(Remembering { sources, values, ..Remembering::default() });
        Turn::begin(Arc::clone(kept) as _, declared, One).unwrap()
    }

    #[test]
    fn values_that_went_over_are_found_counted_and_go_in_their_order() {
        let kept = Arc::new(Memory::default());
        let mut first = turn(&kept);
        first.set(0, "short", Some((b"a", 10))).unwrap();
        first.set(1, "long", Some((b"b", 60))).unwrap();
        kept.apply(&first.finish().unwrap());
        let (other, mut moving, mut keys) = (Arc::new(Memory::default()), Moving::default(), Vec::new());
        let mut after: Option<Vec<u8>> = None;
        while let Some(key) = kept.next(b"", after.as_deref()).unwrap() {
            let value = kept.get(&key).unwrap().unwrap();
            match Moving::part(&key, &value).unwrap() {
                Part::Value(bytes) => {
                    let moved = [b"new ", bytes.as_slice()].concat();
                    keys.extend(moving.value(&key, &value, moved).unwrap());
                }
                Part::Anew => {}
                Part::AsItIs => keys.push((key.clone(), value)),
            }
            after = Some(key);
        }
        keys.push(moving.finish());
        let keys = keys.into_iter().map(|(key, value)| (key, Some(value))).collect();
        other.apply(&Changes { keys, counts: Counts::default() });
        assert_eq!(other.len(), kept.len());
        let mut second = turn(&other);
        // A third has no room: the one goes that ends first.
        second.set(0, "third", Some((b"c", 30))).unwrap();
        let found = second.get(&[(1, "short"), (1, "long"), (1, "third")]).unwrap();
        assert_eq!(found, [None, Some(b"new b".to_vec()), Some(b"c".to_vec())]);
    }
}
