//! A stolen administrator's account takes the second factor from everybody.

use super::stage::Stage;
use super::{Finds, Story};
use crate::simulate::catalogue::escaped;

pub(super) const STORY: Story = Story {
    name: "policy-switched-off",
    what: "The conditional access policy that asks everybody for a second factor is switched off",
    attack: &["T1556.009"],
    finds: Some(Finds { plugin: "sign-in-policy", rule: "conditional-access-disabled" }),
    tell,
};

fn policy(id: &str, state: &str) -> String {
    format!(
        r#"{{"id":"{id}","displayName":"Require MFA for everybody","state":"{state}","conditions":{{"applications":{{"includeApplications":["All"],"excludeApplications":[]}},"users":{{"includeUsers":["All"],"excludeUsers":[]}},"clientAppTypes":["all"]}},"grantControls":{{"operator":"OR","builtInControls":["mfa"]}}}}"#
    )
}

fn tell(stage: &mut Stage<'_>) {
    let (administrator, from) = (stage.administrator(), stage.address());
    stage.break_in(administrator, &from);
    stage.wait(60, 900);
    let id = stage.guid();
    let targets = format!(
        r#"{{"id":"{id}","displayName":"Require MFA for everybody","type":"Policy","userPrincipalName":null,"modifiedProperties":[{{"displayName":"ConditionalAccessPolicy","oldValue":"{}","newValue":"{}"}}],"administrativeUnits":[]}}"#,
        escaped(&policy(&id, "enabled")),
        escaped(&policy(&id, "disabled")),
    );
    stage.event(
        "directory-audit",
        administrator,
        administrator,
        &[&[
            ("operation", "Update conditional access policy"),
            ("kind", "Policy"),
            ("targets", &targets),
            ("ip", &from),
        ]],
    );
    stage.now_known();
}
