//! Somebody takes everything with them.

use super::stage::Stage;
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "mass-download",
    what: "An account downloads more files in minutes than in a month before",
    attack: &["T1530"],
    finds: Some(Finds { plugin: "mass-activity", rule: "mass-download" }),
    tell,
};

/// With so many files nobody doubts any more, even of an account of which nothing is known yet.
const KNOWN: u64 = 300;

fn tell(stage: &mut Stage<'_>) {
    let (victim, from) = (stage.victim(), stage.address());
    stage.break_in(victim, &from);
    stage.wait(60, 300);
    let files = KNOWN + 20 + stage.number(40);
    for number in 1..=files {
        let file = format!("Case {number:04}.docx");
        stage.event(
            "file-act",
            victim,
            victim,
            &[&[("operation", "FileDownloaded"), ("file.0", &file), ("file.1", "docx"), ("ip", &from)]],
        );
        if number == KNOWN {
            stage.now_known();
        }
        stage.wait(1, 6);
    }
}
