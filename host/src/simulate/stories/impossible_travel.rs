//! The same account at home and, minutes later, at the other end of the world.

use super::stage::Stage;
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "impossible-travel",
    what: "An account signs in from two places between which nobody travels so fast",
    attack: &["T1078.004"],
    finds: Some(Finds { plugin: "impossible-travel", rule: "impossible-travel" }),
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let (victim, from) = (stage.victim(), stage.address());
    stage.event("signin", victim, victim, &[&[("category", "SignInLogs")]]);
    stage.wait(900, 2_400);
    stage.break_in(victim, &from);
    stage.now_known();
}
