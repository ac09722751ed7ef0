//! Lanes with a clock of their own.

use super::*;

const PAUSE: Duration = Duration::from_secs(1);
const TRIES: u32 = 6;

fn lanes(cursors: &[u64], head: u64, now: Instant) -> Lanes {
    let mut lanes = Lanes::new(Retries { tries: TRIES, pause: PAUSE });
    for cursor in cursors {
        lanes.add(*cursor, u64::MAX, None, now);
    }
    lanes.extend(head, now);
    lanes
}

fn run(lanes: &mut Lanes, now: Instant) -> Plan {
    let plan = lanes.plan(now, true).unwrap();
    lanes.begin(&plan, now);
    plan
}

#[test]
fn a_few_events_wait_and_many_do_not() {
    let now = Instant::now();
    let mut few = lanes(&[0, 0], 10, now);
    assert_eq!(few.plan(now, true), None);
    let plan = run(&mut few, now + WAIT);
    assert_eq!((plan.lanes, plan.cursor, plan.until, plan.catching_up), (vec![0, 1], 0, u64::MAX, false));
    assert!(lanes(&[0], BATCH_ROWS as u64, now).plan(now, true).is_some());
    assert_eq!(lanes(&[10], 10, now).plan(now + WAIT, true), None);
}

#[test]
fn lanes_of_a_wave_wait_for_each_other_but_not_for_ever() {
    let now = Instant::now();
    let mut lanes = lanes(&[0, 0], 9_000, now);
    let wave = run(&mut lanes, now).wave;
    lanes.done(0, wave, 4_096, now);
    assert_eq!(lanes.plan(now + WAIT, true), None);
    // The other is late: the first goes on alone.
    lanes.wake(now + PATIENCE);
    let second = run(&mut lanes, now + PATIENCE);
    assert_eq!((second.cursor, second.lanes), (4_096, vec![0]));
    // The late one catches up, no further than the head, and joins it there.
    lanes.done(1, wave, 4_096, now + PATIENCE);
    lanes.done(0, second.wave, 8_192, now + PATIENCE);
    let plan = lanes.plan(now + PATIENCE + WAIT, false).unwrap();
    assert_eq!((plan.cursor, &plan.lanes[..]), (8_192, &[0][..]));
    lanes.begin(&plan, now + PATIENCE + WAIT);
    let behind = run(&mut lanes, now + PATIENCE + WAIT);
    assert_eq!((behind.cursor, behind.lanes, behind.until, behind.catching_up), (4_096, vec![1], 8_192, true));
    lanes.done(1, behind.wave, 9_000, now);
    lanes.done(0, plan.wave, 9_000, now);
    assert!(lanes.is_done());
    lanes.extend(20_000, now);
    assert_eq!(run(&mut lanes, now + WAIT).lanes, [0, 1]);
}

fn late(lanes: &Lanes, at: usize, end: u64) -> Trouble {
    let resting = Resting {
        version: "1.0.0".into(),
        digest: crate::ids::Digest::of(b"component"),
        first: 1,
        last: end,
        rows: end,
        outcome: "out-of-time".into(),
        limit: None,
        why: "late".into(),
        since: 0,
        hours: std::collections::BTreeMap::new(),
    };
    let rests = lanes.is_last_try(at).then_some(Box::new(resting));
    Trouble::Guest { why: "late".into(), end, rows: end as usize, rests }
}

#[test]
fn a_lane_that_is_out_of_time_again_and_again_rests_and_holds_nobody_back() {
    let mut now = Instant::now();
    let mut lanes = lanes(&[0, 0], 4_096, now);
    let first = run(&mut lanes, now);
    lanes.done(1, first.wave, 4_096, now);
    let trouble = late(&lanes, 0, 4_096);
    lanes.failed(0, first.wave, trouble, 0.0, now);
    assert!(!lanes.is_done());
    for halved in 1..TRIES {
        assert_eq!(lanes.plan(now, true), None);
        now += LONGEST_PAUSE;
        lanes.wake(now);
        let again = run(&mut lanes, now);
        assert_eq!((again.lanes, again.rows), (vec![0], 4_096 >> halved));
        let trouble = late(&lanes, 0, 4_096 >> halved);
        lanes.failed(0, again.wave, trouble, 1.0, now);
    }
    assert!(matches!(&lanes.all[0].state, State::Resting(resting) if resting.last == 128));
    assert_eq!(lanes.all[0].cursor, 0);
    assert!(lanes.is_done());
    lanes.extend(9_000, now);
    assert_eq!(run(&mut lanes, now + WAIT).lanes, [1]);
    // It goes on where it is told to, and what was is forgotten.
    lanes.resume(0, Some(128));
    let plan = run(&mut lanes, now + WAIT);
    assert_eq!((plan.cursor, plan.rows, plan.lanes), (128, BATCH_ROWS, vec![0]));
}

