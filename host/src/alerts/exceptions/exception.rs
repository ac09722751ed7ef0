//! An exception, what it must have, and which findings it holds for. Pure.

use cordon_contract::manifest::list_name;
use serde::{Deserialize, Serialize};

use crate::alerts::join::Found;
use crate::model::{Entity, Force, is_about};

/// Conditions of one exception.
const CONDITIONS: usize = 32;
/// Values of one condition.
const VALUES: usize = 1_000;
/// Characters of texts and values.
const TEXT: usize = 500;
/// How far off its end may be: 366 days, in microseconds.
const LONGEST: i64 = 366 * 86_400_000_000;

/// What is known not to need a person, until a day: findings that it holds for become no alert, and stay findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exception {
    /// A word, told apart within its force, or among those of all.
    pub id: String,
    /// Whose findings; none for those of all forces.
    #[serde(rename = "for")]
    pub force: Option<Force>,
    /// Of which plugin.
    pub plugin: String,
    /// Of which of its rules; of all where none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// All of these hold.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// When it ends, microseconds since 1970 UTC.
    pub expires: i64,
    /// When it was made, in the same.
    pub created: i64,
    /// The token's id.
    pub by: String,
    /// Accounts, mailboxes and numbers of whoever made it: it hides nothing that is about them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spares: Vec<String>,
}

/// One thing that must be so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// `entity.KIND`, `field.HANDLE` (as the finding shows it) or `key`.
    pub of: String,
    /// It is one of these, in any case; `*` stands for any characters.
    pub is: Vec<String>,
}

impl Exception {
    /// Checks what a person gave, at this time.
    ///
    /// # Errors
    /// What is wrong, and the way out.
    pub(super) fn check(&self, now: i64) -> Result<(), String> {
        list_name(&self.id).map_err(|error| format!("id: {error}"))?;
        for (name, text) in [("plugin", &self.plugin), ("owner", &self.owner), ("reason", &self.reason)] {
            good(name, text)?;
        }
        if let Some(rule) = &self.rule {
            good("rule", rule)?;
        }
        if self.expires <= now {
            return Err("expires: it has passed: every exception ends, later than now".into());
        }
        if self.expires - now > LONGEST {
            return Err(
                "expires: at most 366 days from now: an exception that is still right then is made again".into()
            );
        }
        if self.rule.is_none() && self.conditions.is_empty() {
            return Err("it would hide all that the plugin finds: name a rule, or a condition".into());
        }
        if self.conditions.len() > CONDITIONS {
            return Err(format!("conditions: at most {CONDITIONS}"));
        }
        for condition in &self.conditions {
            let Condition { of, is } = condition;
            let known = of == "key"
                || ["entity.", "field."].iter().any(|kind| of.strip_prefix(kind).is_some_and(|name| !name.is_empty()));
            if !known {
                let of = of.escape_default();
                return Err(format!("`{of}`: a condition is of `entity.KIND`, `field.HANDLE` or `key`"));
            }
            good("a condition's name", of)?;
            if is.is_empty() || is.len() > VALUES {
                return Err(format!("`{of}`: give 1 to {VALUES} values"));
            }
            for value in is {
                good("a value", value)?;
                if value.chars().all(|c| c == '*') {
                    return Err(format!("`{of}={value}` is always so: say what it is"));
                }
            }
        }
        Ok(())
    }

    /// Whether it has not ended.
    #[must_use]
    pub fn is_open(&self, now: i64) -> bool {
        now < self.expires
    }

    /// Whether it would keep an alert about one of these accounts from people: who it is about makes none.
    #[must_use]
    pub fn is_about(&self, own: &[String]) -> bool {
        let values = self.conditions.iter().filter(|condition| !condition.of.starts_with("field."));
        values.flat_map(|condition| &condition.is).any(|value| {
            let entity = Entity { kind: String::new(), value: value.clone() };
            own.iter().any(|own| fits(value, own.trim())) || is_about(own, &[entity])
        })
    }

    /// Whether a finding of a force becomes no alert by it.
    pub(super) fn hides(&self, force: &Force, found: &Found, now: i64) -> bool {
        self.is_open(now)
            && self.force.as_ref().is_none_or(|own| own == force)
            && self.plugin == found.plugin.id
            && self.rule.as_ref().is_none_or(|rule| *rule == found.rule)
            && self.conditions.iter().all(|condition| condition.holds(found))
            && !is_about(&self.spares, &found.entities)
    }
}

impl Condition {
    fn holds(&self, found: &Found) -> bool {
        let any = |text: &str| self.is.iter().any(|value| fits(value, text));
        match self.of.split_once('.') {
            Some(("entity", kind)) => found.entities.iter().any(|entity| entity.kind == kind && any(&entity.value)),
            Some(("field", handle)) => match found.evidence.get(handle) {
                Some(serde_json::Value::String(text)) => any(text),
                Some(serde_json::Value::Array(values)) => values.iter().any(|value| match value {
                    serde_json::Value::String(text) => any(text),
                    other => any(&other.to_string()),
                }),
                Some(other) => any(&other.to_string()),
                None => false,
            },
            _ => any(&found.key),
        }
    }
}

fn good(name: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("{name}: say it"));
    }
    if text.chars().count() > TEXT || text.chars().any(char::is_control) {
        return Err(format!("{name}: at most {TEXT} characters, without control characters"));
    }
    Ok(())
}

