//! People who sign in, and for whom it does not go smoothly.

use crate::simulate::stories::mfa_fatigue::REFUSED;
use crate::simulate::stories::password_spray::WRONG;
use crate::simulate::stories::stage::{Set, Stage, Who};
use crate::simulate::stories::{Finds, Story};

pub(super) const MISTYPED: Story = Story {
    name: "mistyped-password",
    what: "Somebody mistypes their password some times, and then does not",
    attack: &[],
    finds: None,
    tell: mistyped,
};
pub(super) const NO_RECEPTION: Story = Story {
    name: "no-reception",
    what: "Somebody's telephone has no reception when the second factor is asked for, and then has",
    attack: &[],
    finds: None,
    tell: no_reception,
};
pub(super) const COURSE: Story = Story {
    name: "course",
    what: "Somebody signs in from a course in another city",
    attack: &[],
    finds: None,
    tell: course,
};
pub(super) const NEW_TELEPHONE: Story = Story {
    name: "new-telephone",
    what: "Somebody signs in with a new telephone in the network of its operator",
    attack: &[],
    finds: Some(Finds { plugin: "first-seen", rule: "first-seen-device" }),
    tell: new_telephone,
};

const SIGN_IN: Set<'static> = &[("category", "SignInLogs")];
/// Less than 500 kilometres from wherever people are: what they do at home goes on meanwhile.
const BIRMINGHAM: Set<'static> = &[
    ("city", "Birmingham"),
    ("state", "Birmingham"),
    ("country", "GB"),
    ("latitude", "52.48"),
    ("longitude", "-1.89"),
    ("ip", "192.0.2.251"),
];

fn mistyped(stage: &mut Stage<'_>) {
    let who = stage.victim();
    for _ in 0..2 + stage.number(3) {
        stage.event("signin", who, who, &[WRONG]);
        let failed = [("operation", "UserLoginFailed"), ("result", "Failed"), ("error", "50126")];
        stage.event("login-failed", who, who, &[&failed, &[("logon-error", "InvalidUserNameOrPassword")]]);
        stage.wait(5, 40);
    }
    came_in(stage, who);
}

fn no_reception(stage: &mut Stage<'_>) {
    let who = stage.victim();
    for _ in 0..1 + stage.number(3) {
        stage.event("signin", who, who, &[REFUSED]);
        stage.wait(60, 240);
    }
    came_in(stage, who);
}

fn course(stage: &mut Stage<'_>) {
    let who = stage.victim();
    for _ in 0..1 + stage.number(3) {
        stage.event("signin", who, who, &[SIGN_IN, BIRMINGHAM]);
        stage.wait(1_800, 7_200);
    }
}

fn new_telephone(stage: &mut Stage<'_>) {
    let who = stage.victim();
    let telephone = [
        (
            "agent",
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
        ),
        ("device", "${no-device}"),
        ("os", "Android 15"),
        ("browser", "Chrome Mobile 131.0.0"),
        ("session", "${guid.3}"),
        ("ip", "192.0.2.252"),
    ];
    stage.event("signin", who, who, &[SIGN_IN, &telephone]);
}

fn came_in(stage: &mut Stage<'_>, who: Who) {
    stage.event("signin", who, who, &[SIGN_IN]);
    stage.event("logged-in", who, who, &[&[("operation", "UserLoggedIn"), ("result", "Success"), ("error", "0")]]);
}
