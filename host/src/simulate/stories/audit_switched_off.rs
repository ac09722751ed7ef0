//! A stolen administrator's account stops the log in which it would be seen.

use super::stage::{Stage, parameters};
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "audit-switched-off",
    what: "A stolen administrator's account switches the unified audit log off",
    attack: &["T1562.008"],
    finds: Some(Finds { plugin: "audit-weakened", rule: "audit-log-disabled" }),
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let (administrator, from) = (stage.administrator(), stage.address());
    stage.break_in(administrator, &from);
    stage.wait(120, 900);
    let off = parameters(&[("UnifiedAuditLogIngestionEnabled", "False")]);
    stage.event(
        "exchange-cmdlet",
        administrator,
        administrator,
        &[&[
            ("operation", "Set-AdminAuditLogConfig"),
            ("object", r"${force.domain}\\Admin Audit Log Settings"),
            ("parameters", &off),
            ("ip", &from),
        ]],
    );
    stage.now_known();
    stage.wait(60, 600);
    let mail = stage.of(administrator, "mail");
    let off = parameters(&[("Identity", &mail), ("AuditEnabled", "False")]);
    stage.event(
        "exchange-cmdlet",
        administrator,
        administrator,
        &[&[("operation", "Set-Mailbox"), ("object", "${mailbox-object}"), ("parameters", &off), ("ip", &from)]],
    );
}
