//! A plugin that looks things up in a list that people keep outside of it. Copy what you need.

use cordon_sdk::prelude::*;

/// Finds sign-ins of accounts that stand in a list.
#[derive(Debug, Default)]
pub struct WatchedAccounts;

#[detector]
impl WatchedAccounts {
    fn detect(&self, _: &Batch, fields: &Fields, _: &Settings, findings: &mut Findings) -> Result<(), Failure> {
        let good = fields.code.between(0, 0) & fields.user.present();
        // Asked once for each distinct user; here with what stands beside it. `in_list` answers the rows alone.
        let watched = fields.among(&good).user.listed(List::WatchedAccounts)?;
        for row in &good {
            let Some(user) = fields.user.text(row) else { continue };
            let Some(why) = watched.get(user) else { continue };
            findings.emit(
                Rule::WatchedAccount
                    .on(row)
                    .summary(format!("{user} signed in, but should not be used: {why}."))
                    .entity("user", user)
                    .entity("ip", fields.ip.text(row).unwrap_or(""))
                    .key(user),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use cordon_sdk::testing::Test;

    use super::*;

    #[test]
    fn an_account_that_stands_in_the_list_is_found_and_no_other() {
        let event = |user: &str, code: &str| {
            format!(
                r#"{{"resultType":"{code}","properties":{{"userPrincipalName":"{user}","ipAddress":"203.0.113.7"}}}}"#
            )
        };
        let run = Test::of::<WatchedAccounts>("entra.signin")
            .event(event("anna@force.example", "0"))
            .event(event("Breakglass@force.example", "0"))
            .event(event("breakglass@force.example", "50126"))
            .list("watched-accounts", [("BREAKGLASS@force.example", "for emergencies only")])
            .run();
        assert_eq!(run.hits(), [(1, "watched-account")]);
        assert!(run.findings[0].summary.contains("for emergencies only"), "{:?}", run.findings);
    }
}
