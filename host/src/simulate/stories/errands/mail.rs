//! People who put their mail in order, and administrators who do it for them.

use crate::simulate::stories::stage::{Stage, parameters};
use crate::simulate::stories::{Finds, Story};

pub(super) const NEWSLETTERS: Story = Story {
    name: "newsletters",
    what: "Somebody has newsletters moved to a folder",
    attack: &[],
    finds: None,
    tell: newsletters,
};
pub(super) const FORWARDED_INSIDE: Story = Story {
    name: "forwarded-inside",
    what: "Somebody has their mail forwarded to a colleague while they are away",
    attack: &[],
    finds: None,
    tell: forwarded_inside,
};
pub(super) const SHARED_MAILBOX: Story = Story {
    name: "shared-mailbox",
    what: "An administrator lets somebody open a mailbox, by request",
    attack: &[],
    finds: Some(Finds { plugin: "mailbox-delegation", rule: "full-access-granted" }),
    tell: shared_mailbox,
};

fn newsletters(stage: &mut Stage<'_>) {
    let who = stage.victim();
    let rule = parameters(&[
        ("AlwaysDeleteOutlookRulesBlob", "False"),
        ("Force", "False"),
        ("From", "newsletter@college.example"),
        ("MoveToFolder", "Newsletters"),
        ("MarkAsRead", "True"),
        ("Name", "Newsletters"),
    ]);
    let of = [("operation", "New-InboxRule"), ("object", r"${mailbox-object}\\Newsletters"), ("parameters", &rule)];
    stage.event("exchange-cmdlet", who, who, &[&of]);
}

fn forwarded_inside(stage: &mut Stage<'_>) {
    let (who, colleague) = (stage.victim(), stage.victim());
    let (own, other) = (stage.of(who, "mail"), format!("smtp:{}", stage.of(colleague, "mail")));
    let forward =
        parameters(&[("Identity", &own), ("ForwardingSmtpAddress", &other), ("DeliverToMailboxAndForward", "True")]);
    let of = [("operation", "Set-Mailbox"), ("object", "${mailbox-object}"), ("parameters", &forward)];
    stage.event("exchange-cmdlet", who, who, &[&of]);
}

fn shared_mailbox(stage: &mut Stage<'_>) {
    let (administrator, owner, user) = (stage.administrator(), stage.victim(), stage.victim());
    let (identity, user, object) = (stage.of(owner, "mail"), stage.of(user, "mail"), stage.of(owner, "alias"));
    let rights = parameters(&[("Identity", &identity), ("User", &user), ("AccessRights", "FullAccess")]);
    let of = [("operation", "Add-MailboxPermission"), ("object", &object), ("parameters", &rights)];
    stage.event("exchange-cmdlet", administrator, owner, &[&of]);
}
