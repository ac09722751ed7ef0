//! A plugin that remembers, in both ways: a window counts, a value is looked up again. Copy what you need.

use std::collections::BTreeSet;

use cordon_sdk::prelude::*;

/// How long a user's country is known: 90 days.
const KNOWN_SECONDS: u32 = 90 * 86_400;

/// Finds passwords that were guessed, and sign-ins from countries that are new.
#[derive(Debug, Default)]
pub struct GuessedPassword;

#[detector]
impl GuessedPassword {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let wrong = fields.code.between(50_126, 50_126) & fields.user.present();
        let good = fields.code.between(0, 0) & fields.user.present();

        // A window takes all of a batch in one call: wrong passwords are counted, a good one only asks.
        let mut window = Window::WrongPasswords.of(batch);
        for row in &wrong {
            window.add(row, fields.user.text(row).unwrap_or(""), "");
        }
        for row in &good {
            window.ask(row, fields.user.text(row).unwrap_or(""), "");
        }
        for seen in window.answers()? {
            if !seen.added && i64::from(seen.value) >= settings.wrong_passwords {
                findings.emit(
                    Rule::GuessedPassword
                        .on(seen.row)
                        .summary(format!("{} signed in after {} wrong passwords.", seen.key, seen.value))
                        .entity("user", &seen.key)
                        .entity("ip", fields.ip.text(seen.row).unwrap_or(""))
                        .cite_all(seen.contributors()?)
                        .key(&seen.key),
                )?;
            }
        }

        // A value belongs to a key, and ends some time after the event that set it.
        let place = |row| Some(format!("{} {}", fields.user.text(row)?, fields.country.text(row)?));
        let mut new = BTreeSet::new();
        batch.state().update(&good, place, |row, known| {
            if known.is_none() {
                new.insert(row);
            }
            Ok(Change::Set { value: Vec::new(), seconds: KNOWN_SECONDS })
        })?;
        // The first country of all is not new, it is the first.
        let user = |row| Some(format!("any {}", fields.user.text(row)?));
        batch.state().update(&good, user, |row, any| {
            if any.is_some() && new.contains(&row) {
                let (user, country) = (fields.user.text(row).unwrap_or(""), fields.country.text(row).unwrap_or(""));
                findings.emit(
                    Rule::NewCountry
                        .on(row)
                        .summary(format!("{user} signed in from {country}, for the first time in 90 days."))
                        .entity("user", user)
                        .context("Country", country)
                        .key(user),
                )?;
            }
            Ok(Change::Set { value: Vec::new(), seconds: KNOWN_SECONDS })
        })
    }
}

#[cfg(test)]
mod tests {
    use cordon_sdk::testing::{Memory, Test};

    use super::*;

    fn event(id: u32, code: u32, country: &str) -> String {
        format!(
            r#"{{"resultType":"{code}","properties":{{"id":"{id}","userPrincipalName":"Anna@force.example","ipAddress":"203.0.113.7","location":{{"countryOrRegion":"{country}"}}}}}}"#
        )
    }

    /// One batch an event, a minute apart.
    fn hits(events: &[(u32, &str)]) -> Vec<(u32, String)> {
        let (memory, mut found) = (Memory::default(), Vec::new());
        for (minute, (code, country)) in (0_u32..).zip(events) {
            let time = 1_704_067_200_000_000 + i64::from(minute) * 60_000_000;
            let test = Test::of::<GuessedPassword>("entra.signin").event(event(minute, *code, country)).at(time);
            let run = test.remembering(&memory).run();
            assert_eq!(run.failure, None);
            found.extend(run.hits().into_iter().map(|(_, rule)| (minute, rule.to_owned())));
        }
        found
    }

    #[test]
    fn a_good_password_after_five_wrong_ones_is_found_and_after_four_it_is_not() {
        let wrong = [(50_126, "GB"); 5];
        let then = |wrong: &[(u32, &'static str)]| [wrong, &[(0, "GB")]].concat();
        assert_eq!(hits(&then(&wrong)), [(5, "guessed-password".to_owned())]);
        assert_eq!(hits(&then(&wrong[1..])), []);
    }

    #[test]
    fn the_second_country_is_new_and_the_first_is_not() {
        assert_eq!(hits(&[(0, "GB"), (0, "GB"), (0, "NG"), (0, "NG"), (0, "GB")]), [(2, "new-country".to_owned())]);
    }
}
