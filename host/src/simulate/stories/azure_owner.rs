//! A stolen administrator's account makes a second one owner of everything in Azure.

use super::stage::Stage;
use super::{Finds, Story};
use crate::simulate::catalogue::escaped;

pub(super) const STORY: Story = Story {
    name: "azure-owner",
    what: "A stolen administrator's account makes another account Owner of the subscription",
    attack: &["T1098.003"],
    finds: Some(Finds { plugin: "azure-role", rule: "azure-role-granted" }),
    tell,
};

/// The role Owner, the same in every tenant.
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

fn tell(stage: &mut Stage<'_>) {
    let (administrator, made, from) = (stage.administrator(), stage.victim(), stage.address());
    stage.break_in(administrator, &from);
    stage.wait(60, 900);
    let assignment = stage.guid();
    let asked = format!(
        r#"{{"properties":{{"principalId":"{}","principalType":"User","roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/{OWNER}","scope":"/subscriptions/${{force.subscription}}"}}}}"#,
        stage.of(made, "id"),
    );
    stage.azure_act(
        administrator,
        "Microsoft.Authorization/roleAssignments/write",
        &format!("providers/Microsoft.Authorization/roleAssignments/{assignment}"),
        &from,
        &[("properties", &format!(r#""requestbody":"{}""#, escaped(&asked)))],
    );
    stage.now_known();
}
