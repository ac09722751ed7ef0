//! Files, mail and others' mailboxes of which one user opens far more within a day than others of their force, in `m365.audit`.
//!
//! How much accounts open in a day is kept for all of them together, by doublings, without names: when a number has doubled it
//! is taken into its day, and compared with the days before. Nothing is found before enough days of accounts are known. Not
//! covered: a team of which everybody reads too much, and reading that goes on slowly.

mod peers;

use cordon_sdk::microsoft::{READS, first_named, read_by_people};
use cordon_sdk::prelude::*;

use crate::peers::{Own, Peers};

/// How long what is known of all is kept after the last act: 30 days.
const KEPT: u32 = 30 * 86_400;

/// What is counted; each is compared with itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Things,
    Mailboxes,
}

impl Of {
    /// Under which is kept what is known of all, and of one.
    fn keys(self, user: &str) -> (String, String) {
        match self {
            Self::Things => ("all".to_owned(), format!("of {user}")),
            Self::Mailboxes => ("mailboxes of all".to_owned(), format!("mailboxes, of {user}")),
        }
    }

    fn least(self, settings: &Settings) -> i64 {
        match self {
            Self::Things => settings.things,
            Self::Mailboxes => settings.mailboxes,
        }
    }

    fn rule(self) -> (Rule, &'static str) {
        match self {
            Self::Things => (Rule::ReadFarMoreThanPeers, "different files or records of mail"),
            Self::Mailboxes => (Rule::MoreMailboxesThanPeers, "mailboxes of other people"),
        }
    }
}

/// Finds who reads far more than others.
#[derive(Debug, Default)]
pub struct MoreThanPeers;

#[detector]
impl MoreThanPeers {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let rows = fields.operation.any_of(&READS);
        let fields = &fields.among(&rows);
        let judged =
            rows & read_by_people(&fields.user, &fields.result, &settings.service_accounts, List::ServiceAccounts)?;
        let (mut read, mut opened) = (Window::Read.of(batch), Window::Mailboxes.of(batch));
        for row in &judged {
            if batch.has_own_time(row) {
                let (user, owner) = (user(fields, row), fields.owner.text(row).unwrap_or(""));
                // By days, so that each begins with one and passes every doubling.
                let key = format!("{} {user}", peers::day(batch.time(row)));
                if !owner.is_empty() && owner != user {
                    opened.add(row, key.clone(), owner);
                }
                read.add(row, key, first_named(&[&fields.file, &fields.record], row));
            }
        }
        let mut seen: Vec<(Of, Seen)> = read.answers()?.into_iter().map(|seen| (Of::Things, seen)).collect();
        seen.extend(opened.answers()?.into_iter().map(|seen| (Of::Mailboxes, seen)));
        // State goes through rows in their order.
        seen.sort_by_key(|(_, seen)| seen.row);
        for (of, seen) in seen {
            // Between two doublings nothing changes.
            if seen.first_time && seen.value.is_power_of_two() {
                compare(batch, fields, settings, (of, &seen), findings)?;
            }
        }
        Ok(())
    }
}

/// Takes a number that has doubled into its day, and compares it with the days before.
fn compare(
    batch: &Batch,
    fields: &Fields,
    settings: &Settings,
    (of, seen): (Of, &Seen),
    findings: &mut Findings,
) -> Result<(), Failure> {
    let (row, user, state) = (seen.row, user(fields, seen.row), batch.state());
    let (day, (all_key, own_key)) = (peers::day(batch.time(row)), of.keys(user));
    let mut kept = state.get(&[(row, &own_key), (row, &all_key)])?.into_iter();
    let mut own = kept.next().flatten().map(|bytes| Own::read(&bytes)).unwrap_or_default();
    let mut all = kept.next().flatten().map(|bytes| Peers::read(&bytes)).unwrap_or_default();
    let (known, as_many) = all.before(day, seen.value);
    let rare = known >= settings.account_days && as_many * 1_000 <= known * settings.of_a_thousand;
    if rare && i64::from(seen.value) >= of.least(settings) && own.tell(day) {
        let (many, (rule, what)) = (seen.many(), of.rule());
        let address = first_named(&[&fields.client_ip, &fields.mailbox_ip], row);
        findings.emit(
            rule.on(row)
                .summary(format!(
                    "{user} opened {many} {what} within a day; of {known} days of accounts in the two weeks before, {as_many} had as many."
                ))
                .entity("user", user)
                .entity("ip", address)
                .context("How many", many)
                .context("Days of accounts compared with", known.to_string())
                .context("Days with as many", as_many.to_string())
                .cite_all(seen.contributors()?)
                .key(user),
        )?;
    }
    if let Some(before) = own.reach(day, seen.value) {
        all.moved(day, before, seen.value);
        state.set(row, &all_key, &all.bytes(), KEPT)?;
    }
    state.set(row, &own_key, &own.bytes(), KEPT)
}

fn user<'a>(fields: &'a Fields, row: Row) -> &'a str {
    fields.user.text(row).unwrap_or("")
}
