//! Somebody who has the password asks for the second factor again and again, until its owner gives in.

use super::stage::{AFAR, Set, Stage};
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "mfa-fatigue",
    what: "MFA is asked for again and again until the owner gives in",
    attack: &["T1621"],
    finds: Some(Finds { plugin: "guessed-sign-in", rule: "mfa-fatigue" }),
    tell,
};

/// The password fits, and the second factor is refused or not answered.
pub(super) const REFUSED: Set<'static> = &[
    ("category", "SignInLogs"),
    ("code", "500121"),
    ("reason", "Authentication failed during strong authentication request."),
    ("ca", "failure"),
    ("policy-result", "failure"),
    ("steps", "${password-step}"),
];

fn tell(stage: &mut Stage<'_>) {
    let (victim, from) = (stage.victim(), stage.address());
    let asked = 8 + stage.number(8);
    for _ in 0..asked {
        stage.event("signin", victim, victim, &[AFAR, REFUSED, &[("ip", &from)]]);
        stage.wait(20, 90);
    }
    // A pause, and once more. It is longer than events take to arrive: what was refused is known when the last one comes.
    stage.wait(300, 480);
    stage.event("signin", victim, victim, &[AFAR, &[("category", "SignInLogs"), ("ip", &from)]]);
    stage.now_known();
}
