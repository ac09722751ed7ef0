//! Windows against a plain recomputation, and under any split into batches and any order within the lateness.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::{Answer, Fed, Kind, Window};
use crate::{Counts, Memory, Remembering, Rows, Turn, Values};

/// In microseconds; times here are in minutes.
const MINUTE: i64 = 60_000_000;

/// An event: its state time, a number that makes it itself, whose it is, who it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    time: i64,
    id: u16,
    key: u8,
    member: u8,
    add: bool,
}

struct Batch<'e> {
    events: &'e [Event],
    times: Vec<i64>,
}

impl<'e> Batch<'e> {
    fn of(events: &'e [Event]) -> Self {
        Self { events, times: events.iter().map(|event| event.time * MINUTE).collect() }
    }
}

impl Rows for Batch<'_> {
    fn source(&self) -> &str {
        "s"
    }
    fn received(&self) -> &[i64] {
        &self.times
    }
    fn times(&self) -> &[i64] {
        &self.times
    }
    fn identity(&self, row: u32) -> [u8; 32] {
        let mut identity = [7; 32];
        identity[..2].copy_from_slice(&self.events[row as usize].id.to_le_bytes());
        identity
    }
    fn reference(&self, row: u32) -> String {
        format!("event-{}", self.events[row as usize].id)
    }
}

fn window(kind: Kind, cap: u32, keys: u64) -> Window {
    Window { kind, length: 10 * MINUTE, lateness: 20 * MINUTE, cap, keys, bytes: u64::MAX }
}

fn remembering(window: Window) -> Remembering {
    let values = Some(Values { keys: 3, bytes: 1_000 });
    let sources = BTreeSet::from(["s".to_owned()]);
    Remembering { sources, windows: BTreeMap::from([("w".to_owned(), window)]), values }
}

/// What one event is answered, and whom it cites.
type Told = (Answer, Vec<Box<str>>);

/// Every event's answer, what was counted, and what is left.
fn run(declared: &Remembering, events: &[Event], cuts: &[usize]) -> (Vec<Told>, Counts, Arc<Memory>) {
    let declared = Arc::new(declared.clone());
    let (memory, mut answers, mut counts) = (Arc::new(Memory::default()), Vec::new(), Counts::default());
    let mut rest = events;
    let mut cuts = cuts.iter().cycle();
    while !rest.is_empty() {
        let (batch, behind) = rest.split_at((*cuts.next().unwrap()).clamp(1, rest.len()));
        rest = behind;
        let mut turn = Turn::begin(Arc::clone(&memory) as _, Arc::clone(&declared), Batch::of(batch)).unwrap();
        let names: Vec<(String, String)> = batch.iter().map(|e| (e.key.to_string(), e.member.to_string())).collect();
        let fed: Vec<Fed<'_>> = (0_u32..)
            .zip(batch.iter().zip(&names))
            .map(|(row, (event, (key, member)))| Fed { row, key, member, add: event.add })
            .collect();
        let given = turn.feed("w", &fed).unwrap();
        for (fed, answer) in fed.iter().zip(given) {
            answers.push((answer, turn.contributors("w", fed.row, fed.key, 5).unwrap()));
        }
        let changes = turn.finish().unwrap();
        counts.evicted += changes.counts.evicted;
        counts.capped += changes.counts.capped;
        counts.late += changes.counts.late;
        memory.apply(&changes);
    }
    (answers, counts, memory)
}

