//! contract: feeds its window twice in one batch of `custom.test`; of sign-ins it says what each was answered
//! ends: in bad-output
//! says: was fed in this batch | one call

#![allow(clippy::panic, reason = "panicking is one of the things that it is for")]

use cordon_sdk::prelude::*;

/// See the module.
#[derive(Debug, Default)]
pub struct Remembering;

#[detector]
impl Remembering {
    fn detect(&self, batch: &Batch, fields: &Fields, _: &Settings, findings: &mut Findings) -> Result<(), Failure> {
        if batch.source() == "custom.test" {
            for _ in 0..2 {
                let mut feed = Window::OfUser.of(batch);
                batch.rows().for_each(|row| feed.add(row, "k", ""));
                // An author who forgets the `?` does not hide the refusal.
                let _ = feed.answers();
            }
            return Ok(());
        }
        let all = batch.all();
        let text = |field: &Field, row| field.text(row).unwrap_or("").to_owned();
        let (mut of_user, mut of_address) = (Window::OfUser.of(batch), Window::OfAddress.of(batch));
        for row in &all {
            of_user.add(row, text(&fields.user, row), "");
            of_address.add(row, text(&fields.ip, row), text(&fields.user, row));
        }
        let (of_user, of_address) = (of_user.answers()?, of_address.answers()?);
        let mut before = Vec::new();
        batch.state().update(
            &all,
            |row| fields.user.text(row),
            |row, value| {
                before.push(value.map_or_else(|| "-".to_owned(), |value| String::from_utf8_lossy(value).into_owned()));
                Ok(Change::Set { value: text(&fields.id, row).into_bytes(), seconds: 1_200 })
            },
        )?;
        for ((events, users), before) in of_user.iter().zip(&of_address).zip(&before) {
            let summary = format!(
                "{} events ({}, {}), {} users ({}, {}), before {before}",
                events.value, events.capped, events.first_time, users.value, users.capped, users.first_time
            );
            let finding = Rule::Answers.on(events.row).summary(summary).key(&events.key);
            findings.emit(finding.cite_all(users.contributors()?))?;
            if events.value >= 5 {
                findings.emit(Rule::Many.on(events.row).key(&events.key))?;
            }
        }
        for row in &all {
            wrong(batch, row, fields.operation.text(row).unwrap_or(""))?;
        }
        Ok(())
    }
}

/// What an event says that is to go wrong.
fn wrong(batch: &Batch, row: Row, how: &str) -> Result<(), Failure> {
    let long = "k".repeat(1_025);
    match how {
        "nowhere" => {
            let mut feed = Feed::new(batch, "nowhere");
            feed.add(row, "k", "");
            feed.answers().map(drop)
        }
        "no list" => ListName::new("nowhere").lookup(&["k"]).map(drop),
        "long key" => unshortened(row, &long),
        "long keys of the SDK" => {
            // They are kept under keys of their own that fit.
            batch.state().set(row, &format!("{long}a"), b"a", 60)?;
            batch.state().set(row, &format!("{long}b"), b"b", 60)?;
            let kept = batch.state().get(&[(row, &format!("{long}a")), (row, &format!("{long}b"))])?;
            let apart = kept == [Some(b"a".to_vec()), Some(b"b".to_vec())];
            if apart { Ok(()) } else { Err(Failure::other(format!("kept {kept:?}"))) }
        }
        "large value" => batch.state().set(row, "k", &[0; 40_000], 1),
        "no time to live" => batch.state().set(row, "k", b"", 0),
        "many entries" => batch.state().get(&vec![(row, "k"); 6_000]).map(drop),
        "backwards" => {
            batch.state().set(row, "k", b"", 1)?;
            batch.rows().next().map_or(Ok(()), |first| batch.state().delete(first, "k"))
        }
        "much" => (0..2_000).try_for_each(|n| batch.state().set(row, &n.to_string(), &[0; 30_000], 1)),
        "hides it" => {
            let _ = unshortened(row, &long);
            Ok(())
        }
        "gives up" => Err(Failure::other("as the event says")),
        "panics" => panic!("as the event says"),
        _ => Ok(()),
    }
}

/// Sets a value past the SDK, which shortens keys.
#[cfg(target_arch = "wasm32")]
fn unshortened(row: Row, key: &str) -> Result<(), Failure> {
    use cordon_sdk::__private::bindings::cordon::detection::state::{Entry, set};
    let row = u32::try_from(row.index()).unwrap_or(u32::MAX);
    let refused = set(&[Entry { row, key: key.to_owned(), value: Vec::new(), seconds: 1 }]);
    refused.map_err(|error| Failure::other(format!("{error:?}")))
}

#[cfg(not(target_arch = "wasm32"))]
fn unshortened(_: Row, _: &str) -> Result<(), Failure> {
    Err(Failure::other("only a guest can go past the SDK"))
}
