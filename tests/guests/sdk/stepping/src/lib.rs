//! contract: keeps how many steps a user took, in the form that its settings say, and gives up where they say none
//! ends: in refused
//! says: `form` is missing

use cordon_sdk::prelude::*;

/// See the module.
#[derive(Debug, Default)]
pub struct Stepping;

/// A day.
const SECONDS: u32 = 86_400;

#[detector]
impl Stepping {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let steps = fields.operation.equals("step") & fields.user.present();
        let mut feed = Window::OfUser.of(batch);
        for row in &steps {
            feed.add(row, fields.user.text(row).unwrap_or(""), "");
        }
        let seen = feed.answers()?;
        let mut third = Vec::new();
        batch.state().update(
            &steps,
            |row| fields.user.text(row),
            |row, value| {
                let steps = value.map_or(Ok(0), |value| read(settings.form, value))? + 1;
                if steps == 3 {
                    third.push(row);
                    return Ok(Change::Delete);
                }
                Ok(Change::Set { value: written(settings.form, steps), seconds: SECONDS })
            },
        )?;
        for (row, user) in third.into_iter().filter_map(|row| Some((row, fields.user.text(row)?))) {
            let counted = seen.iter().find(|seen| seen.row == row).map_or(0, |seen| seen.value);
            findings.emit(Rule::ThirdStep.on(row).summary(format!("{counted} events in the window.")).key(user))?;
        }
        Ok(())
    }

    fn migrate(from: u32, to: u32, value: &[u8]) -> Result<Migrated, Failure> {
        match (from, to) {
            (1, 2) | (2, 1) if value.is_empty() => Ok(Migrated::Gone),
            (1, 2) | (2, 1) => Ok(Migrated::Value(written(i64::from(to), read(i64::from(from), value)?))),
            _ => Ok(Migrated::Unsupported),
        }
    }
}

/// The first form is the number, all later ones have a word before it.
fn written(form: i64, steps: u32) -> Vec<u8> {
    if form == 1 { steps.to_string().into_bytes() } else { format!("steps in form {form}: {steps}").into_bytes() }
}

fn read(form: i64, value: &[u8]) -> Result<u32, Failure> {
    let text = String::from_utf8_lossy(value);
    let number = if form == 1 { Some(&*text) } else { text.strip_prefix(&format!("steps in form {form}: ")) };
    let number = number.and_then(|number| number.parse().ok());
    number.ok_or_else(|| Failure::other(format!("`{text}` is not in form {form}")))
}
