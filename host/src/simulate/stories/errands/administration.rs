//! What administrators do in a day's work.

use crate::simulate::stories::stage::{Stage, changes};
use crate::simulate::stories::{Finds, Story};

pub(super) const HARMLESS_ROLE: Story = Story {
    name: "harmless-role",
    what: "An administrator gives somebody a role that changes nothing",
    attack: &[],
    finds: None,
    tell: harmless_role,
};
pub(super) const STORAGE_KEYS: Story = Story {
    name: "storage-keys",
    what: "An administrator looks up the keys of two storage accounts",
    attack: &[],
    finds: Some(Finds { plugin: "azure-exposure", rule: "storage-keys-read" }),
    tell: storage_keys,
};

fn harmless_role(stage: &mut Stage<'_>) {
    let (administrator, made, role) = (stage.administrator(), stage.victim(), stage.guid());
    let properties = changes(&[
        ("Role.ObjectID", &role),
        ("Role.DisplayName", "Message Center Reader"),
        ("Role.TemplateId", "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b"),
        ("Role.WellKnownObjectName", "MessageCenterReader"),
    ]);
    let of = [
        ("operation", "Add member to role."),
        ("kind", "Role"),
        ("object", "${other.mail}"),
        ("changes", &properties),
        ("target", "${target-other}"),
    ];
    stage.event("directory-act", administrator, made, &[&of]);
}

fn storage_keys(stage: &mut Stage<'_>) {
    let administrator = stage.administrator();
    for account in ["rota01", "bodyworn02"] {
        let resource = format!("resourceGroups/rg-storage/providers/Microsoft.Storage/storageAccounts/{account}");
        let operation = "Microsoft.Storage/storageAccounts/listKeys/action";
        stage.azure_act(administrator, operation, &resource, "${user.ip}", &[]);
        stage.wait(20, 300);
    }
}
