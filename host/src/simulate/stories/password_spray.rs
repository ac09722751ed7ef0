//! One password tried on many accounts from one address, until it fits.

use super::stage::{AFAR, PASSWORD_ONLY, Set, Stage};
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "password-spray",
    what: "One password is tried on many accounts until it fits one",
    attack: &["T1110.003"],
    finds: Some(Finds { plugin: "password-spray", rule: "password-spray" }),
    tell,
};

/// A password that does not fit.
pub(super) const WRONG: Set<'static> = &[
    ("category", "SignInLogs"),
    ("code", "50126"),
    ("reason", "Error validating credentials due to invalid username or password."),
    ("password-good", "false"),
    ("password-result", "Invalid username or password or Invalid on-premise username or password."),
];

fn tell(stage: &mut Stage<'_>) {
    let from = stage.address();
    let tried = 30 + stage.number(20);
    for _ in 0..tried {
        let victim = stage.victim();
        stage.event("signin", victim, victim, &[AFAR, WRONG, PASSWORD_ONLY, &[("ip", &from)]]);
        stage.event(
            "login-failed",
            victim,
            victim,
            &[&[
                ("operation", "UserLoginFailed"),
                ("result", "Failed"),
                ("error", "50126"),
                ("logon-error", "InvalidUserNameOrPassword"),
                ("ip", &from),
            ]],
        );
        stage.wait(20, 60);
    }
    let victim = stage.victim();
    stage.break_in(victim, &from);
    stage.now_known();
}