/// Whether a text is as a pattern says, in any case; `*` stands for any characters.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::ids::Digest;

    fn found() -> Found {
        let digest = Digest::of(b"p");
        serde_json::from_value(json!({
            "id": digest, "plugin": { "id": "p", "version": "1.0.0", "digest": digest }, "rule": "r", "severity": "low",
            "confidence": "high", "title": "T", "summary": "S", "attack": [], "key": "the-key",
            "entities": [{ "kind": "user", "value": "Svc-Backup@avon.example" }, { "kind": "ip", "value": "192.0.2.1" }],
            "evidence": { "client": "backup", "count": 17, "ports": [1, "two"] }, "event": { "time": "2026-03-02T09:00:00Z", "digest": digest },
        }))
        .unwrap()
    }

    fn exception(rule: Option<&str>, conditions: &[(&str, &[&str])]) -> Exception {
        let conditions: Vec<_> = conditions.iter().map(|(of, is)| json!({ "of": of, "is": is })).collect();
        serde_json::from_value(json!({
            "id": "x", "for": "avon", "plugin": "p", "rule": rule, "conditions": conditions, "owner": "o", "reason": "r",
            "expires": 1_000, "created": 0, "by": "t",
        }))
        .unwrap()
    }

    fn hides(rule: Option<&str>, conditions: &[(&str, &[&str])]) -> bool {
        exception(rule, conditions).hides(&Force::new("avon").unwrap(), &found(), 999)
    }

    #[test]
    fn it_hides_what_all_of_its_conditions_hold_for_until_it_ends() {
        assert!(hides(Some("r"), &[]) && !hides(Some("other"), &[]));
        assert!(hides(None, &[("entity.user", &["nobody", "svc-backup@AVON.example"])]));
        assert!(hides(None, &[("entity.user", &["svc-*@avon.*"]), ("entity.ip", &["192.0.2.*"])]));
        assert!(!hides(None, &[("entity.user", &["svc-*@avon.*"]), ("entity.ip", &["198.*"])]));
        assert!(!hides(None, &[("entity.host", &["svc-*"])]) && !hides(None, &[("entity.user", &["svc-*@kent*"])]));
        assert!(hides(None, &[("field.client", &["backup"]), ("field.count", &["17"]), ("field.ports", &["two"])]));
        assert!(!hides(None, &[("field.absent", &["x"])]) && hides(None, &[("key", &["the-*"])]));
        let rule = exception(Some("r"), &[]);
        assert!(!rule.hides(&Force::new("kent").unwrap(), &found(), 0));
        assert!(!rule.hides(&Force::new("avon").unwrap(), &found(), 1_000));
        assert!(!Exception { plugin: "q".into(), ..rule }.hides(&Force::new("avon").unwrap(), &found(), 0));
    }

    #[test]
    fn one_without_an_end_or_that_hides_everything_is_refused() {
        let why = |change: &dyn Fn(&mut Exception)| {
            let mut exception = exception(Some("r"), &[("entity.user", &["a"])]);
            change(&mut exception);
            exception.check(500).err().unwrap_or_default()
        };
        assert_eq!(why(&|_| {}), "");
        assert!(why(&|e| e.expires = 500).starts_with("expires: it has passed"));
        assert!(why(&|e| e.expires = i64::MAX).starts_with("expires: at most 366 days"));
        assert!(why(&|e| (e.rule, e.conditions) = (None, Vec::new())).starts_with("it would hide all"));
        assert!(why(&|e| e.conditions[0].is = vec!["**".into()]).contains("always so"));
        assert!(why(&|e| e.conditions[0].of = "user".into()).contains("`entity.KIND`"));
        assert!(why(&|e| e.conditions[0].of = "entity.".into()).contains("`entity.KIND`"));
        assert!(why(&|e| e.conditions[0].is.clear()).contains("1 to 1000 values"));
        assert!(why(&|e| e.owner = " ".into()).starts_with("owner"));
        assert!(why(&|e| e.reason = "a\u{1b}".into()).starts_with("reason"));
        assert!(why(&|e| e.id = "A b".into()).starts_with("id"));
    }

    #[test]
    fn whom_it_is_about_is_known_by_their_accounts_also_through_a_pattern() {
        let about = |is: &str, own: &str| exception(None, &[("entity.user", &[is])]).is_about(&[own.to_owned()]);
        assert!(about("harper@avon.example", " Harper@avon.example") && about("*@avon.example", "harper@avon.example"));
        assert!(!about("other@avon.example", "harper@avon.example"));
        assert!(about("harper+list@avon.example", "harper@avon.example") && about("+44 7700 900123", "07700 900123"));
        // What says nothing of them hides nothing of them either.
        let rule = exception(Some("r"), &[]);
        let mine = Exception { spares: vec!["svc-backup@avon.example".into()], ..rule.clone() };
        let force = Force::new("avon").unwrap();
        assert!(rule.hides(&force, &found(), 0) && !mine.hides(&force, &found(), 0));
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, is) in [
            ("a", "A", true),
            ("a", "ab", false),
            ("a*", "a", true),
            ("*b", "ab", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxcyyb", false),
            ("a*a", "a", false),
            ("*a*", "bab", true),
            ("é*", "Éa", true),
        ] {
            assert_eq!(fits(pattern, text), is, "{pattern} {text}");
        }
    }
}
