//! A whole detector on the crate's example manifest, natively: what an author can rely on.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, unreachable_pub)]

use cordon_sdk::log::Level;
use cordon_sdk::prelude::*;
use cordon_sdk::testing::Test;

pub struct Example {
    operations: Vec<String>,
}

#[detector]
impl Example {
    fn configure(load: &LoadSettings) -> Result<Self, Failure> {
        log::debug("configured");
        if load.operations.is_empty() {
            return Err(Failure::bad_settings("`operations` is empty"));
        }
        Ok(Self { operations: load.operations.clone() })
    }

    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let sets = fields.operation.any_of(&self.operations) & fields.forward_to.present();
        let set = fields.among(&sets);
        for row in &sets {
            let to = set.forward_to.text(row).unwrap_or("");
            if !settings.strict && settings.trusted_domains.iter().any(|domain| to.ends_with(domain.as_str())) {
                continue;
            }
            let mut finding = Rule::ExternalForwarding
                .on(row)
                .summary(format!(
                    "{} ({}, {}, {})",
                    batch.source(),
                    settings.mode,
                    settings.factor,
                    settings.owners.len()
                ))
                .entity("user", set.user.text(row).unwrap_or(""))
                .entity("ip", set.client_ip.text(row).unwrap_or(""))
                .cite(batch.reference(row))
                .key(to);
            for (name, value) in set.names.slots(row).zip(set.values.slots(row)) {
                finding = finding.context(name.unwrap_or(""), value.unwrap_or(""));
            }
            if set.enabled.boolean(row) == Some(false) {
                finding = finding.severity(Severity::Low).confidence(Confidence::Low);
            }
            findings.emit(finding)?;
        }
        for row in &fields.operation.equals("flood") {
            for i in 0..fields.count.integer(row).unwrap_or(0) {
                // An author who forgets the `?` does not hide the refusal.
                let _ = findings.emit(Rule::Flood.on(row).key(i.to_string()));
            }
        }
        if fields.operation.equals("night").any() {
            let night = batch.local_is(|at| at.hour < 7 || at.is_weekend());
            log::info(format_args!("{} of {} at night", night.count(), batch.len()));
        }
        for row in &(fields.operation.equals("whole") & fields.count.ge(settings.threshold as f64)) {
            log::info(batch.whole(row)?);
        }
        Ok(())
    }
}

fn forwarding(to: &str) -> String {
    format!(
        r#"{{"Operation":"Set-Mailbox","UserId":"anna","Parameters":[{{"Name":"Identity","Value":"anna"}},{{"Name":"ForwardTo","Value":"{to}"}}]}}"#
    )
}

fn example() -> Test<Example> {
    Test::of::<Example>("m365.audit")
}

