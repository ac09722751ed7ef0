//! One session that two kinds of device use from two networks, in Entra's sign-in log and the audit log.
//!
//! An address says little: telephones change theirs all day, and the later half of one of IPv6 changes by itself. The kind of
//! operating system of a session does not change, so both must differ. Kinds are rough (`Family`), and of user agents only
//! those of browsers are believed: services call themselves what they like. Not covered: a thief with the victim's kind of
//! system, unless too far away (`impossible-travel`).

mod used;

use cordon_sdk::microsoft::{Family, first_named, is_listed, network};
use cordon_sdk::prelude::*;

use crate::used::{Used, Users};

/// How long a session is compared with itself after its last use: a week.
const KEPT: u32 = 7 * 86_400;

/// Finds sessions that are used on two devices.
#[derive(Debug, Default)]
pub struct SharedSession;

#[detector]
impl SharedSession {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let sessions = [&fields.session, &fields.signed_session, &fields.app_session];
        let mut rows = sessions.iter().fold(batch.none(), |rows, field| rows | (field.present() & !field.empty()));
        if batch.source() == "entra.signin" {
            rows &= &fields.code.between(0, 0);
        } else {
            // Whoever fails to sign in has no session yet; the record names the browser's own.
            rows &= &!fields.operation.equals("UserLoginFailed");
        }
        let shared = fields.user.matches(|user| is_listed(user, &settings.shared_accounts));
        let judged = rows & !shared & !fields.user.empty();
        let fields = &fields.among(&judged);
        let networks: Vec<&String> = settings.own_networks.iter().chain(&settings.vpn_networks).collect();
        let own = fields.ip.in_any_cidr(&networks)? | fields.mailbox_ip.in_any_cidr(&networks)?;
        for row in &judged {
            let ip = first_named(&[&fields.ip, &fields.mailbox_ip], row);
            // What a service does on the way of a request comes from itself.
            if ip.is_empty() || ip == "::1" || ip.starts_with("127.") {
                continue;
            }
            let Some(family) = family(fields, row) else { continue };
            let here = Used {
                family: family.name().to_owned(),
                network: if own.contains(row) { String::new() } else { network(ip) },
                ip: ip.to_owned(),
                time: batch.time(row),
                reference: batch.reference(row),
            };
            let session = first_named(&[&fields.session, &fields.signed_session, &fields.app_session], row);
            look(batch, fields, (row, session), here, findings)?;
        }
        Ok(())
    }
}

/// Compares the use of a session with those before, and keeps it.
fn look(
    batch: &Batch,
    fields: &Fields,
    (row, session): (Row, &str),
    here: Used,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let (user, state) = (fields.user.text(row).unwrap_or(""), batch.state());
    let key = format!("{user} {}", session.to_lowercase());
    let kept = state.get(&[(row, &key)])?.into_iter().next().flatten();
    let mut users = kept.map(|bytes| Users::read(&bytes)).unwrap_or_default();
    let other = users.elsewhere(&here).cloned();
    if let Some(other) = &other
        && !users.told
    {
        users.told = true;
        let minutes = here.time.abs_diff(other.time) / 60_000_000;
        findings.emit(
            Rule::SessionOnTwoDevices
                .on(row)
                .summary(format!(
                    "A session of {user} was used with {} at {} and, {minutes} minutes apart, with {} at {}.",
                    other.family, other.ip, here.family, here.ip
                ))
                .entity("user", user)
                .entity("ip", &here.ip)
                .entity("ip", &other.ip)
                .context("Session", session)
                .context("Client", first_named(&[&fields.agent, &fields.mail_agent, &fields.signed_agent], row))
                .cite(other.reference.clone())
                .key(&key),
        )?;
    }
    if users.take(here) || other.is_some() { state.set(row, &key, &users.bytes(), KEPT) } else { Ok(()) }
}

/// The kind of device: by the name of its system, or by its browser.
fn family(fields: &Fields, row: Row) -> Option<Family> {
    let browsers =
        [&fields.agent, &fields.mail_agent, &fields.signed_agent].into_iter().filter_map(|field| field.text(row));
    let mut browser = browsers.filter(|agent| agent.contains("Mozilla/5.0"));
    fields.system.text(row).and_then(Family::of).or_else(|| browser.find_map(Family::of))
}
