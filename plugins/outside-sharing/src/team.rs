//! Rule `guest-in-sensitive-team`.

use cordon_sdk::microsoft::{has_word, is_listed};
use cordon_sdk::prelude::*;

use crate::guest::{address, is_named_guest, is_trusted};
use crate::{Record, Rule, Settings};

/// How Teams numbers a guest's role.
const GUEST: [&str; 2] = ["3", "Guest"];

pub(crate) fn judge(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let (fields, settings, row) = (record.fields, record.settings, record.row);
    let (team, id) = (fields.team.text(row).unwrap_or(""), fields.team_id.text(row).unwrap_or(""));
    let listed = is_listed(team, &settings.sensitive_teams) || is_listed(id, &settings.sensitive_teams);
    let word = settings.sensitive_words.iter().find(|word| has_word(team, word));
    if !listed && word.is_none() {
        return Ok(());
    }
    let is_guest = |(name, role): &(Option<&str>, Option<&str>)| {
        name.is_some_and(is_named_guest)
            || role.is_some_and(|role| GUEST.iter().any(|g| g.eq_ignore_ascii_case(role.trim())))
    };
    let named = fields.members.slots(row).zip(fields.member_roles.slots(row).chain(std::iter::repeat(None)));
    let guests = named
        .filter(is_guest)
        .map(|(name, _)| address(name.unwrap_or("")).unwrap_or_else(|| name.unwrap_or("").to_lowercase()));
    let mut guests: Vec<String> = outsiders(guests, settings)?;
    guests.sort_unstable();
    guests.dedup();
    if guests.is_empty() {
        return Ok(());
    }
    let why = word.filter(|_| !listed).map_or(String::new(), |word| format!(" (its name says '{word}')"));
    let mut finding = record
        .finding(Rule::GuestInSensitiveTeam)
        .summary(format!("{} added {} to the team '{team}'{why}.", record.who(), guests.join(", ")))
        .entity("resource", team)
        .context("Team id", id)
        .key(format!("{}>{}", if id.is_empty() { team } else { id }, guests.join(",")).to_lowercase());
    for guest in &guests {
        finding = finding.entity("guest", guest);
    }
    findings.emit(finding)
}

/// Those of no partner.
fn outsiders(guests: impl Iterator<Item = String>, settings: &Settings) -> Result<Vec<String>, Failure> {
    let mut outsiders = Vec::new();
    for guest in guests {
        if !is_trusted(&guest, settings)? {
            outsiders.push(guest);
        }
    }
    Ok(outsiders)
}