#[test]
fn a_finding_is_as_the_author_wrote_it() {
    let run = example().event(r#"{"Operation":"Other"}"#).event(forwarding("x@evil.example")).run();
    assert_eq!((&run.failure, run.hits()), (&None, vec![(1, "external-forwarding")]));
    let finding = &run.findings[0];
    assert_eq!(finding.summary, "m365.audit (plain, 1.5, 0)");
    assert_eq!(finding.entities, [("user".to_owned(), "anna".to_owned())]);
    let context = [("Identity", "anna"), ("ForwardTo", "x@evil.example")];
    assert_eq!(finding.context, context.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert_eq!((finding.key.as_str(), finding.severity.as_deref(), finding.cited.len()), ("x@evil.example", None, 1));
}

#[test]
fn settings_have_their_declared_types_and_defaults() {
    let trusted = || example().event(forwarding("a@example.org")).setting("trusted_domains", ["example.org"]);
    assert!(trusted().run().findings.is_empty());
    assert_eq!(trusted().setting("strict", true).run().findings.len(), 1);
    let run = trusted()
        .setting("strict", true)
        .setting("mode", "x")
        .setting("factor", 2)
        .setting("owners", serde_json::json!({"a": "b"}))
        .run();
    assert_eq!(run.findings[0].summary, "m365.audit (x, 2, 1)");
}

#[test]
fn load_settings_shape_the_detector_and_its_refusal_is_a_failure() {
    let run = example().load_setting("operations", ["Other"]).event(forwarding("x@evil.example")).run();
    assert!(run.findings.is_empty() && run.failure.is_none());
    let run = example().load_setting("operations", serde_json::json!([])).event("{}").run();
    assert_eq!(run.failure, Some(Failure::bad_settings("`operations` is empty")));
    assert_eq!(run.log, [(Level::Debug, "configured".to_owned())]);
}

#[test]
#[should_panic(expected = "run setting `threshold`: 0 is out of range: at least 1")]
fn a_setting_that_the_host_would_refuse_fails_the_test() {
    let _ = example().event("{}").setting("threshold", 0).run();
}

#[test]
#[should_panic(expected = "cordon.toml has no source \"windows.event\"")]
fn a_source_that_the_manifest_does_not_name_fails_the_test() {
    let _ = Test::of::<Example>("windows.event");
}

#[test]
fn a_handle_declared_for_several_sources_has_the_path_of_the_batchs_source() {
    let run = Test::of::<Example>("entra.audit").event(r#"{"operationName":"flood","Operation":"x"}"#).run();
    assert_eq!((run.failure, run.findings), (None, Vec::new()), "`count` is absent in entra.audit");
}

#[test]
fn findings_over_the_rows_limit_fail_the_run_whatever_detect_answers() {
    let flood = |count: usize| example().event(format!(r#"{{"Operation":"flood","Count":{count}}}"#)).run();
    assert_eq!(flood(64).findings.len(), 64);
    let run = flood(65);
    assert!(run.findings.is_empty());
    assert!(run.failure.unwrap().to_string().contains("more than 64 findings"));
}

#[test]
fn local_time_is_the_forces() {
    // 2021-03-29 (a Monday) 06:30 UTC.
    let night = |zone| example().event(r#"{"Operation":"night"}"#).at(1_616_999_400_000_000).zone(zone).run().log;
    assert_eq!(night(0).last().unwrap().1, "1 of 1 at night");
    assert_eq!(night(60).last().unwrap().1, "0 of 1 at night");
}

#[test]
fn whole_events_come_as_received() {
    let event = r#"{"Operation": "whole",  "Count": "7"}"#;
    assert_eq!(example().event(event).run().log.last().unwrap().1, event);
}

#[test]
fn every_look_is_explained_on_demand() {
    let run = example().explain().event(forwarding("x@evil.example")).event("{}").run();
    let first = &run.explanations[0];
    assert_eq!((first.row, first.field.as_str(), first.held), (0, "operation", true));
    assert_eq!(first.predicate, "is any of \"Set-Mailbox\", \"New-InboxRule\"");
    assert_eq!(first.value.as_deref(), Some("Set-Mailbox"));
    assert!(run.explanations.iter().any(|look| look.row == 1 && look.field == "forward_to" && !look.held));
    assert!(run.explanations.iter().any(|look| look.predicate == "read" && look.field == "user"));
    assert!(example().event(forwarding("x@evil.example")).run().explanations.is_empty());
}

mod flood {
    use super::*;

    #[derive(Default)]
    pub struct Talker;

    #[detector(manifest = "talker.toml")]
    impl Talker {
        fn detect(
            &self,
            _batch: &Batch,
            fields: &Fields,
            _settings: &Settings,
            findings: &mut Findings,
        ) -> Result<(), Failure> {
            for row in &fields.text.present() {
                (0..20).for_each(|_| log::warn(fields.text.text(row).unwrap_or("")));
            }
            for row in &fields.text.equals("never") {
                findings.emit(Rule::Never.on(row))?;
            }
            Ok(())
        }
    }

    #[test]
    fn a_flood_of_log_ends_with_a_note_and_stays_within_the_contract() {
        let run = Test::of::<Talker>("custom.talk").event(format!(r#"{{"text":"{}"}}"#, "é".repeat(5_000))).run();
        assert!(run.failure.is_none());
        assert!(run.log.iter().all(|(_, text)| text.len() <= 8 << 10));
        assert!(run.log.iter().map(|(_, text)| text.len()).sum::<usize>() <= 64 << 10);
        assert!(run.log[0].1.ends_with('…'));
        assert!(run.log.last().unwrap().1.contains("left out"));
    }
}
