//! A stolen administrator's account gives itself a way into somebody else's mailbox.

use super::stage::{Stage, parameters};
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "mailbox-delegation",
    what: "Full access to somebody's mailbox, and sending in their name, is given to another account",
    attack: &["T1098.002"],
    finds: Some(Finds { plugin: "mailbox-delegation", rule: "full-access-granted" }),
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let (administrator, from) = (stage.administrator(), stage.address());
    let (owner, delegate) = (stage.victim(), stage.victim());
    stage.break_in(administrator, &from);
    stage.wait(120, 900);
    let (identity, user) = (stage.of(owner, "mail"), stage.of(delegate, "mail"));
    let full = parameters(&[
        ("Identity", &identity),
        ("User", &user),
        ("AccessRights", "FullAccess"),
        ("AutoMapping", "False"),
    ]);
    let object = stage.of(owner, "alias");
    stage.event(
        "exchange-cmdlet",
        administrator,
        owner,
        &[&[("operation", "Add-MailboxPermission"), ("object", &object), ("parameters", &full), ("ip", &from)]],
    );
    stage.now_known();
    stage.wait(10, 120);
    let send = parameters(&[("Identity", &identity), ("Trustee", &user), ("AccessRights", "SendAs")]);
    stage.event(
        "exchange-cmdlet",
        administrator,
        owner,
        &[&[("operation", "Add-RecipientPermission"), ("object", &object), ("parameters", &send), ("ip", &from)]],
    );
}
