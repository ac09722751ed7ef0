//! Errands: what people do in good faith that looks a little like an attack, some of it enough for an alert. Told like attacks,
//! without a technique of ATT&CK; as many as wanted, at the hours at which people work.

mod administration;
mod files;
mod mail;
mod sign_ins;

use super::{ARRIVES, Plan, Stage, Story};
use crate::simulate::catalogue::Catalogue;
use crate::simulate::dice::{Dice, named};
use crate::simulate::people::World;
use crate::simulate::{Settings, SimulateError, rhythm};

/// All kinds, each as often as the others.
pub const ERRANDS: [&Story; 14] = [
    &sign_ins::MISTYPED,
    &sign_ins::NO_RECEPTION,
    &sign_ins::COURSE,
    &sign_ins::NEW_TELEPHONE,
    &files::CASE_FILE,
    &files::DISCLOSURE,
    &files::TIDYING,
    &files::LEAFLET,
    &files::PARTNER,
    &mail::NEWSLETTERS,
    &mail::FORWARDED_INSIDE,
    &mail::SHARED_MAILBOX,
    &administration::HARMLESS_ROLE,
    &administration::STORAGE_KEYS,
];

/// Looks for an hour at which people work; a run of a night has none.
const TRIES: usize = 256;
const DAY: i64 = 86_400_000_000;

/// Adds the errands of a run. One that takes longer than the run is left out.
pub(super) fn scatter(
    settings: &Settings,
    catalogue: &Catalogue,
    world: &World,
    plan: &mut Plan,
) -> Result<(), SimulateError> {
    let count = i128::from(settings.errands) * i128::from(settings.duration) / i128::from(DAY);
    let names = [settings.seed, named(world.force.as_str()), named("errands"), settings.stream];
    let mut dice = Dice::new(&names);
    for _ in 0..count {
        let at = usize::try_from(dice.below(ERRANDS.len() as u64)).unwrap_or(0);
        let Some(story) = ERRANDS.get(at) else { continue };
        let mut stage = Stage::new(catalogue, world, 0, Dice::new(&[dice.number()]), Vec::new());
        (story.tell)(&mut stage);
        let mut told = stage.told().map_err(|reason| SimulateError::table(story.name, &reason))?;
        let room = settings.duration - told.span() - ARRIVES;
        if room > 0 {
            let begin = at_work(&mut dice, world, settings.start, room);
            plan.add(story, &mut told, (world, catalogue), ARRIVES, |offset| begin + offset)?;
        }
    }
    Ok(())
}

fn at_work(dice: &mut Dice, world: &World, start: i64, room: i64) -> i64 {
    let mut time = start;
    for _ in 0..TRIES {
        time = start + dice.between(0, room);
        if rhythm::busy(&world.zone, time) >= 1.0 {
            break;
        }
    }
    time
}
