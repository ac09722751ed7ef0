//! Who is told of an alert, when, who next when nobody acknowledges it, and why the others are not told. Pure: the same alert,
//! contacts and time give the same answer, now and in the preview.

use cordon_contract::manifest::Severity;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::contacts::Contact;
use super::tenant;
use crate::alerts::Alert;
use crate::ids::Digest;
use crate::model::{Entity, Force};

/// From this severity on those of the next step are told when nobody acknowledges.
const ESCALATES: Severity = Severity::High;
/// The step of the National Management Centre: the last of every ladder.
pub(super) const NATIONAL: u8 = u8::MAX;
/// Microseconds.
const MINUTE: i64 = 60_000_000;

/// What of an alert says whom it is for.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Whose alert.
    pub force: &'a Force,
    /// How grave.
    pub severity: Severity,
    /// Whom it is about.
    pub entities: &'a [Entity],
    /// ATT&CK techniques.
    pub attack: &'a [String],
    /// It goes out with others.
    pub late: bool,
}

impl<'a> From<&'a Alert> for About<'a> {
    fn from(alert: &'a Alert) -> Self {
        let Alert { force, severity, entities, attack, .. } = alert;
        Self { force, severity: *severity, entities, attack, late: alert.waits() }
    }
}

/// Whom one may tell.
pub(super) struct Roster<'r> {
    /// The contacts of the force and of the National Management Centre.
    pub(super) contacts: &'r [Contact],
    /// The force's.
    pub(super) zone: &'r TimeZone,
    /// The National Management Centre's.
    pub(super) national_zone: &'r TimeZone,
}

/// What is done about an alert at one step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// Who is told.
    pub told: Vec<Told>,
    /// Who is not, and why.
    pub untold: Vec<Untold>,
    /// Who is told next, unless somebody acknowledges.
    pub next: Option<Next>,
    /// What should be otherwise, for the operator.
    pub gaps: Vec<String>,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Told {
    /// Whose contact.
    pub force: Force,
    /// The contact.
    pub contact: String,
    /// Not before this time, microseconds since 1970 UTC.
    pub at: i64,
    /// It waits until they are at work.
    pub waits: bool,
    /// A copy: nobody waits for their answer.
    pub copy: bool,
    /// When they are to have acknowledged; none where nobody is told next.
    pub answer_by: Option<i64>,
    #[serde(skip)]
    pub(super) key: Option<Digest>,
}

/// Somebody who is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Untold {
    /// Whose contact.
    pub force: Force,
    /// The contact.
    pub contact: String,
    /// Why.
    pub why: String,
    /// It is about them.
    pub subject: bool,
}

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Next {
    /// Its number; 255 is the National Management Centre.
    pub step: u8,
    /// When it is taken, microseconds since 1970 UTC.
    pub at: i64,
}

/// Whether a contact may be told of an alert at all, at whatever time.
///
/// # Errors
/// Why not.
pub(super) fn hears(contact: &Contact, about: About<'_>) -> Result<(), String> {
    if is_about(contact, about) {
        return Err("it is about their own account, mailbox or number".into());
    }
    if contact.confirmed.is_none() {
        return Err("they have confirmed no test message".into());
    }
    let least = contact.duty.out_of_hours.map_or(contact.severity, |out| out.min(contact.severity));
    if about.severity < least {
        return Err(format!("they are told from severity {least} on"));
    }
    Ok(())
}

fn is_about(contact: &Contact, about: About<'_>) -> bool {
    contact.is_subject_of(about.entities)
}

