//! All national plugins over a list of events, natively, in batches.

use cordon_sdk::Detector;
use cordon_sdk::testing::{Memory, Test, TestFinding};
use mail_forwarding::MailForwarding;
use oauth_consent::OauthConsent;
use password_spray::PasswordSpray;
use privileged_role::PrivilegedRole;

/// One finding, with where its event stands in the list.
pub(crate) struct Hit {
    /// `plugin/rule`, as the judgement names it.
    pub(crate) rule: String,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) finding: TestFinding,
}

/// What all plugins that read this source find. A plugin that fails, fails the test.
pub(crate) fn all(source: &str, lines: &[String]) -> Vec<Hit> {
    let mut hits = Vec::new();
    if source == "m365.audit" {
        one::<MailForwarding>("mail-forwarding", source, lines, &mut hits);
    }
    one::<OauthConsent>("oauth-consent", source, lines, &mut hits);
    one::<PrivilegedRole>("privileged-role", source, lines, &mut hits);
    if source == "m365.audit" {
        one::<PasswordSpray>("password-spray", source, lines, &mut hits);
    }
    hits
}

fn one<T: Detector>(plugin: &str, source: &str, lines: &[String], hits: &mut Vec<Hit>) {
    let memory = Memory::default();
    for (batch, chunk) in lines.chunks(BATCH).enumerate() {
        let mut test = Test::of::<T>(source).remembering(&memory);
        for line in chunk {
            test = test.event(line);
            if let Some(time) = time(line) {
                test = test.at(time);
            }
        }
        let run = test.run();
        if let Some(failure) = run.failure {
            panic!("{plugin} failed on lines from {}: {failure}", batch * BATCH + 1);
        }
        hits.extend(run.findings.into_iter().map(|finding| Hit {
            rule: format!("{plugin}/{}", finding.rule),
            line: batch * BATCH + finding.row + 1,
            finding,
        }));
    }
}

/// An audit record's own time, which has no zone and is UTC; in microseconds.
fn time(line: &str) -> Option<i64> {
    let (_, rest) = line.split_once("\"CreationTime\":")?;
    let text = rest.split('"').nth(1)?;
    let time = jiff::civil::DateTime::strptime("%Y-%m-%dT%H:%M:%S", text).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

const BATCH: usize = 2_000;
