//! A stolen administrator's account gives an application that may do much a password of its own, and comes in by it.

use super::stage::{Stage, modified};
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "application-credential",
    what: "A secret is added to an application that has permissions already",
    attack: &["T1098.001"],
    finds: Some(Finds { plugin: "application-credential", rule: "application-credential-added" }),
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let (administrator, from) = (stage.administrator(), stage.address());
    stage.break_in(administrator, &from);
    stage.wait(120, 1_200);
    let (application, key) = (stage.guid(), stage.guid());
    let described = format!("[KeyIdentifier={key},KeyType=Password,KeyUsage=Verify,DisplayName=sync]");
    let changes = format!(
        r#"{{"Name":"KeyDescription","NewValue":"[\r\n  \"{described}\"\r\n]","OldValue":"[]"}},{{"Name":"Included Updated Properties","NewValue":"KeyDescription","OldValue":""}}"#
    );
    let target = format!(
        r#"{{"ID":"Application_{application}","Type":2}},{{"ID":"{application}","Type":2}},{{"ID":"Application","Type":2}},{{"ID":"Case archive export","Type":1}}"#
    );
    let object = format!("Application_{application}");
    stage.event(
        "directory-act",
        administrator,
        administrator,
        &[&[
            // With a dash that is no hyphen and a space behind it, as Microsoft writes it.
            ("operation", "Update application – Certificates and secrets management "),
            ("kind", "Application"),
            ("object", &object),
            ("changes", &changes),
            ("target", &target),
            ("ip", &from),
        ]],
    );
    stage.now_known();
    let targets = format!(
        r#"{{"id":"{application}","displayName":"Case archive export","type":"Application","modifiedProperties":[{}],"administrativeUnits":[]}}"#,
        modified(&[("KeyDescription", &format!("[\"{described}\"]"))])
    );
    stage.event(
        "directory-audit",
        administrator,
        administrator,
        &[&[
            ("operation", "Update application – Certificates and secrets management "),
            ("kind", "ApplicationManagement"),
            ("targets", &targets),
            ("ip", &from),
        ]],
    );
}