impl Roster<'_> {
    /// Who is told of an alert at a step of its ladder (1 when it is new), at `at` in microseconds since 1970 UTC. Where nobody of
    /// a step is told now of what is high or critical, or it is about all of them, the next step is told at once, and the
    /// National Management Centre in the end. Where somebody may hold the tenant, contacts outside of it are told, too.
    pub(super) fn plan(&self, about: About<'_>, step: u8, at: i64) -> Plan {
        let mut plan = Plan::default();
        let national = Force::national();
        let mut step = step;
        loop {
            let of_step = |contact: &&Contact| match step {
                NATIONAL => contact.force == national && !contact.duty.copies,
                step => contact.force == *about.force && !contact.duty.copies && contact.duty.step == step,
            };
            for contact in self.contacts.iter().filter(of_step) {
                self.add(&mut plan, contact, about, at);
            }
            let now = plan.told.iter().any(|told| !told.waits);
            let waits = about.late && !plan.told.is_empty();
            let of_subjects = plan.told.is_empty() && plan.untold.iter().any(|untold| untold.subject);
            if now || waits || (about.severity < ESCALATES && !of_subjects) || step == NATIONAL {
                break;
            }
            step = self.step_after(about.force, step);
        }
        if tenant::may_be_held(about.attack) {
            self.add_outside(&mut plan, about, at);
        }
        let minutes = plan.told.iter().filter(|told| !told.waits).filter_map(|told| self.minutes(told)).min();
        if let Some(minutes) = minutes.filter(|_| step != NATIONAL && about.severity >= ESCALATES && !about.late) {
            let by = at.saturating_add(i64::from(minutes) * MINUTE);
            plan.next = Some(Next { step: self.step_after(about.force, step), at: by });
            plan.told.iter_mut().filter(|told| !told.waits).for_each(|told| told.answer_by = Some(by));
        }
        for contact in self.contacts.iter().filter(|contact| contact.duty.copies && contact.force == national) {
            self.add(&mut plan, contact, about, at);
        }
        self.gaps(&mut plan, about);
        plan
    }

    /// The step after this one that has a contact.
    fn step_after(&self, force: &Force, step: u8) -> u8 {
        let steps = self.contacts.iter().filter(|contact| contact.force == *force && !contact.duty.copies);
        steps.map(|contact| contact.duty.step).filter(|other| *other > step).min().unwrap_or(NATIONAL)
    }

    fn minutes(&self, told: &Told) -> Option<u32> {
        self.contact(told).map(|contact| contact.duty.answer_minutes)
    }

    fn contact(&self, told: &Told) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.force == told.force && contact.id == told.contact)
    }

    /// Whether somebody is told now who is reached outside of the force's tenant: the National Management Centre is, too.
    fn is_told_outside(&self, plan: &Plan) -> bool {
        let outside = |contact: &Contact| contact.duty.outside || contact.force == Force::national();
        plan.told.iter().any(|told| !told.waits && self.contact(told).is_some_and(outside))
    }

    /// The force's contacts outside of its tenant; where none of them is told now of what is high or critical, the National
    /// Management Centre.
    fn add_outside(&self, plan: &mut Plan, about: About<'_>, at: i64) {
        let outside = |contact: &&Contact| contact.force == *about.force && contact.duty.outside;
        for contact in self.contacts.iter().filter(outside) {
            self.add(plan, contact, about, at);
        }
        if !self.is_told_outside(plan) && about.severity >= ESCALATES && !about.late {
            let national = |contact: &&Contact| contact.force == Force::national() && !contact.duty.copies;
            for contact in self.contacts.iter().filter(national) {
                self.add(plan, contact, about, at);
            }
        }
    }

    /// Those who were told of it before, at whatever step.
    pub(super) fn add_known(&self, plan: &mut Plan, about: About<'_>, known: &[Digest], at: i64) {
        for contact in self.contacts.iter().filter(|contact| known.contains(&contact.key())) {
            self.add(plan, contact, about, at);
        }
    }

    /// Once for each contact.
    fn add(&self, plan: &mut Plan, contact: &Contact, about: About<'_>, at: i64) {
        let is_there = |force: &Force, id: &str| *force == contact.force && id == contact.id;
        if plan.told.iter().any(|told| is_there(&told.force, &told.contact))
            || plan.untold.iter().any(|untold| is_there(&untold.force, &untold.contact))
        {
            return;
        }
        let (force, id) = (contact.force.clone(), contact.id.clone());
        match self.due(contact, about, at) {
            Ok(due) => plan.told.push(Told {
                force,
                contact: id,
                at: due,
                waits: due > at,
                copy: contact.duty.copies,
                answer_by: None,
                key: Some(contact.key()),
            }),
            Err(why) => {
                plan.untold.push(Untold { force, contact: id, why, subject: is_about(contact, about) });
            }
        }
    }

    /// When a contact is told.
    ///
    /// # Errors
    /// Why it is not.
    pub(super) fn due(&self, contact: &Contact, about: About<'_>, at: i64) -> Result<i64, String> {
        hears(contact, about)?;
        let zone = if contact.force == Force::national() { self.national_zone } else { self.zone };
        let duty = &contact.duty;
        let at_work = duty.hours.hold(at, zone, duty.holidays);
        let least = if at_work { contact.severity } else { duty.out_of_hours.unwrap_or(contact.severity) };
        if about.severity >= least {
            return Ok(at);
        }
        let next = duty.hours.next(at, zone, duty.holidays).filter(|_| about.severity >= contact.severity);
        next.ok_or_else(|| format!("they are told from severity {least} on at this time"))
    }

    fn gaps(&self, plan: &mut Plan, about: About<'_>) {
        let force = about.force;
        let own = || self.contacts.iter().filter(|contact| contact.force == *force);
        if own().next().is_none() {
            plan.gaps.push(format!("{force} has no contact: add one with `cordon contact add`"));
        } else if !own().any(|contact| contact.duty.outside && contact.confirmed.is_some()) {
            plan.gaps.push(format!(
                "{force} has no confirmed contact outside of its tenant (`--outside`): who holds the tenant can stop its alerts"
            ));
        }
        let now = || plan.told.iter().filter(|told| !told.waits && !told.copy);
        let nobody = now().next().is_none();
        let no_own = now().all(|told| told.force != *force);
        if nobody {
            plan.gaps.push(format!("nobody is told at once of an alert of severity {} at this time", about.severity));
        } else if no_own {
            plan.gaps.push(format!("nobody of {force} is told at this time, only the National Management Centre"));
        }
        if tenant::may_be_held(about.attack) && !self.is_told_outside(plan) {
            plan.gaps
                .push("nobody outside of the tenant is told at this time, and somebody may hold the tenant".into());
        }
    }
}

#[cfg(test)]
mod tests;
