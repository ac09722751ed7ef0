//! Passwords and second factors of one account that somebody tries until one fits, in Entra's sign-in log and the audit log.
//!
//! What failed is counted by account and address within half an hour; a sign-in that succeeds, or whose password was right,
//! asks the same window. By address, so that the owner who signs in as ever while somebody else guesses is no finding. Each log
//! has windows of its own, and alerts group what both tell. Not covered: guesses spread over many addresses.

use cordon_sdk::prelude::*;

/// Entra's code of a wrong password.
const WRONG_PASSWORD: i32 = 50_126;
/// The account is locked, since there were too many: whoever goes on goes on guessing.
const LOCKED: i32 = 50_053;
/// The second factor was refused, or not answered in time.
const REFUSED_FACTOR: i32 = 500_121;
/// The password was right, and something else was asked for or forbade it.
const STOPPED: [i32; 9] = [50_072, 50_074, 50_076, 50_079, 50_158, 53_000, 53_001, 53_003, 53_004];

/// Finds passwords that were guessed, and second factors that were worn out.
#[derive(Debug, Default)]
pub struct GuessedSignIn;

#[detector]
impl GuessedSignIn {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let is = |code: i32| fields.code.between(code, code);
        let mut good = is(0);
        if batch.source() == "m365.audit" {
            // Every record of the audit log may say that there was no error.
            good &= &fields.operation.equals("UserLoggedIn");
        }
        let (wrong, refused) = (is(WRONG_PASSWORD) | is(LOCKED), is(REFUSED_FACTOR));
        let stopped = STOPPED.iter().fold(batch.none(), |rows, code| rows | is(*code));
        let elsewhere = !fields.ip.in_any_cidr(&settings.own_networks)?;
        let known = elsewhere & !fields.user.empty() & !fields.ip.empty();
        if ((&wrong | &refused | &good | &stopped) & &known).is_empty() {
            return Ok(());
        }
        let key = |row| {
            let (user, ip) = (fields.user.text(row).unwrap_or(""), fields.ip.text(row).unwrap_or(""));
            format!("{} {ip} {user}", batch.source())
        };
        let mut passwords = Window::WrongPasswords.of(batch);
        (&wrong & &known).iter().for_each(|row| passwords.add(row, key(row), ""));
        ((&good | &stopped) & &known).iter().for_each(|row| passwords.ask(row, key(row), ""));
        let mut factors = Window::RefusedFactors.of(batch);
        (&refused & &known).iter().for_each(|row| factors.add(row, key(row), ""));
        (&good & &known).iter().for_each(|row| factors.ask(row, key(row), ""));

        for seen in passwords.answers()? {
            if !seen.added && i64::from(seen.value) >= settings.wrong_passwords {
                let came_in = good.contains(seen.row);
                let end = if came_in { "and came in" } else { "and was stopped after it" };
                let what = format!("the right password after {} wrong ones within half an hour, {end}", seen.many());
                let finding = finding(Rule::PasswordGuessed, fields, &seen, &what)?;
                findings.emit(if came_in { finding } else { finding.severity(Severity::Medium) })?;
            }
        }
        for seen in factors.answers()? {
            let (rule, least, what) = if seen.added {
                let what = format!(
                    "the password, and was refused the second factor {} times within half an hour",
                    seen.many()
                );
                (Rule::FactorAskedAgain, settings.asked_again, what)
            } else {
                let what =
                    format!("the second factor too, after it was refused {} times within half an hour", seen.many());
                (Rule::MfaFatigue, settings.refused_factors, what)
            };
            if i64::from(seen.value) >= least {
                findings.emit(finding(rule, fields, &seen, &what)?)?;
            }
        }
        Ok(())
    }
}

/// One account and address is one alert.
fn finding(rule: Rule, fields: &Fields, seen: &Seen, what: &str) -> Result<Finding, Failure> {
    let (user, ip) = (fields.user.text(seen.row).unwrap_or(""), fields.ip.text(seen.row).unwrap_or(""));
    Ok(rule
        .on(seen.row)
        .summary(format!("Somebody at {ip} gave for {user} {what}."))
        .entity("user", user)
        .entity("ip", ip)
        .context("Times it failed", seen.many())
        .cite_all(seen.contributors()?)
        .key(format!("{ip} {user}")))
}