#[test]
fn a_lane_that_gets_past_some_of_it_keeps_its_tries_until_it_is_past_all() {
    let now = Instant::now();
    let mut lanes = lanes(&[0], 4_096, now);
    let wave = run(&mut lanes, now).wave;
    let trouble = late(&lanes, 0, 4_096);
    lanes.failed(0, wave, trouble, 0.0, now);
    lanes.wake(now + PAUSE);
    let half = run(&mut lanes, now + PAUSE);
    lanes.done(0, half.wave, 2_048, now);
    lanes.wake(now + PATIENCE);
    let rest = run(&mut lanes, now + PAUSE);
    assert_eq!((rest.cursor, rest.rows), (2_048, 2_048));
    lanes.done(0, rest.wave, 4_096, now);
    assert_eq!(lanes.all[0].late, None);
}

#[test]
fn a_lane_that_finds_much_is_given_few_events_at_once_and_holds_nobody_back() {
    let now = Instant::now();
    let mut lanes = lanes(&[0, 0], 40_000, now);
    let (mut quiet, mut flooding) = (0, 0);
    let mut sizes = Vec::new();
    while flooding < 20_000 {
        let plan = run(&mut lanes, now);
        for at in plan.lanes {
            let cursor = plan.cursor + plan.rows as u64;
            if at == 0 {
                quiet = cursor;
            } else {
                sizes.push(plan.rows);
                flooding = cursor;
                lanes.found(at, plan.rows as u64);
            }
            lanes.done(at, plan.wave, cursor, now);
        }
    }
    assert_eq!((&sizes[..5], quiet), (&[4_096, 2_048, 1_024, 512, 512][..], 36_864));
    // Less is found, and it goes back.
    lanes.found(1, 300);
    assert_eq!(lanes.all[1].most, 512);
    (0..4).for_each(|_| lanes.found(1, 10));
    assert_eq!(lanes.all[1].most, BATCH_ROWS);
}

#[test]
fn a_lane_that_is_removed_ends_what_it_runs_and_its_place_is_taken_by_the_next() {
    let now = Instant::now();
    let mut lanes = lanes(&[0, 0], 9_000, now);
    let wave = run(&mut lanes, now).wave;
    lanes.remove(0);
    assert!(lanes.is_leaving(0) && !lanes.is_there(0));
    lanes.done(0, wave, 4_096, now);
    assert!(!lanes.is_leaving(0) && !lanes.is_there(0));
    lanes.done(1, wave, 4_096, now);
    assert_eq!(run(&mut lanes, now).lanes, [1]);
    // One that is added later catches up beside the others.
    assert_eq!((lanes.add(100, u64::MAX, None, now), lanes.add(200, u64::MAX, None, now)), (0, 2));
    let behind = run(&mut lanes, now);
    assert_eq!((behind.cursor, behind.catching_up, behind.until), (200, true, 4_096));
    lanes.remove(2);
    lanes.failed(2, behind.wave, Trouble::Host("no slot".into()), 0.0, now);
    assert_eq!(lanes.all[2].state, State::Gone);
    // Where no lane is left, nothing is to be done.
    (0..3).for_each(|at| lanes.remove(at));
    assert_eq!(lanes.plan(now + WAIT, true), None);
}

#[test]
fn a_hunt_runs_behind_the_head_takes_no_turn_of_it_and_ends_where_it_is_told_to() {
    let now = Instant::now();
    let mut lanes = lanes(&[9_000], 9_000, now);
    let at = lanes.add(0, 5_000, None, now);
    assert_eq!(lanes.plan(now + WAIT, false), None);
    let first = run(&mut lanes, now + WAIT);
    assert_eq!((first.cursor, first.catching_up, &first.lanes[..]), (0, true, &[at][..]));
    assert!(!lanes.is_done());
    lanes.done(at, first.wave, 5_100, now);
    assert!(lanes.is_done());
    assert_eq!(lanes.plan(now + WAIT, true), None);
}

#[test]
fn the_hosts_trouble_never_brings_a_lane_to_rest_and_pauses_grow_to_a_minute() {
    let mut now = Instant::now();
    let mut lanes = lanes(&[0], 4_096, now);
    for failures in 0..40_u32 {
        let plan = run(&mut lanes, now);
        assert_eq!(plan.rows, BATCH_ROWS);
        lanes.failed(0, plan.wave, Trouble::Host("no slot".into()), 0.0, now);
        let pause = (PAUSE * 2_u32.pow(failures.min(10))).min(LONGEST_PAUSE);
        lanes.wake(now + pause - Duration::from_millis(1));
        assert!(matches!(lanes.all[0].state, State::Paused { .. }));
        now += pause;
        lanes.wake(now);
    }
    let plan = run(&mut lanes, now);
    lanes.done(0, plan.wave, 4_096, now);
    assert_eq!(lanes.all[0].host_failures, 0);
}
