//! All national plugins over a list of events, natively, in batches.

use application_credential::ApplicationCredential;
use audit_weakened::AuditWeakened;
use azure_bulk::AzureBulk;
use azure_destruction::AzureDestruction;
use azure_execution::AzureExecution;
use azure_exposure::AzureExposure;
use azure_monitoring::AzureMonitoring;
use azure_role::AzureRole;
use cordon_sdk::Detector;
use cordon_sdk::testing::{Memory, Test, TestFinding};
use data_protection_weakened::DataProtectionWeakened;
use ediscovery::Ediscovery;
use first_seen::FirstSeen;
use guessed_sign_in::GuessedSignIn;
use impossible_travel::ImpossibleTravel;
use leaver::Leaver;
use mail_by_application::MailByApplication;
use mail_forwarding::MailForwarding;
use mail_protection_weakened::MailProtectionWeakened;
use mailbox_delegation::MailboxDelegation;
use mass_activity::MassActivity;
use method_after_risk::MethodAfterRisk;
use more_than_peers::MoreThanPeers;
use oauth_consent::OauthConsent;
use out_of_hours::OutOfHours;
use outside_sharing::OutsideSharing;
use password_spray::PasswordSpray;
use privileged_role::PrivilegedRole;
use security_info::SecurityInfo;
use sensitive_files::SensitiveFiles;
use shared_session::SharedSession;
use sign_in_method::SignInMethod;
use sign_in_policy::SignInPolicy;
use tenant_trust::TenantTrust;
use watched_sign_in::WatchedSignIn;

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
    let is = |sources: &[&str]| sources.contains(&source);
    if is(&["m365.audit"]) {
        one::<AuditWeakened>("audit-weakened", source, lines, &mut hits);
        one::<DataProtectionWeakened>("data-protection-weakened", source, lines, &mut hits);
        one::<Ediscovery>("ediscovery", source, lines, &mut hits);
        one::<Leaver>("leaver", source, lines, &mut hits);
        one::<MailByApplication>("mail-by-application", source, lines, &mut hits);
        one::<MailForwarding>("mail-forwarding", source, lines, &mut hits);
        one::<MailProtectionWeakened>("mail-protection-weakened", source, lines, &mut hits);
        one::<MailboxDelegation>("mailbox-delegation", source, lines, &mut hits);
        one::<MassActivity>("mass-activity", source, lines, &mut hits);
        one::<MoreThanPeers>("more-than-peers", source, lines, &mut hits);
        one::<OutOfHours>("out-of-hours", source, lines, &mut hits);
        one::<OutsideSharing>("outside-sharing", source, lines, &mut hits);
        one::<SensitiveFiles>("sensitive-files", source, lines, &mut hits);
    }
    if is(&["m365.audit", "entra.audit"]) {
        one::<ApplicationCredential>("application-credential", source, lines, &mut hits);
        one::<OauthConsent>("oauth-consent", source, lines, &mut hits);
        one::<SecurityInfo>("security-info", source, lines, &mut hits);
        one::<SignInPolicy>("sign-in-policy", source, lines, &mut hits);
        one::<TenantTrust>("tenant-trust", source, lines, &mut hits);
    }
    if is(&["m365.audit", "entra.audit", "azure.activity"]) {
        one::<PrivilegedRole>("privileged-role", source, lines, &mut hits);
    }
    if is(&["m365.audit", "entra.signin"]) {
        one::<GuessedSignIn>("guessed-sign-in", source, lines, &mut hits);
        one::<PasswordSpray>("password-spray", source, lines, &mut hits);
        one::<SharedSession>("shared-session", source, lines, &mut hits);
        one::<SignInMethod>("sign-in-method", source, lines, &mut hits);
        one::<WatchedSignIn>("watched-sign-in", source, lines, &mut hits);
    }
    if is(&["entra.signin"]) {
        one::<FirstSeen>("first-seen", source, lines, &mut hits);
        one::<ImpossibleTravel>("impossible-travel", source, lines, &mut hits);
    }
    if is(&["entra.signin", "entra.audit"]) {
        one::<MethodAfterRisk>("method-after-risk", source, lines, &mut hits);
    }
    if is(&["azure.activity"]) {
        one::<AzureBulk>("azure-bulk", source, lines, &mut hits);
        one::<AzureDestruction>("azure-destruction", source, lines, &mut hits);
        one::<AzureExecution>("azure-execution", source, lines, &mut hits);
        one::<AzureExposure>("azure-exposure", source, lines, &mut hits);
        one::<AzureMonitoring>("azure-monitoring", source, lines, &mut hits);
        one::<AzureRole>("azure-role", source, lines, &mut hits);
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
