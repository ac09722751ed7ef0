//! Files that nobody outside may see, given to whoever has the link.

use super::stage::{Set, Stage};
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "anonymous-sharing",
    what: "Files about witnesses and victims are shared with whoever has the link",
    attack: &["T1567.002"],
    finds: Some(Finds { plugin: "outside-sharing", rule: "anonymous-link" }),
    tell,
};

const FILES: [&str; 5] =
    ["Witness list.xlsx", "Victim statements.docx", "Informants.xlsx", "Operation plan.docx", "Custody images.zip"];

fn tell(stage: &mut Stage<'_>) {
    let victim = stage.victim();
    for file in FILES {
        let extension = file.rsplit('.').next().unwrap_or_default();
        let of: Set<'_> = &[("type", "14"), ("file.0", file), ("file.1", extension)];
        stage.event(
            "sharing-set",
            victim,
            victim,
            &[of, &[("operation", "SharingSet"), ("granted", "System.LimitedEdit")]],
        );
        stage.wait(0, 2);
        stage.event(
            "anonymous-link",
            victim,
            victim,
            &[of, &[("operation", "AnonymousLinkCreated"), ("link", "Edit")]],
        );
        if file == FILES[0] {
            stage.now_known();
        }
        stage.wait(40, 400);
    }
}
