//! People who work with many files, or share some.

use crate::simulate::stories::stage::{Set, Stage};
use crate::simulate::stories::{Finds, Story};

pub(super) const CASE_FILE: Story = Story {
    name: "case-file",
    what: "Somebody downloads the files of a case for court",
    attack: &[],
    finds: None,
    tell: case_file,
};
pub(super) const DISCLOSURE: Story = Story {
    name: "disclosure",
    what: "Somebody downloads far more files than ever, for a disclosure",
    attack: &[],
    // Of an account that is known for a week, it is told.
    finds: None,
    tell: disclosure,
};
pub(super) const TIDYING: Story = Story {
    name: "tidying",
    what: "Somebody deletes what is no longer needed",
    attack: &[],
    finds: None,
    tell: tidying,
};
pub(super) const LEAFLET: Story = Story {
    name: "leaflet",
    what: "Somebody shares a leaflet for the public by a link",
    attack: &[],
    finds: Some(Finds { plugin: "outside-sharing", rule: "anonymous-link" }),
    tell: leaflet,
};
pub(super) const PARTNER: Story = Story {
    name: "partner",
    what: "Somebody shares a file with a colleague of a partner agency",
    attack: &[],
    finds: Some(Finds { plugin: "outside-sharing", rule: "shared-outside" }),
    tell: partner,
};

fn case_file(stage: &mut Stage<'_>) {
    many(stage, "FileDownloaded", 30, 70);
}

fn disclosure(stage: &mut Stage<'_>) {
    many(stage, "FileDownloaded", 130, 200);
}

fn tidying(stage: &mut Stage<'_>) {
    many(stage, "FileDeleted", 20, 70);
}

/// So many files one after the other, in half an hour or so.
fn many(stage: &mut Stage<'_>, operation: &'static str, from: u64, to: u64) {
    let who = stage.victim();
    for number in 1..=from + stage.number(to - from) {
        let file = format!("Exhibit {number:03}.pdf");
        let of = [("operation", operation), ("file.0", &file), ("file.1", "pdf")];
        stage.event("file-act", who, who, &[&of]);
        stage.wait(2, 14);
    }
}

const LEAFLET_FILE: Set<'static> = &[("type", "14"), ("file.0", "Lock your bicycle.pdf"), ("file.1", "pdf")];

fn leaflet(stage: &mut Stage<'_>) {
    let who = stage.victim();
    let of = [("operation", "AnonymousLinkCreated"), ("link", "View")];
    stage.event("anonymous-link", who, who, &[LEAFLET_FILE, &of]);
}

fn partner(stage: &mut Stage<'_>) {
    let (who, known) = (stage.victim(), stage.number(40));
    let guest = format!("urn:spo:guest#officer{known}@partner.example");
    let of = [
        ("operation", "AddedToSecureLink"),
        ("type", "14"),
        ("granted", "System.LimitedView"),
        ("target-type", "Guest"),
        ("target-name", &guest),
    ];
    stage.event("sharing-set", who, who, &[&of]);
}
