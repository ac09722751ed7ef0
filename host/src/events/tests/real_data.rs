//! Over records that no one on this project wrote.

use super::*;

#[test]
fn every_real_audit_record_is_recognised_and_has_its_time() {
    let Some(file) = shared_data("m365-ual.jsonl.zst") else { return };
    let (batches, refusals, error) = take_in(options(), &Input::File(file));
    assert!(refusals.is_empty() && error.is_none(), "{refusals:?} {error:?}");
    assert_eq!(batches.iter().map(Batch::len).sum::<usize>(), 6_914);
    for batch in &batches {
        assert_eq!(batch.source().as_str(), "m365.audit");
        // All but the service's own late marks: the records are of 2021, received in 2026.
        assert!(batch.marks().iter().all(|mark| *mark == 2));
        let times = texts(batch, "CreationTime");
        for (row, time) in times.iter().enumerate() {
            let expected: jiff::Timestamp = format!("{}Z", time.as_deref().unwrap()).parse().unwrap();
            assert_eq!(batch.times()[row], expected.as_microsecond());
        }
    }
    let forwardings =
        batches.iter().flat_map(|batch| texts(batch, "Parameters[Name=ForwardTo].Value")).flatten().count();
    assert!(forwardings > 0);
}

#[test]
fn every_real_windows_event_is_recognised_and_has_its_time() {
    let Some(file) = shared_data("windows-otrf.jsonl.zst") else { return };
    let (batches, refusals, error) = take_in(options(), &Input::File(file));
    assert!(refusals.is_empty() && error.is_none(), "{:?} {error:?}", refusals.first());
    assert_eq!(batches.iter().map(Batch::len).sum::<usize>(), 24_576);
    for batch in &batches {
        assert_eq!(batch.source().as_str(), "windows.event");
        assert!(batch.marks().iter().all(|mark| mark & 1 == 0));
        for canonical in ["EventID", "Channel", "Computer", "Provider_Name"] {
            assert!(texts(batch, canonical).iter().all(Option::is_some), "{canonical}");
        }
    }
    let images = batches.iter().flat_map(|batch| texts(batch, "Image")).flatten().count();
    assert!(images > 5_000, "{images}");
}

/// The event inside of each case of another project's rule tests.
fn inner_events(name: &str) -> Option<Vec<(String, String)>> {
    let text = zstd::decode_all(std::fs::File::open(shared_data(name)?).unwrap()).unwrap();
    let cases = String::from_utf8(text).unwrap();
    let inner = |line: &str| {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        (case["event"]["category"].as_str().unwrap_or("").to_owned(), case["event"].to_string())
    };
    Some(cases.lines().map(inner).collect())
}

#[test]
fn sigmas_windows_events_are_recognised_as_they_are() {
    let Some(cases) = inner_events("windows-sigma-regression.jsonl.zst") else { return };
    let mut batcher = Batcher::new(options());
    for (line, (_, event)) in cases.into_iter().enumerate() {
        assert!(batcher.push(raw(event, line as u64 + 1), RECEIVED).unwrap().is_none());
    }
    let [batch] = &batcher.finish()[..] else { panic!("one source") };
    assert_eq!((batch.source().as_str(), batch.len()), ("windows.event", 116));
    assert!((0..116).all(|row| batch.shape(row) == Some("flat")));
    assert!(batch.marks().iter().all(|mark| mark & 1 == 0));
}

#[test]
fn entra_and_azure_cases_are_recognised_and_resource_logs_are_refused() {
    let Some(cases) = inner_events("azure-entra-cases.jsonl.zst") else { return };
    let mut batcher = Batcher::new(options());
    let mut refused = Vec::new();
    for (line, (category, event)) in cases.iter().enumerate() {
        if let Err(refusal) = batcher.push(raw(event.clone(), line as u64 + 1), RECEIVED) {
            assert_eq!(refusal.kind, "unknown-source");
            refused.push(category.as_str());
        }
    }
    let counts: Vec<(String, usize)> =
        batcher.finish().iter().map(|batch| (batch.source().to_string(), batch.len())).collect();
    refused.sort_unstable();
    assert_eq!(refused, ["StorageDelete", "StorageRead", "StorageRead", "StorageRead", "StorageWrite"]);
    let expected = [("azure.activity", 90), ("entra.audit", 18), ("entra.signin", 19)];
    assert_eq!(counts, expected.map(|(source, count)| (source.to_owned(), count)));
}