/// The same by looking at every event before, for windows that are never full; none for an event that comes later than the
/// lateness: what is thinned out of a distinct count may be missed there.
fn plain(window: &Window, events: &[Event]) -> Vec<Option<Answer>> {
    let (length, lateness) = (window.length / MINUTE, window.lateness / MINUTE);
    let mut clock = i64::MIN;
    let mut before: Vec<Event> = Vec::new();
    let mut answers = Vec::new();
    for event in events {
        clock = clock.max(event.time);
        before.retain(|known| known.time >= clock - length - lateness - 10);
        let first_time = !before
            .iter()
            .any(|known| known.key == event.key && (window.kind == Kind::Count || known.member == event.member));
        if event.add
            && !before.iter().any(|known| (known.id, known.time, known.key) == (event.id, event.time, event.key))
        {
            before.push(*event);
        }
        let value = (event.time - length + 1..=event.time)
            .map(|from| {
                let inside =
                    before.iter().filter(|known| known.key == event.key && (from..from + length).contains(&known.time));
                match window.kind {
                    Kind::Count => inside.count(),
                    Kind::Distinct => inside.map(|known| known.member).collect::<BTreeSet<_>>().len(),
                }
            })
            .max()
            .unwrap();
        let value = u32::try_from(value).unwrap();
        let in_time = event.time >= clock - lateness;
        answers.push(in_time.then_some(Answer { value, capped: false, first_time }));
    }
    answers
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (0_i64..120, 0_u16..40, 0_u8..3, 0_u8..5, any::<bool>());
    let event = event.prop_map(|(time, id, key, member, add)| Event { time, id, key, member, add });
    proptest::collection::vec(event, 1..60)
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Count), Just(Kind::Distinct)]
}

proptest! {
    #[test]
    fn answers_are_those_of_a_plain_look_at_everything(kind in kinds(), events in events()) {
        let window = window(kind, 1_000, u64::MAX);
        let (answers, counts, _) = run(&remembering(window.clone()), &events, &[7]);
        for ((answer, _), plain) in answers.into_iter().zip(plain(&window, &events)) {
            prop_assert_eq!(plain.unwrap_or(answer), answer);
        }
        prop_assert_eq!((counts.evicted, counts.capped), (0, 0));
    }

    #[test]
    fn any_split_gives_the_same_answers_and_leaves_the_same(
        kind in kinds(),
        events in events(),
        cuts in proptest::collection::vec(1_usize..9, 1..6),
        cap in 1_u32..6,
        keys in 1_u64..4,
    ) {
        let declared = remembering(window(kind, cap, keys));
        let (whole, counted, _) = run(&declared, &events, &[usize::MAX]);
        let (split, counted_split, _) = run(&declared, &events, &cuts);
        prop_assert_eq!(whole, split);
        prop_assert_eq!(counted, counted_split);
    }

    #[test]
    fn any_order_within_the_lateness_reaches_a_threshold_for_the_same_keys(
        kind in kinds(),
        mut events in events(),
        delays in proptest::collection::vec(0_i64..=20, 60),
        threshold in 1_u32..6,
    ) {
        events.sort_unstable();
        events.dedup_by_key(|event| event.id);
        events.iter_mut().for_each(|event| event.add = true);
        let declared = remembering(window(kind, 8, u64::MAX));
        let reached = |events: &[Event]| -> BTreeSet<u8> {
            let answers = run(&declared, events, &[3]).0;
            events.iter().zip(answers).filter(|(_, (a, _))| a.value >= threshold).map(|(event, _)| event.key).collect()
        };
        let in_order = reached(&events);
        let mut late: Vec<(i64, Event)> = events.iter().zip(delays).map(|(event, by)| (event.time + by, *event)).collect();
        late.sort_by_key(|(arrives, _)| *arrives);
        let late: Vec<Event> = late.into_iter().map(|(_, event)| event).collect();
        prop_assert_eq!(in_order, reached(&late));
    }
}

fn at(time: i64, id: u16) -> Event {
    Event { time, id, key: 1, member: 1, add: true }
}

#[test]
fn an_event_delivered_again_counts_once_and_the_one_that_completes_cites_the_others() {
    let declared = remembering(window(Kind::Count, 100, 10));
    let (answers, ..) = run(&declared, &[at(0, 1), at(3, 2), at(3, 2), at(9, 3)], &[usize::MAX]);
    let values: Vec<u32> = answers.iter().map(|(answer, _)| answer.value).collect();
    assert_eq!(values, [1, 2, 2, 3]);
    let cited: Vec<&str> = answers[3].1.iter().map(|reference| &**reference).collect();
    assert_eq!(cited, ["event-1", "event-2"]);
    // What an earlier row is told does not know of later ones.
    assert_eq!(answers[1].1.len(), 1);
}

