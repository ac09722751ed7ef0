//! Attacks, one story a file: what happens to whom, minute by minute, among the ordinary traffic. And errands, which are none.

mod anonymous_sharing;
mod application_credential;
mod audit_switched_off;
mod azure_backups_destroyed;
mod azure_logs_off;
mod azure_owner;
mod azure_run_command;
mod errands;
mod illicit_consent;
mod impossible_travel;
mod inbox_rule_hiding;
mod mailbox_delegation;
mod mailbox_forwarding;
mod mass_download;
mod mfa_fatigue;
mod password_spray;
mod policy_switched_off;
mod privileged_role;
mod stage;

use jiff::Timestamp;
use stage::{Stage, Told};

use super::catalogue::{Catalogue, SOURCES};
use super::delivery::SECOND;
use super::dice::{Dice, named};
use super::people::World;
use super::truth::{Finds, Planted, PlantedEvent};
use super::{Settings, SimulateError};
use crate::ids::event_identity;
pub use errands::ERRANDS;

/// An attack, or an errand, that can be planted.
#[derive(Debug)]
pub struct Story {
    /// Its name.
    pub name: &'static str,
    /// What happens, in a sentence.
    pub what: &'static str,
    /// ATT&CK techniques; an errand has none.
    pub attack: &'static [&'static str],
    /// What finds it today; what tells of an errand all the same.
    pub finds: Option<Finds>,
    tell: fn(&mut Stage<'_>),
}

/// All attacks.
pub const STORIES: [&Story; 17] = [
    &mailbox_forwarding::STORY,
    &inbox_rule_hiding::STORY,
    &illicit_consent::STORY,
    &privileged_role::STORY,
    &password_spray::STORY,
    &mfa_fatigue::STORY,
    &impossible_travel::STORY,
    &mass_download::STORY,
    &audit_switched_off::STORY,
    &anonymous_sharing::STORY,
    &mailbox_delegation::STORY,
    &application_credential::STORY,
    &policy_switched_off::STORY,
    &azure_owner::STORY,
    &azure_run_command::STORY,
    &azure_logs_off::STORY,
    &azure_backups_destroyed::STORY,
];

/// An event of an attack.
#[derive(Debug)]
pub(super) struct Act {
    pub(super) at: i64,
    pub(super) time: i64,
    /// Its number in [`SOURCES`].
    pub(super) source: usize,
    pub(super) bytes: Vec<u8>,
    /// Its attack.
    pub(super) planted: usize,
}

/// What was planted on a force.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) planted: Vec<Planted>,
    pub(super) acts: Vec<Act>,
}

/// The share of the run in which one attack begins and ends, at most.
const PART: i64 = 4;
/// From happening to arriving, at most.
const ARRIVES: i64 = 300 * SECOND;

/// Plants each attack once, somewhere in the run; one that takes too long for the run happens faster.
pub(super) fn plant(settings: &Settings, catalogue: &Catalogue, world: &World) -> Result<Plan, SimulateError> {
    let mut plan = Plan::default();
    let mut used = Vec::new();
    let count = i64::try_from(settings.stories.len()).unwrap_or(1).max(1);
    for (number, story) in (0_i64..).zip(&settings.stories) {
        let (force, start) = (named(world.force.as_str()), settings.start.unsigned_abs());
        let names = [settings.seed, force, named(story.name), settings.stream, start];
        let mut stage =
            Stage::new(catalogue, world, number.unsigned_abs(), Dice::new(&names), std::mem::take(&mut used));
        (story.tell)(&mut stage);
        let mut told = stage.told().map_err(|reason| SimulateError::table(story.name, &reason))?;
        used = std::mem::take(&mut told.used);
        // The attacks of a force begin one after the other, and all have arrived before the end.
        let room = settings.duration / PART;
        let arrives = ARRIVES.min(settings.duration / 40).max(1);
        let free = settings.duration - room - arrives;
        let begin = settings.start + (free * number + told.dice.between(0, free.max(1))) / count;
        let span = told.span().max(1);
        let faster = |offset: i64| if span > room { offset * room / span } else { offset };
        plan.add(story, &mut told, (world, catalogue), arrives, |offset| begin + faster(offset))?;
    }
    errands::scatter(settings, catalogue, world, &mut plan)?;
    Ok(plan)
}

impl Plan {
    /// Adds a story whose steps happen at these times, each arriving so long after it at most.
    fn add(
        &mut self,
        story: &Story,
        told: &mut Told,
        (world, catalogue): (&World, &Catalogue),
        arrives: i64,
        happens: impl Fn(i64) -> i64,
    ) -> Result<(), SimulateError> {
        let mut events = Vec::new();
        for step in &told.steps {
            let time = happens(step.offset);
            let bytes = step.fill(world, &catalogue.lists, time);
            let source = SOURCES.get(step.source).copied().unwrap_or_default();
            let identity = event_identity(source, &bytes);
            events.push(PlantedEvent { source, time: text(time), identity });
            let at = time + told.dice.between(0, arrives);
            self.acts.push(Act { at, time, source: step.source, bytes, planted: self.planted.len() });
        }
        let nothing = || SimulateError::table(story.name, "nothing happens");
        let (first, last) = events.first().zip(events.last()).ok_or_else(nothing)?;
        self.planted.push(Planted {
            force: world.force.clone(),
            story: story.name,
            what: story.what,
            attack: story.attack,
            accounts: std::mem::take(&mut told.accounts),
            first: first.time.clone(),
            last: last.time.clone(),
            knowable: events.get(told.knowable).ok_or_else(nothing)?.identity,
            finds: story.finds,
            events,
        });
        Ok(())
    }
}

fn text(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map(|time| time.to_string()).unwrap_or_default()
}
