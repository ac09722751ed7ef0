//! Sensitive files: labels taken off or lowered, downloads to unmanaged devices, access outside usual hours.
//!
//! Reads SharePoint's, OneDrive's and labelling's records in `m365.audit`. An act that failed is no finding. Hours are those of
//! the force's own time zone, by the event's own time; a record without one is not judged by hours. Not covered: what a user's
//! own hours are, and how many files are usual for them.

mod label;

use cordon_sdk::microsoft::{Sites, is_listed, succeeded};
use cordon_sdk::prelude::*;

/// Files that leave the site.
const DOWNLOADS: [&str; 3] = ["FileDownloaded", "FileSyncDownloadedFull", "FileSyncDownloadedPartial"];
/// Files that are read.
const READS: [&str; 3] = ["FileAccessed", "FilePreviewed", "FileCopied"];

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct SensitiveFiles;

#[detector]
impl SensitiveFiles {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let labels = fields.operation.any_of(&label::OPERATIONS);
        let downloads = fields.operation.any_of(&DOWNLOADS);
        let unmanaged = fields.managed.among(&downloads).is_false();
        // Without a sensitive site no hours are looked at, and reading files costs one look at each site.
        let sites = Sites::new(&settings.sensitive_sites, List::EvidenceSites);
        let mut reads = fields.operation.any_of(&READS) | downloads;
        if settings.sensitive_sites.is_empty() {
            // Where a lookup fails the run does, whatever becomes of it here.
            let listed = |site: &str| sites.listed(site).is_ok_and(|site| site.is_some());
            reads = fields.site.among(&reads).matches(listed);
        }
        let fields = &fields.among(&(&labels | &unmanaged | &reads));
        for row in &(&labels | &unmanaged | &reads) {
            if !succeeded(fields.result.text(row)) {
                continue;
            }
            let (object, site) = (fields.object.text(row).unwrap_or(""), fields.site.text(row).unwrap_or(""));
            let record = Record { fields, settings, row, site: sites.of(object, site)? };
            if labels.contains(row) {
                label::judge(&record, findings)?;
            }
            if unmanaged.contains(row) {
                unmanaged_device(&record, findings)?;
            }
            if reads.contains(row) && batch.has_own_time(row) {
                outside_hours(&record, batch.local(row), findings)?;
            }
        }
        Ok(())
    }
}

/// One row with what is needed to judge it.
struct Record<'a> {
    fields: &'a Fields<'a>,
    settings: &'a Settings,
    row: Row,
    /// The sensitive site that it lies on, as the setting or the list names it.
    site: Option<String>,
}

impl<'a> Record<'a> {
    fn actor(&self) -> &'a str {
        self.fields.actor.text(self.row).unwrap_or("")
    }

    /// The actor, for the beginning of a sentence.
    fn who(&self) -> &'a str {
        Some(self.actor()).filter(|actor| !actor.is_empty()).unwrap_or("Somebody")
    }

    fn object(&self) -> &'a str {
        self.fields.object.text(self.row).unwrap_or("")
    }

    fn sensitive_site(&self) -> Option<&str> {
        self.site.as_deref()
    }

    /// A finding with what every finding of this plugin shows.
    fn finding(&self, rule: Rule) -> Finding {
        let (fields, row) = (self.fields, self.row);
        rule.on(row)
            .entity("user", self.actor())
            .entity("file", self.object())
            .entity("ip", fields.client_ip.text(row).unwrap_or(""))
            .context("Operation", fields.operation.text(row).unwrap_or(""))
            .context("Sensitive site", self.sensitive_site().unwrap_or(""))
    }
}

fn unmanaged_device(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let (fields, settings, row) = (record.fields, record.settings, record.row);
    let label = fields.label.text(row).filter(|id| label::is_id(id) && !is_listed(id, &settings.low_labels));
    let sensitive = record.sensitive_site();
    if label.is_none() && sensitive.is_none() {
        return Ok(());
    }
    let device = fields.device.text(row).unwrap_or("");
    let named = if device.is_empty() { String::new() } else { format!(" ('{device}')") };
    let site = sensitive.or(fields.site.text(row)).unwrap_or("").trim_end_matches('/');
    let finding = record
        .finding(Rule::DownloadToUnmanagedDevice)
        .summary(format!("{} downloaded {} to a device that is not managed{named}.", record.who(), record.object()))
        .entity("host", device)
        .context("Label", label.unwrap_or(""))
        .context("Client", fields.user_agent.text(row).unwrap_or(""))
        .key(format!("{}|{site}", record.actor()).to_lowercase());
    findings.emit(if sensitive.is_some() { finding.severity(Severity::High) } else { finding })
}

fn outside_hours(record: &Record<'_>, at: LocalTime, findings: &mut Findings) -> Result<(), Failure> {
    let settings = record.settings;
    let hour = i64::from(at.hour);
    let usual = hour >= settings.first_hour && hour < settings.last_hour && (settings.weekends || !at.is_weekend());
    if usual || is_listed(record.actor(), &settings.night_accounts) {
        return Ok(());
    }
    let Some(site) = record.sensitive_site() else { return Ok(()) };
    let operation = record.fields.operation.text(record.row).unwrap_or("");
    let downloaded = DOWNLOADS.iter().any(|name| name.eq_ignore_ascii_case(operation));
    let finding = record
        .finding(Rule::AccessOutsideHours)
        .summary(format!(
            "{} {} {} at {:02}:{:02} on a {:?}, the force's own time.",
            record.who(),
            if downloaded { "downloaded" } else { "opened" },
            record.object(),
            at.hour,
            at.minute,
            at.weekday,
        ))
        .key(format!("{}|{site}", record.actor()).to_lowercase());
    findings.emit(if downloaded { finding.severity(Severity::Medium) } else { finding })
}
