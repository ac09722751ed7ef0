//! A stolen administrator's account makes a second one; both logs have it.

use super::stage::{Stage, changes, modified};
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "privileged-role",
    what: "A stolen administrator's account makes another account Global Administrator",
    attack: &["T1098.003"],
    finds: Some(Finds { plugin: "privileged-role", rule: "privileged-role-granted" }),
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let (administrator, made, from) = (stage.administrator(), stage.victim(), stage.address());
    stage.break_in(administrator, &from);
    stage.wait(60, 900);
    let role = stage.guid();
    let properties = [
        ("Role.ObjectID", role.as_str()),
        ("Role.DisplayName", "Global Administrator"),
        ("Role.TemplateId", "62e90394-69f5-4237-9190-012177145e10"),
        ("Role.WellKnownObjectName", "TenantAdmins"),
    ];
    stage.event(
        "directory-act",
        administrator,
        made,
        &[&[
            ("operation", "Add member to role."),
            ("kind", "Role"),
            ("object", "${other.mail}"),
            ("changes", &changes(&properties)),
            ("target", "${target-other}"),
            ("ip", &from),
        ]],
    );
    stage.now_known();
    let targets = format!(
        r#"{{"id":"${{other.id}}","displayName":null,"type":"User","userPrincipalName":"${{other.mail}}","modifiedProperties":[{}],"administrativeUnits":[]}},{{"id":"{role}","displayName":null,"type":"Role","modifiedProperties":[],"administrativeUnits":[]}}"#,
        modified(&properties)
    );
    stage.event(
        "directory-audit",
        administrator,
        made,
        &[&[
            ("operation", "Add member to role"),
            ("kind", "RoleManagement"),
            ("type-of-act", "Assign"),
            ("targets", &targets),
            ("ip", &from),
        ]],
    );
}
