//! One password tried on many accounts from one address, in the audit log and in Entra's sign-in log.
//!
//! Failed sign-ins are counted by address: how many different accounts within half an hour. A sign-in that succeeds asks the
//! same window. Each log has keys of its own: both tell of the same sign-ins, at different times, and neither waits for the
//! other; alerts group by the address alone.

use cordon_sdk::prelude::*;

/// Finds sprays, and sign-ins after one.
#[derive(Debug, Default)]
pub struct PasswordSpray;

#[detector]
impl PasswordSpray {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let (failed, good) = sign_ins(batch, fields, settings)?;
        if failed.is_empty() && good.is_empty() {
            return Ok(());
        }
        let looked_at = fields.among(&(&failed | &good));
        let mut window = Window::FailedAccounts.of(batch);
        for row in &failed {
            if let Some(ip) = looked_at.ip.text(row) {
                window.add(row, key(batch, ip), account(&looked_at, row));
            }
        }
        for row in &good {
            if let Some(ip) = looked_at.ip.text(row) {
                window.ask(row, key(batch, ip), account(&looked_at, row));
            }
        }
        for seen in window.answers()? {
            if i64::from(seen.value) < settings.accounts {
                continue;
            }
            let (ip, account) = (looked_at.ip.text(seen.row).unwrap_or(""), seen.member.as_str());
            let many = seen.many();
            let finding = if seen.added {
                Rule::PasswordSpray.on(seen.row).key(ip).summary(format!(
                    "{many} accounts failed to sign in from {ip} within half an hour, {account} among them."
                ))
            } else {
                Rule::SpraySucceeded.on(seen.row).key(format!("{ip} {account}")).summary(format!(
                    "{account} signed in from {ip}, where {many} accounts failed within half an hour."
                ))
            };
            findings.emit(
                finding
                    .entity("ip", ip)
                    .entity("user", account)
                    .context("Accounts that failed", many)
                    .cite_all(seen.contributors()?),
            )?;
        }
        Ok(())
    }
}

/// Rows of failed and of good sign-ins from elsewhere than the force's own networks.
fn sign_ins(batch: &Batch, fields: &Fields, settings: &Settings) -> Result<(Mask, Mask), Failure> {
    let (mut failed, mut good) = (batch.none(), batch.none());
    for code in &settings.failure_codes {
        let number: i32 = code.parse().map_err(|_| {
            Failure::bad_settings(format!("`failure_codes` has `{code}`: use Entra's error codes, such as 50126"))
        })?;
        failed |= &fields.code.between(number, number);
    }
    if batch.source() == "m365.audit" {
        failed &= &fields.operation.equals("UserLoginFailed");
        good |= &fields.operation.equals("UserLoggedIn");
    } else {
        good |= &fields.code.between(0, 0);
    }
    let elsewhere = !fields.ip.in_any_cidr(&settings.own_networks)? & fields.ip.present();
    Ok((failed & &elsewhere, good & elsewhere))
}

/// Whose window.
fn key(batch: &Batch, ip: &str) -> String {
    format!("{} {ip}", batch.source())
}

/// The account's name; its id where the record has no name, as for accounts that do not exist.
fn account(fields: &Fields, row: Row) -> String {
    let name = fields.user.text(row).filter(|name| name.contains('@'));
    name.or_else(|| fields.user_key.text(row)).or_else(|| fields.user.text(row)).unwrap_or("").to_owned()
}
