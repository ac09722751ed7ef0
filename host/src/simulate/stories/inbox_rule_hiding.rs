//! An intruder hides the warnings about what they do from the mailbox's owner.

use super::stage::{Stage, parameters};
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "inbox-rule-hiding",
    what: "An inbox rule deletes mail about passwords and payments",
    attack: &["T1564.008"],
    finds: Some(Finds { plugin: "mail-forwarding", rule: "inbox-rule-hiding" }),
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let (victim, from) = (stage.victim(), stage.address());
    stage.break_in(victim, &from);
    stage.wait(300, 1_800);
    let parameters = parameters(&[
        ("AlwaysDeleteOutlookRulesBlob", "False"),
        ("Force", "False"),
        ("SubjectOrBodyContainsWords", "password;payment;security alert"),
        ("DeleteMessage", "True"),
        ("Name", "."),
        ("StopProcessingRules", "True"),
    ]);
    stage.event(
        "exchange-cmdlet",
        victim,
        victim,
        &[&[
            ("operation", "New-InboxRule"),
            ("object", r"${mailbox-object}\\."),
            ("parameters", &parameters),
            ("ip", &from),
        ]],
    );
    stage.now_known();
}
