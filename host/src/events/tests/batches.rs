//! How events become batches, and what a batch says of its rows.

use super::*;
use crate::ids::event_identity;

const AUDIT: &str = r#"{"CreationTime":"2025-12-31T23:30:00","Id":"i","RecordType":1,"Operation":"o"}"#;
const WINDOWS: &str = r#"{"EventID":1,"Channel":"c","Computer":"pc","TimeCreated":"2025-12-31T23:30:00Z"}"#;

#[test]
fn mixed_sources_go_to_a_batch_each_in_order() {
    let mut batcher = Batcher::new(options());
    for line in 1..=10 {
        let event = if line % 3 == 0 { WINDOWS } else { AUDIT };
        batcher.push(raw(event, line), RECEIVED).unwrap();
        assert!(batcher.push(raw("{\"neither\":1}", line), RECEIVED).is_err());
    }
    let batches = batcher.finish();
    let lines = |batch: &Batch| (0..batch.len()).map(|row| batch.origin(row).unwrap().line).collect::<Vec<_>>();
    assert_eq!((batches[0].source().as_str(), lines(&batches[0])), ("m365.audit", vec![1, 2, 4, 5, 7, 8, 10]));
    assert_eq!((batches[1].source().as_str(), lines(&batches[1])), ("windows.event", vec![3, 6, 9]));
    assert!(events(&batches[..1]).iter().all(|event| event == AUDIT));
    assert!(events(&batches[1..]).iter().all(|event| event == WINDOWS));
    assert_eq!(texts(&batches[1], "Computer"), vec![Some("pc".to_owned()); 3]);
    let sequences: Vec<u64> = (0..3).map(|row| batches[1].sequence(row)).collect();
    assert_eq!(sequences, [3, 6, 9]);
    assert!(batcher.finish().is_empty());
}

#[test]
fn a_batch_is_full_by_rows_or_bytes() {
    let mut batcher = Batcher::new(BatcherOptions { rows: 3, ..options() });
    let sizes: Vec<usize> =
        (1..=7).filter_map(|line| batcher.push(raw(AUDIT, line), 0).unwrap()).map(|batch| batch.len()).collect();
    assert_eq!((sizes, batcher.finish()[0].len()), (vec![3, 3], 1));

    let mut batcher = Batcher::new(options());
    let large = |n: usize| AUDIT.replace("\"o\"", &format!("\"{}\"", "x".repeat(1_000_000 + n)));
    let mut batches = Vec::new();
    for line in 0..20 {
        batches.extend(batcher.push(raw(large(line), line as u64 + 1), 0).unwrap());
        if line % 5 == 0 {
            batches.extend(batcher.push(raw(WINDOWS, 1), 0).unwrap());
        }
    }
    batches.extend(batcher.finish());
    assert!(batches.iter().all(|batch| batch.bytes() <= cordon_contract::limits::BATCH_BYTES));
    let audit: Vec<&Batch> = batches.iter().filter(|batch| batch.source().as_str() == "m365.audit").collect();
    assert_eq!(audit.iter().map(|batch| batch.len()).collect::<Vec<_>>(), [8, 8, 4]);
    let all: Vec<String> = audit.iter().flat_map(|batch| events(&[batch.select(0..batch.len())])).collect();
    assert_eq!(all, (0..20).map(large).collect::<Vec<_>>());
}

#[test]
fn a_rare_sources_batch_is_cut_when_it_has_waited_for_many_others() {
    let mut batcher = Batcher::new(options());
    batcher.push(raw(WINDOWS, 1), 0).unwrap();
    let mut waited = None;
    for line in 2..100_000 {
        let batch = batcher.push(raw(AUDIT, line), 0).unwrap();
        if let Some(batch) = batch.filter(|batch| batch.source().as_str() == "windows.event") {
            waited = Some((line, batch.len()));
            break;
        }
    }
    let (line, rows) = waited.expect("the rare source's batch is cut");
    assert_eq!(rows, 1);
    assert!((65_537..=66_560).contains(&line), "after {line} events");
}