#[test]
fn keys_over_the_room_go_oldest_first_and_are_counted() {
    let declared = remembering(window(Kind::Count, 100, 2));
    let of = |key: u8, time: i64| Event { key, ..at(time, u16::from(key)) };
    let (answers, counts, _) = run(&declared, &[of(1, 0), of(2, 1), of(3, 2), of(1, 3), of(3, 4)], &[1]);
    assert_eq!(counts.evicted, 2, "1 went for 3, then 2 for 1");
    assert_eq!(answers[3].0, Answer { value: 1, capped: false, first_time: true });
    assert!(!answers[4].0.first_time, "3 stayed");
}

#[test]
fn what_has_ended_is_cleared_away_by_later_batches() {
    let declared = remembering(window(Kind::Count, 100, u64::MAX));
    let mut events: Vec<Event> = (0..200).map(|id| Event { key: id as u8, ..at(i64::from(id) % 5, id) }).collect();
    events.extend((0..20).map(|n| at(1_000 + n, 900 + n as u16)));
    let (_, _, memory) = run(&declared, &events, &[1]);
    assert!(memory.len() < 10, "{} keys are left", memory.len());
}

#[test]
fn one_key_never_has_more_bytes_than_a_store_takes() {
    // Far apart, so that nothing is thinned out: each member has two entries within the lateness.
    let wide = Window { lateness: 1_000 * MINUTE, ..window(Kind::Distinct, crate::CAP, 10) };
    let of = |n: u16| Event { member: (n % 250) as u8, ..at(i64::from(n) / 3, n) };
    let events: Vec<Event> = (0..3_000).map(of).collect();
    let (_, counts, memory) = run(&remembering(wide), &events, &[500]);
    assert!(counts.capped > 0, "and it is counted");
    assert!(memory.largest() <= usize::try_from(super::KEY_BYTES).unwrap());
}

#[test]
fn an_event_dated_2099_and_one_dated_1970_change_nothing_for_others() {
    for kind in [Kind::Count, Kind::Distinct] {
        let declared = Arc::new(remembering(window(kind, 100, u64::MAX)));
        // Received as late as the lateness allows.
        let events: Vec<Event> = (0..60).map(|n| Event { member: n as u8, ..at(i64::from(n) * 2, n) }).collect();
        let received = |event: &Event| event.time * MINUTE + 20 * MINUTE;
        let run = |odd: &[(usize, i64)]| -> Vec<Answer> {
            let (memory, mut answers) = (Arc::new(Memory::default()), Vec::new());
            for (number, event) in events.iter().enumerate() {
                let received = received(event);
                let own = event.time * MINUTE;
                let dated = odd.iter().filter(|(at, _)| *at == number).map(|(_, time)| (*time, false));
                for (time, counts) in dated.chain([(own, true)]) {
                    let times = vec![crate::state_time(time, received)];
                    let rows = Dated { times, received: vec![received], id: event.id + u16::from(!counts) * 1_000 };
                    let mut turn = Turn::begin(Arc::clone(&memory) as _, Arc::clone(&declared), rows).unwrap();
                    let (key, member) = if counts { ("k", event.member.to_string()) } else { ("odd", String::new()) };
                    let answer = turn.feed("w", &[Fed { row: 0, key, member: &member, add: true }]).unwrap();
                    answers.extend(counts.then_some(answer[0]));
                    memory.apply(&turn.finish().unwrap());
                }
            }
            answers
        };
        let year_2099 = 4_070_908_800_000_000;
        assert_eq!(run(&[]), run(&[(10, year_2099), (20, 0), (30, year_2099), (31, i64::MIN), (32, i64::MAX)]));
    }
}

struct Dated {
    times: Vec<i64>,
    received: Vec<i64>,
    id: u16,
}

impl Rows for Dated {
    fn source(&self) -> &str {
        "s"
    }
    fn received(&self) -> &[i64] {
        &self.received
    }
    fn times(&self) -> &[i64] {
        &self.times
    }
    fn identity(&self, _: u32) -> [u8; 32] {
        let mut identity = [7; 32];
        identity[..2].copy_from_slice(&self.id.to_le_bytes());
        identity
    }
    fn reference(&self, _: u32) -> String {
        String::new()
    }
}
