//! An intruder in a mailbox forwards all of its mail outside.

use super::stage::{Stage, parameters};
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "mailbox-forwarding",
    what: "A stolen account forwards its mail to an address outside",
    attack: &["T1114.003"],
    finds: Some(Finds { plugin: "mail-forwarding", rule: "mailbox-forwarding" }),
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let (victim, from) = (stage.victim(), stage.address());
    stage.break_in(victim, &from);
    stage.wait(120, 600);
    let to = format!("smtp:keep{}@mail.example.net", stage.number(1_000));
    let mail = stage.of(victim, "mail");
    let parameters =
        parameters(&[("Identity", &mail), ("ForwardingSmtpAddress", &to), ("DeliverToMailboxAndForward", "True")]);
    stage.event(
        "exchange-cmdlet",
        victim,
        victim,
        &[&[("operation", "Set-Mailbox"), ("object", "${mailbox-object}"), ("parameters", &parameters), ("ip", &from)]],
    );
    stage.now_known();
}
