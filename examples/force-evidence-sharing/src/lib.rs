//! A force's own plugin, as Westmarch Police might contribute it: it knows their evidence sites and their disclosure unit, and
//! runs for them only, until somebody finds it good for all.

use cordon_sdk::microsoft::succeeded;
use cordon_sdk::prelude::*;

/// Finds files of evidence sites that leave the force.
#[derive(Debug, Default)]
pub struct EvidenceSharing;

#[detector]
impl EvidenceSharing {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let open_links = fields.operation.any_of(&["AnonymousLinkCreated", "AnonymousLinkUpdated"]);
        let shares = fields.operation.any_of(&["SharingSet", "SharingInvitationCreated", "AddedToSecureLink"])
            & fields.guest_or_member.equals("Guest");
        for row in &(&open_links | &shares) {
            let user = fields.user.text(row).unwrap_or("");
            if !succeeded(fields.result.text(row)) || !is_evidence(fields, settings, row) {
                continue;
            }
            let file = fields.file.text(row).unwrap_or("a file");
            let finding = if open_links.contains(row) {
                Rule::EvidenceLinkForAnybody
                    .on(row)
                    .summary(format!("{user} made a link to {file} that anybody may open."))
            } else if settings.disclosure_accounts.iter().any(|account| account.eq_ignore_ascii_case(user)) {
                continue;
            } else {
                let guest = fields.shared_with.text(row).unwrap_or("a guest");
                Rule::EvidenceSharedWithGuest.on(row).summary(format!("{user} shared {file} with {guest}."))
            };
            findings.emit(
                finding
                    .entity("user", user)
                    .entity("file", file)
                    .entity("ip", fields.client_ip.text(row).unwrap_or(""))
                    .context("Shared with", fields.shared_with.text(row).unwrap_or(""))
                    .key(file.to_lowercase()),
            )?;
        }
        Ok(())
    }
}

/// Whether the file lies in one of the evidence sites, or below one.
fn is_evidence(fields: &Fields, settings: &Settings, row: Row) -> bool {
    let places = [fields.site.text(row), fields.file.text(row)];
    let below = |place: &str, site: &str| {
        let site = site.trim_end_matches('/');
        place.get(..site.len()).is_some_and(|head| head.eq_ignore_ascii_case(site))
            && place.get(site.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    settings.evidence_sites.iter().any(|site| places.iter().flatten().any(|place| below(place, site)))
}
