//! Each guest keeps its contract: it ends as its file says, for the reason and at the limit that its file says, in the
//! outcome and in a metric; and this process lives.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon::events::Batch;
use cordon::sandbox::{LoadError, RunInput, Sandbox};
use cordon::telemetry::Metrics;
use cordon_tests::batches::batch;
use cordon_tests::hostile::{Ends, Hostile, of_sdk};
use cordon_tests::sandboxes::TestSandbox;
use serde_json::Map;

use super::{ALL, BINARY, TEN};

/// Bytes of a refusal or reason that a person may have to read.
const REASON_BYTES: usize = 8 << 10;

#[test]
fn every_guest_keeps_its_contract() {
    keep(&ALL, &TEN);
}

#[test]
fn every_guest_written_with_the_sdk_keeps_its_contract() {
    let guests = of_sdk();
    assert!(guests.len() >= 5, "{}", guests.len());
    keep(&guests, &batch("custom.test", &[r#"{"Operation":"see"}"#, r#"{"Operation":"boom"}"#]));
}

/// All breaches are told at once.
fn keep(guests: &[Hostile], batch: &Arc<Batch>) {
    let mut by_caps: BTreeMap<&[(String, u32)], Vec<&Hostile>> = BTreeMap::new();
    for guest in guests {
        by_caps.entry(&guest.contract.caps).or_default().push(guest);
    }
    let mut breaches = Vec::new();
    for guests in by_caps.values() {
        let sandbox = TestSandbox::with(BINARY, guests[0].contract.caps());
        for guest in guests {
            if let Err(breach) = kept(guest, sandbox.sandbox(), batch) {
                breaches.push(format!("{} ({}): {breach}", guest.name, guest.contract.contract));
            }
        }
        let left: Vec<_> = std::fs::read_dir(sandbox.cache()).unwrap().map(|entry| entry.unwrap().path()).collect();
        let artefact = |path: &std::path::PathBuf| path.extension().is_some_and(|e| e == "json" || e == "cwasm");
        assert!(left.iter().all(artefact), "preparing left something behind: {left:?}");
    }
    assert!(
        breaches.is_empty(),
        "{} of {} contracts are broken:\n{}",
        breaches.len(),
        guests.len(),
        breaches.join("\n")
    );
}

fn kept(guest: &Hostile, sandbox: &Sandbox, batch: &Arc<Batch>) -> Result<(), String> {
    let metrics = Metrics::new();
    let loaded = sandbox.load(&guest.wasm, &Map::new());
    match (&guest.contract.ends, loaded) {
        (Ends::AtLoad { limit }, Err(error)) => {
            metrics.not_loaded(&error);
            if matches!(error, LoadError::Host(_)) {
                return Err(format!("counts as the host's fault: {error}"));
            }
            reason(guest, &error.to_string())?;
            let hit = error.limit().map(|limit| limit.to_string());
            same("limit", limit, &hit, &error.to_string())?;
            counted(&metrics, "cordon_plugin_load_refusals_total", hit.as_deref())
        }
        (Ends::In { outcome, limit }, Ok(plugin)) => {
            for _ in 0..2 {
                let input = RunInput { explain: guest.contract.explain, ..RunInput::default() };
                let report = sandbox.run(&plugin, batch, &input);
                metrics.ran(&guest.name, batch.force().as_str(), &report);
                let why = report.outcome.reason();
                same("outcome", outcome, &report.outcome.word().to_owned(), why)?;
                let hit = report.outcome.limit().map(|limit| limit.to_string());
                same("limit", limit, &hit, why)?;
                if !report.findings.is_empty() {
                    return Err(format!("has findings: {:?}", report.findings));
                }
                reason(guest, why)?;
                counted(&metrics, "cordon_plugin_outcomes_total", Some(outcome))?;
                if let Some(limit) = limit {
                    counted(&metrics, "cordon_plugin_limit_hits_total", Some(limit))?;
                }
            }
            Ok(())
        }
        (Ends::AtLoad { .. }, Ok(_)) => Err("is loaded".into()),
        (Ends::In { .. }, Err(error)) => Err(format!("is not loaded: {error}")),
    }
}

fn reason(guest: &Hostile, reason: &str) -> Result<(), String> {
    if reason.len() > REASON_BYTES {
        return Err(format!("its reason has {} bytes", reason.len()));
    }
    match guest.contract.says.iter().find(|words| !reason.contains(words.as_str())) {
        Some(words) => Err(format!("`{words}` is not in: {reason}")),
        None => Ok(()),
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, due: &T, is: &T, reason: &str) -> Result<(), String> {
    if due == is { Ok(()) } else { Err(format!("{what} {is:?} in place of {due:?}: {reason}")) }
}

fn counted(metrics: &Metrics, name: &str, word: Option<&str>) -> Result<(), String> {
    let text = metrics.text().unwrap();
    let word = format!("\"{}\"", word.unwrap_or_default());
    if text.lines().any(|line| line.starts_with(name) && line.contains(&word)) {
        return Ok(());
    }
    Err(format!("{name} does not count {word}:\n{text}"))
}
