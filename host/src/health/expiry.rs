//! Tokens that are about to expire. Pure.

use super::condition::{About, Condition, Kind};
use crate::identity::TokenRecord;

const DAY: i64 = 86_400_000_000;
/// Days before its end at which a token is told of, with the level of each.
const STEPS: [(i64, u32); 3] = [(1, 3), (7, 2), (30, 1)];
/// Days for which a token that has ended is still told of.
const AFTER: i64 = 3;

/// Tokens that end within 30, 7 or 1 days, or have just ended. A token that was made for less time than a step is not told
/// of at that step. `now` is in microseconds since 1970 UTC.
#[must_use]
pub(super) fn expiring(tokens: &[TokenRecord], now: i64) -> Vec<Condition> {
    tokens.iter().filter_map(|token| expires(token, tokens, now)).collect()
}

fn expires(token: &TokenRecord, all: &[TokenRecord], now: i64) -> Option<Condition> {
    let left = token.expires.saturating_sub(now);
    let life = token.expires.saturating_sub(token.created);
    let step = STEPS.iter().find(|(days, _)| left <= days * DAY && life > days * DAY);
    let (days, level) = match step {
        _ if left < -AFTER * DAY => return None,
        // Made for a day or less: it is meant to end.
        None => return None,
        Some(_) if left <= 0 => (0, 4),
        Some((days, level)) => (*days, *level),
    };
    let same_use =
        |other: &&TokenRecord| other.id != token.id && other.role == token.role && other.force == token.force;
    let replaced = all.iter().filter(same_use).any(|other| other.expires > token.expires.max(now) + DAY);
    let whose = token.force.as_ref().map_or(String::new(), |force| format!(" of {force}"));
    let ends = match days {
        0 => "has ended".to_owned(),
        1 => "ends within a day".to_owned(),
        days => format!("ends within {days} days"),
    };
    let next = if replaced { "; another one for the same use lasts longer" } else { "" };
    let force = token.force.as_ref().map(ToString::to_string);
    Some(Condition {
        kind: Kind::TokenExpiring,
        key: format!("token-expiring/{}", token.id),
        about: About { force, token: Some(token.id.clone()), ..About::default() },
        since: now,
        level,
        value: days as f64,
        bound: 30.0,
        unit: if replaced { "days, replaced" } else { "days" }.into(),
        text: format!("The {} token {}{whose} {ends}{next}.", token.role.word(), token.id),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Role;
    use crate::model::Force;

    fn token(id: &str, life: i64) -> TokenRecord {
        let force = Some(Force::new("avon").unwrap());
        TokenRecord {
            id: id.into(),
            role: Role::Intake,
            force,
            own: Vec::new(),
            name: String::new(),
            created: 0,
            expires: life * DAY,
            used: None,
        }
    }

    #[test]
    fn a_token_is_told_of_30_7_and_1_days_before_its_end_unless_it_was_made_for_less() {
        // Life and age in days; level.
        let table = [
            (365, 300, None),
            (365, 335, Some(1)),
            (365, 358, Some(2)),
            (365, 364, Some(3)),
            (365, 365, Some(4)),
            (365, 367, Some(4)),
            (365, 369, None),
            (30, 1, None),
            (30, 23, Some(2)),
            (7, 1, None),
            (7, 6, Some(3)),
            (1, 0, None),
            (1, 2, None),
        ];
        for (life, age, level) in table {
            let found = expiring(&[token("a", life)], age * DAY);
            assert_eq!(found.first().map(|one| one.level), level, "{life} {age}");
        }
    }

    #[test]
    fn another_token_for_the_same_use_makes_it_less_grave() {
        let found = expiring(&[token("a", 365), token("b", 400)], 360 * DAY);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].unit.as_str(), found[0].key.as_str()), ("days, replaced", "token-expiring/a"));
        let other = TokenRecord { role: Role::ForceReader, ..token("b", 400) };
        assert_eq!(expiring(&[token("a", 365), other], 360 * DAY)[0].unit, "days");
    }
}