#[test]
fn a_row_knows_its_time_marks_zone_identity_and_sequence() {
    let zone = jiff::tz::TimeZone::get("Europe/London").unwrap();
    let mut batcher = Batcher::new(BatcherOptions { zone, ..options() });
    let summer = AUDIT.replace("2025-12-31T23:30:00", "2025-07-01T12:00:00.1234567");
    let timeless = AUDIT.replace("2025-12-31T23:30:00", "");
    for event in [AUDIT, &summer, &timeless] {
        batcher.push(raw(format!(" {event}\r\n"), 1), RECEIVED).unwrap();
    }
    let batches = batcher.finish();
    let batch = &batches[0];
    let half_hour = 1_800_000_000;
    assert_eq!(batch.times(), [RECEIVED - half_hour, 1_751_371_200_123_456, RECEIVED]);
    assert_eq!(batch.marks(), [0, 2, 1]);
    assert_eq!(batch.local_minutes(), [0, 60, 0]);
    assert_eq!(batch.received(), [RECEIVED; 3]);
    assert_eq!((batch.force().as_str(), batch.len(), batch.is_empty()), ("testforce", 3, false));
    assert_eq!(batch.event(0), Some(AUDIT));
    assert_eq!(batch.identity(0), Some(event_identity("m365.audit", AUDIT.as_bytes())));
    assert_eq!((batch.event(3), batch.identity(3), batch.sequence(3)), (None, None, 0));

    let part = batch.select(1..9);
    assert_eq!((part.len(), part.sequence(0), part.identity(1)), (2, 2, batch.identity(2)));
    assert_eq!((part.times(), part.event(0)), (&batch.times()[1..], Some(summer.as_str())));
    assert_eq!(part.bytes(), summer.len() + timeless.len());
    assert!(batch.select(7..9).is_empty());
    assert!(batch.select(0..0).column(&path("Id")).unwrap().rows.is_empty());
}

#[test]
fn rows_must_ascend_and_stand_in_the_batch() {
    let mut batcher = Batcher::new(options());
    for line in 1..=3 {
        batcher.push(raw(AUDIT, line), 0).unwrap();
    }
    let batches = batcher.finish();
    let ask = |rows: &[u32]| batches[0].column_for(&path("Id"), rows);
    assert_eq!(ask(&[0, 2]).unwrap().rows.len(), 2);
    for rows in [&[1, 0][..], &[1, 1], &[3], &[0, u32::MAX]] {
        assert!(matches!(ask(rows), Err(AccessError::BadRows(_))), "{rows:?}");
    }
}

#[test]
fn threads_that_ask_at_once_share_one_column() {
    let mut batcher = Batcher::new(options());
    for line in 1..=4_000 {
        batcher.push(raw(AUDIT, line), 0).unwrap();
    }
    let batches = batcher.finish();
    let columns: Vec<Arc<Column>> = std::thread::scope(|scope| {
        let asked: Vec<_> =
            (0..8).map(|_| scope.spawn(|| batches[0].column(&path("Operation.@lower")).unwrap())).collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(columns.iter().all(|column| Arc::ptr_eq(column, &columns[0])));
}

#[test]
fn repeated_values_share_an_entry_and_long_unique_text_does_not_pay_for_it() {
    let mut batcher = Batcher::new(forced("custom.test"));
    for line in 0..4_000u64 {
        let event = format!("{{\"kind\":\"kind {}\",\"text\":\"{}{line}\"}}", line % 7, "long ".repeat(20));
        batcher.push(raw(event, line + 1), 0).unwrap();
    }
    let batches = batcher.finish();
    assert_eq!(batches[0].column(&path("kind")).unwrap().kinds.len(), 7);
    let long = batches[0].column(&path("text")).unwrap();
    assert_eq!(long.kinds.len(), 4_000);
    assert!(long.value(3_999).unwrap().1.ends_with("long 3999"));
}
