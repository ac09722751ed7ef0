//! When a contact is told: their hours, how grave it must be outside of them, and after whom. Pure.

mod holidays;
mod hours;

use cordon_contract::manifest::Severity;
use serde::{Deserialize, Serialize};

pub use holidays::Calendar;
pub use hours::Hours;

use crate::model::Force;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Duty {
    /// When they are at work, in their force's time zone: `mon-fri 08:00-18:00, sat 09:00-12:00`; always where empty.
    pub hours: Hours,
    /// Days on which they are not.
    pub holidays: Option<Calendar>,
    /// From this severity on outside of their hours; as within them where absent. What is less grave waits for their hours.
    pub out_of_hours: Option<Severity>,
    /// 1 is told at once, 2 and on when those before have not acknowledged in time.
    pub step: u8,
    /// Minutes in which they are to acknowledge what is high or critical.
    pub answer_minutes: u32,
    /// Messages that they get one by one in an hour; more go out as one.
    pub hourly: u32,
    /// Outside of the tenant that is watched: who holds the tenant cannot stop what goes there.
    pub outside: bool,
    /// Of the National Management Centre: gets a copy of every force's alerts, and nobody waits for its answer.
    pub copies: bool,
}

impl Default for Duty {
    fn default() -> Self {
        Self {
            hours: Hours::default(),
            holidays: None,
            out_of_hours: None,
            step: 1,
            answer_minutes: 30,
            hourly: 30,
            outside: false,
            copies: false,
        }
    }
}

impl Duty {
    /// Why a contact of a force cannot have it.
    pub(super) fn check(&self, force: &Force) -> Result<(), String> {
        if !(1..=9).contains(&self.step) {
            return Err(format!("step: {}: give 1 to 9", self.step));
        }
        if !(1..=1_440).contains(&self.answer_minutes) {
            return Err(format!("answer-minutes: {}: give 1 to 1440", self.answer_minutes));
        }
        if !(1..=1_000_000).contains(&self.hourly) {
            return Err(format!("hourly: {}: give 1 to 1000000", self.hourly));
        }
        if self.copies && *force != Force::national() {
            return Err("copies: only contacts of `nmc` get copies of every force's alerts".into());
        }
        Ok(())
    }
}
