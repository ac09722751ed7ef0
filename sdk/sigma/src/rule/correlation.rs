//! Sigma correlations: how often, by how many, which rules together, or one after the other, within a length of time. Reads and
//! refuses; knows no window. What needs to know that something did *not* happen is refused: a finding depends on events that came.

use std::collections::BTreeMap;

use super::Refused;
use crate::yaml::{Node, Wrong};

/// The largest number: a window tells one more apart, 1,024.
const AT_LEAST: u32 = 1_023;
/// Rules of one correlation at most: each is an entry, and a window takes four for an event.
pub(crate) const RULES: usize = 4;
/// Rules of an ordered one at most.
pub(crate) const STEPS: usize = 8;
/// Fields of `group-by` at most.
const GROUP_BY: usize = 8;
/// The longest time: 31 days, in seconds.
const LONGEST: u64 = 31 * 86_400;

/// What a correlation counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// Events of its rules.
    Events,
    /// Different values of a field.
    Values(String),
    /// Different rules of its own.
    Rules,
    /// All of its rules, one after the other as they stand.
    Ordered,
}

/// The body of a correlation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlation {
    /// Ids or names of its rules.
    pub rules: Vec<String>,
    /// What is counted.
    pub counted: Counted,
    /// Fields (or aliases) that tell groups apart.
    pub group_by: Vec<String>,
    /// Seconds.
    pub timespan: u64,
    /// From which number on it finds.
    pub at_least: u32,
    /// Alias to the field that it stands for, by rule.
    pub aliases: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether its rules are found by themselves, too.
    pub generate: bool,
}

pub(super) fn read(body: &Node) -> Result<Correlation, Refused> {
    correlation(body).map_err(|wrong| ("correlation", wrong))
}

fn correlation(body: &Node) -> Result<Correlation, Wrong> {
    const KEYS: [&str; 7] = ["type", "rules", "group-by", "timespan", "condition", "aliases", "generate"];
    for (key, _) in body.map().ok_or_else(|| body.wrong("`correlation` is no mapping"))? {
        let name = key.text().unwrap_or_default();
        if !KEYS.contains(&name) {
            return Err(key.wrong(format!("`correlation` has `{name}`: it may have {}", KEYS.join(", "))));
        }
    }
    let need = |key: &str| body.get(key).ok_or_else(|| body.wrong(format!("the correlation has no `{key}`")));
    let kind = need("type")?;
    let rules: Vec<String> = need("rules")?.texts().iter().map(|text| (*text).to_owned()).collect();
    if rules.is_empty() {
        return Err(need("rules")?.wrong("`rules` names no rule: a list of ids or names"));
    }
    let timespan = timespan(need("timespan")?)?;
    let temporal = matches!(kind.text(), Some("temporal"));
    let (counted, at_least) = match kind.text() {
        Some("event_count") => (Counted::Events, at_least(need("condition")?)?),
        Some("value_count") => {
            let condition = need("condition")?;
            let field = condition.get("field").map(Node::texts).unwrap_or_default();
            let [field] = field.as_slice() else {
                return Err(condition.wrong("`value_count` needs one `field` in its condition"));
            };
            (Counted::Values((*field).to_owned()), at_least(condition)?)
        }
        Some("temporal") => match body.get("condition") {
            None => (Counted::Rules, u32::try_from(rules.len()).unwrap_or(u32::MAX)),
            Some(condition) => (Counted::Rules, at_least(condition)?),
        },
        Some("temporal_ordered") => {
            if let Some(condition) = body.get("condition") {
                return Err(condition.wrong("`temporal_ordered` asks for all of its rules: it takes no condition"));
            }
            if !(2..=STEPS).contains(&rules.len()) {
                let reason = format!("names {} rules: `temporal_ordered` takes 2 to {STEPS}", rules.len());
                return Err(need("rules")?.wrong(reason));
            }
            (Counted::Ordered, u32::try_from(rules.len()).unwrap_or(u32::MAX))
        }
        _ => {
            let known = "event_count, value_count, temporal and temporal_ordered";
            return Err(kind.wrong(format!("has the type `{}`: {known} are taken", kind.text().unwrap_or_default())));
        }
    };
    if temporal && rules.len() > RULES {
        let reason = format!("names {} rules: `temporal` takes {RULES}, one entry of a window for each", rules.len());
        return Err(need("rules")?.wrong(reason));
    }
    if temporal && at_least as usize > rules.len() {
        return Err(body.wrong(format!("asks for {at_least} different rules of {}: it would never find", rules.len())));
    }
    let group_by = body.get("group-by").map(Node::texts).unwrap_or_default();
    if let Some(node) = body.get("group-by").filter(|_| group_by.len() > GROUP_BY) {
        return Err(node.wrong(format!("`group-by` has {} fields, at most {GROUP_BY}", group_by.len())));
    }
    Ok(Correlation {
        rules,
        counted,
        group_by: group_by.into_iter().map(str::to_owned).collect(),
        timespan,
        at_least,
        aliases: body.get("aliases").map(aliases).transpose()?.unwrap_or_default(),
        generate: body.get("generate").and_then(Node::text) == Some("true"),
    })
}

