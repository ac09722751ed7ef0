//! Somebody is talked into giving an unknown application access to their mail and files; both logs have it.

use super::stage::{Stage, changes, modified};
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "illicit-consent",
    what: "Somebody gives an unknown application access to their mail and files",
    attack: &["T1528"],
    finds: Some(Finds { plugin: "oauth-consent", rule: "risky-consent" }),
    tell,
};

const SCOPE: &str = " offline_access User.Read Mail.Read Mail.Send Files.ReadWrite.All openid profile";
const GRAPH: &str = "00000003-0000-0000-c000-000000000000/ags.windows.net;00000003-0000-0000-c000-000000000000;https://graph.microsoft.com";

fn tell(stage: &mut Stage<'_>) {
    let victim = stage.victim();
    let (client, app, user) = (stage.guid(), stage.guid(), stage.of(victim, "id"));
    stage.event("signin", victim, victim, &[&[("category", "SignInLogs")]]);
    stage.wait(20, 120);

    let granted = [
        ("DelegatedPermissionGrant.Scope", SCOPE),
        ("DelegatedPermissionGrant.ConsentType", "Principal"),
        ("ServicePrincipal.ObjectID", client.as_str()),
        ("ServicePrincipal.DisplayName", ""),
        ("ServicePrincipal.AppId", ""),
        ("ServicePrincipal.Name", ""),
        ("TargetId.ServicePrincipalNames", GRAPH),
    ];
    let target = r#"{"ID":"ServicePrincipal_${force.graph}","Type":2},{"ID":"${force.graph}","Type":2},{"ID":"ServicePrincipal","Type":2},{"ID":"Microsoft Graph","Type":1},{"ID":"00000003-0000-0000-c000-000000000000","Type":2}"#;
    stage.event(
        "directory-act",
        victim,
        victim,
        &[&[
            ("operation", "Add delegated permission grant."),
            ("kind", "ServicePrincipal"),
            ("object", GRAPH),
            ("changes", &changes(&granted)),
            ("target", target),
            ("details", r#"{\"User-Agent\":\"EvoSTS\"}"#),
        ]],
    );
    stage.now_known();
    let targets = format!(
        r#"{{"id":"${{force.graph}}","displayName":"Microsoft Graph","type":"ServicePrincipal","modifiedProperties":[{}],"administrativeUnits":[]}}"#,
        modified(&granted)
    );
    stage.event(
        "directory-audit",
        victim,
        victim,
        &[&[
            ("operation", "Add delegated permission grant"),
            ("kind", "ApplicationManagement"),
            ("type-of-act", "Assign"),
            ("targets", &targets),
        ]],
    );
    stage.wait(0, 3);

    let entry = format!(
        "[] => [[Id: {}, ClientId: {client}, PrincipalId: {user}, ResourceId: {}, ConsentType: Principal, Scope: {SCOPE}, CreatedDateTime: , LastModifiedDateTime ]]; ",
        stage.guid(),
        stage.guid()
    );
    let consented = [
        ("ConsentContext.IsAdminConsent", "False"),
        ("ConsentContext.IsAppOnly", "False"),
        ("ConsentContext.OnBehalfOfAll", "False"),
        ("ConsentContext.Tags", "WindowsAzureActiveDirectoryIntegratedApp"),
        ("ConsentAction.Permissions", entry.as_str()),
        ("TargetId.ServicePrincipalNames", app.as_str()),
    ];
    let target = format!(
        r#"{{"ID":"ServicePrincipal_{client}","Type":2}},{{"ID":"{client}","Type":2}},{{"ID":"ServicePrincipal","Type":2}},{{"ID":"Mail Backup Pro","Type":1}},{{"ID":"{app}","Type":2}},{{"ID":"{app}","Type":4}}"#
    );
    stage.event(
        "directory-act",
        victim,
        victim,
        &[&[
            ("operation", "Consent to application."),
            ("kind", "ServicePrincipal"),
            ("object", &app),
            ("changes", &changes(&consented)),
            ("target", &target),
            ("details", r#"{\"User-Agent\":\"EvoSTS\"}"#),
        ]],
    );
    let targets = format!(
        r#"{{"id":"{client}","displayName":"Mail Backup Pro","type":"ServicePrincipal","modifiedProperties":[{}],"administrativeUnits":[]}}"#,
        modified(&consented)
    );
    stage.event(
        "directory-audit",
        victim,
        victim,
        &[&[
            ("operation", "Consent to application"),
            ("kind", "ApplicationManagement"),
            ("type-of-act", "Assign"),
            ("targets", &targets),
        ]],
    );
}
