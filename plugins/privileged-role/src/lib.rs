//! Administrative roles given to accounts, groups, guests and applications, for good or as eligible; groups on a list that
//! somebody joins; and the switch by which an administrator takes control of all Azure subscriptions.
//!
//! Reads `m365.audit`, `entra.audit`, and `azure.activity` for that switch. One grant is logged by the directory, by PIM and in
//! both logs, the switch in two: all give the same rule and key, made of the directory id and the role's template id. Roles are known by template id, since names can be
//! chosen. A failed act is no finding, nor a request, nor the use of a role that somebody is eligible for.

mod audit;
mod entra;
mod grant;
mod group;

use cordon_sdk::microsoft::azure::Outcome;
use cordon_sdk::microsoft::{is_listed, succeeded};
use cordon_sdk::prelude::*;

use crate::grant::{Act, Grant, Kind, Verdict};
use crate::group::Join;

/// How Entra's log calls the use of 'Access management for Azure resources'.
const ELEVATED: &str = "User has elevated their access to User Access Administrator for their Azure Resources";
/// How Azure's log calls it.
const ELEVATES: &str = "Microsoft.Authorization/elevateAccess/action";

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct PrivilegedRole;

#[detector]
impl PrivilegedRole {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let read = if batch.source() == "entra.audit" { entra::grant } else { audit::grant };
        let grants = fields.operation.contains("member to role");
        let elevations = fields.operation.starts_with(ELEVATED) | fields.operation.equals(ELEVATES);
        let joins = fields.operation.matches(group::is_join);
        let fields = &fields.among(&(&grants | &elevations | &joins));
        for row in &grants {
            let Some(act) = fields.operation.text(row).and_then(Act::of) else { continue };
            if !succeeded(fields.result.text(row)) || is_expected(fields, settings, row) {
                continue;
            }
            let Some(grant) = read(act, fields, row) else { continue };
            if let Some(verdict) = grant.verdict(settings) {
                findings.emit(finding(fields, row, &grant, verdict))?;
            }
        }
        for row in &joins {
            if !succeeded(fields.result.text(row)) || is_expected(fields, settings, row) {
                continue;
            }
            if let Some(join) = group::join(fields, settings, row) {
                findings.emit(joined(fields, row, &join))?;
            }
        }
        for row in &elevations {
            if Outcome::of(fields.result.text(row)) == Outcome::Done {
                findings.emit(elevated(fields, row))?;
            }
        }
        Ok(())
    }
}

/// Whether one of Microsoft's services, or an account that the force named, did it as part of its work.
fn is_expected(fields: &Fields, settings: &Settings, row: Row) -> bool {
    let apps = [fields.actor_app.text(row), fields.actor_app_id.text(row), fields.actor_app_object.text(row)];
    let mut names = fields.audit_actors.slots(row).chain(apps).flatten();
    names.any(|name| is_listed(name, &settings.trusted_initiators))
        || fields.actor.text(row).is_some_and(|actor| is_listed(actor, &settings.service_accounts))
}

fn finding(fields: &Fields, row: Row, grant: &Grant<'_>, verdict: Verdict) -> Finding {
    let actor = actor(fields, row);
    let who = if actor.is_empty() { "Somebody" } else { actor };
    let member = &grant.member_name;
    let role = &verdict.role;
    let kind = match grant.kind {
        Kind::User => "",
        Kind::Guest => "the guest ",
        Kind::Group => "the group ",
        Kind::Application => "the application ",
    };
    let summary = match grant.act {
        Act::Granted => format!("{who} gave {kind}'{member}' the role {role}."),
        Act::MadeEligible => format!("{who} made {kind}'{member}' eligible for the role {role}."),
    };
    verdict
        .rule
        .on(row)
        .severity(verdict.severity)
        .summary(summary)
        .entity(grant.kind.word(), member.as_ref())
        .entity("role", role)
        .entity("actor", actor)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Operation", fields.operation.text(row).unwrap_or(""))
        .context("Member object id", grant.member.as_ref())
        .key(verdict.key)
}

fn joined(fields: &Fields, row: Row, join: &Join<'_>) -> Finding {
    let actor = actor(fields, row);
    let who = if actor.is_empty() { "Somebody" } else { actor };
    let (member, group) = (join.member_name, &join.group_name);
    Rule::PrivilegedGroupJoined
        .on(row)
        .severity(if join.outsider { Severity::High } else { Severity::Medium })
        .summary(format!("{who} put '{member}' into the group '{group}'."))
        .entity("user", member)
        .entity("group", group)
        .entity("actor", actor)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Operation", fields.operation.text(row).unwrap_or(""))
        .key(format!("{}|{}", join.member, join.group).to_lowercase())
}

fn elevated(fields: &Fields, row: Row) -> Finding {
    let actor = actor(fields, row);
    let who = if actor.is_empty() { "An administrator" } else { actor };
    Rule::AzureAccessElevated
        .on(row)
        .summary(format!("{who} became User Access Administrator over all Azure subscriptions of the tenant."))
        .entity("user", actor)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .key(fields.actor_id.text(row).unwrap_or(actor).to_lowercase())
}

fn actor<'a>(fields: &'a Fields<'_>, row: Row) -> &'a str {
    fields.actor.text(row).or(fields.actor_app.text(row)).unwrap_or("")
}
