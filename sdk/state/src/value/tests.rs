//! Values: in row order, ending by state time, the same for any split.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use proptest::prelude::*;

use crate::{Memory, Remembering, Rows, StateError, Turn, Values};

struct Times(Vec<i64>);

impl Rows for Times {
    fn source(&self) -> &str {
        "s"
    }
    fn received(&self) -> &[i64] {
        &self.0
    }
    fn times(&self) -> &[i64] {
        &self.0
    }
    fn identity(&self, _: u32) -> [u8; 32] {
        [0; 32]
    }
    fn reference(&self, _: u32) -> String {
        String::new()
    }
}

const SECOND: i64 = 1_000_000;

fn declared(keys: u64) -> Remembering {
    Remembering { values: Some(Values { keys, bytes: 1 << 20 }), ..Remembering::default() }
}

fn seconds(times: &[i64]) -> Times {
    Times(times.iter().map(|time| time * SECOND).collect())
}

#[test]
fn a_row_sees_what_rows_before_it_set_and_nothing_after_it_ended() {
    let (memory, declared) = (Arc::new(Memory::default()), Arc::new(declared(10)));
    let mut turn = Turn::begin(Arc::clone(&memory) as _, Arc::clone(&declared), seconds(&[0, 5, 10, 11])).unwrap();
    turn.set(0, "a", Some((b"one", 10))).unwrap();
    assert_eq!(turn.get(&[(1, "a"), (2, "a")]).unwrap(), [Some(b"one".to_vec()), None]);
    let error = turn.set(1, "a", None).unwrap_err();
    assert!(matches!(&error, StateError::BadRows(text) if text.contains("row 1") && text.contains("row 2")), "{error}");
    turn.set(3, "a", Some((b"two", 10))).unwrap();
    memory.apply(&turn.finish().unwrap());
    let mut turn = Turn::begin(Arc::clone(&memory) as _, Arc::clone(&declared), seconds(&[3, 12])).unwrap();
    // A late event sees what was set before it came.
    assert_eq!(
        turn.get(&[(0, "a"), (1, "a"), (1, "b")]).unwrap(),
        [Some(b"two".to_vec()), Some(b"two".to_vec()), None]
    );
    turn.set(1, "a", None).unwrap();
    assert_eq!(turn.get(&[(1, "a")]).unwrap(), [None]);
    memory.apply(&turn.finish().unwrap());
    let mut turn = Turn::begin(Arc::clone(&memory) as _, Arc::clone(&declared), seconds(&[13])).unwrap();
    assert_eq!(turn.get(&[(0, "a")]).unwrap(), [None]);
}

#[test]
fn limits_and_what_is_not_declared_are_named() {
    let memory = Arc::new(Memory::default());
    let with_values = Arc::new(declared(10));
    let mut turn = Turn::begin(Arc::clone(&memory) as _, Arc::clone(&with_values), seconds(&[0])).unwrap();
    let large = vec![0; crate::VALUE_BYTES + 1];
    for (value, ttl, words) in
        [(&large[..], 5, "at most 32768"), (b"x", 0, "time to live"), (b"x", u32::MAX, "time to live")]
    {
        let error = turn.set(0, "a", Some((value, ttl))).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    assert!(turn.get(&[(1, "a")]).unwrap_err().to_string().contains("the batch has 1"));
    assert!(turn.feed("w", &[]).unwrap_err().to_string().contains("[windows.w]"));
    let without = Arc::new(Remembering::default());
    let mut turn = Turn::begin(Arc::clone(&memory) as _, Arc::clone(&without), seconds(&[0])).unwrap();
    assert!(turn.get(&[(0, "a")]).unwrap_err().to_string().contains("[state]"));
}

proptest! {
    #[test]
    fn any_split_gives_the_same_values(
        steps in proptest::collection::vec((0_i64..60, 0_u8..5, 0_u32..4), 1..50),
        cut in 1_usize..12,
    ) {
        let declared = Arc::new(declared(3));
        let run = |rows: usize| -> Vec<Option<Vec<u8>>> {
            let (memory, mut seen, mut number) = (Arc::new(Memory::default()), Vec::new(), 0_u8);
            for batch in steps.chunks(rows) {
                let times = batch.iter().map(|(time, ..)| time * SECOND).collect();
                let mut turn = Turn::begin(Arc::clone(&memory) as _, Arc::clone(&declared), Times(times)).unwrap();
                for (row, (_, key, ttl)) in (0_u32..).zip(batch) {
                    let key = key.to_string();
                    seen.extend(turn.get(&[(row, &key)]).unwrap());
                    number = number.wrapping_add(1);
                    let value = [number];
                    turn.set(row, &key, (*ttl > 0).then_some((&value, ttl * 7))).unwrap();
                }
                memory.apply(&turn.finish().unwrap());
            }
            seen
        };
        prop_assert_eq!(run(usize::MAX), run(cut));
    }
}