fn at_least(condition: &Node) -> Result<u32, Wrong> {
    let mut found = None;
    let entries = condition.map().ok_or_else(|| condition.wrong("`condition` is no mapping such as `gte: 10`"))?;
    for (key, value) in entries {
        let more = match key.text() {
            Some("field") => continue,
            Some("gte") => 0,
            Some("gt") => 1,
            Some(word @ ("lt" | "lte" | "eq" | "neq")) => {
                let reason = format!(
                    "`{word}` is true until another event comes, and what was found is not taken back: use gte or gt"
                );
                return Err(key.wrong(reason));
            }
            word => {
                let word = word.unwrap_or_default();
                return Err(key.wrong(format!("`condition` has `{word}`: gte, gt and field are taken")));
            }
        };
        let number = value.text().and_then(|text| text.parse::<u32>().ok()).and_then(|number| number.checked_add(more));
        let number = number.filter(|number| (1..=AT_LEAST).contains(number));
        let reason = || value.wrong(format!("expected a whole number from which on it finds, 1 to {AT_LEAST}"));
        if found.replace(number.ok_or_else(reason)?).is_some() {
            return Err(key.wrong("`condition` has both gte and gt: use one"));
        }
    }
    found.ok_or_else(|| condition.wrong("`condition` has no gte or gt"))
}

fn timespan(node: &Node) -> Result<u64, Wrong> {
    let text = node.text().unwrap_or_default();
    let parse = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(unit).filter(|seconds| (1..=LONGEST).contains(seconds))
    };
    parse().ok_or_else(|| {
        node.wrong(format!("`timespan` is `{text}`: use a whole number and s, m, h or d, such as 10m, up to 31d"))
    })
}

fn aliases(node: &Node) -> Result<BTreeMap<String, BTreeMap<String, String>>, Wrong> {
    let wrong = |node: &Node| node.wrong("`aliases` is a mapping of alias to a mapping of rule to field");
    let mut all = BTreeMap::new();
    for (alias, by_rule) in node.map().ok_or_else(|| wrong(node))? {
        let mut fields = BTreeMap::new();
        for (rule, field) in by_rule.map().ok_or_else(|| wrong(by_rule))? {
            let (Some(rule), Some(field)) = (rule.text(), field.text()) else { return Err(wrong(by_rule)) };
            fields.insert(rule.to_owned(), field.to_owned());
        }
        all.insert(alias.text().ok_or_else(|| wrong(alias))?.to_owned(), fields);
    }
    Ok(all)
}

impl Correlation {
    /// The field that a name stands for in one of its rules, given as the correlation refers to it.
    #[must_use]
    pub fn field<'c>(&'c self, name: &'c str, rule: &str) -> Option<&'c str> {
        match self.aliases.get(name) {
            Some(by_rule) => by_rule.get(rule).map(String::as_str),
            None => Some(name),
        }
    }
}
