//! The findings of a round, and whether another round has the same.

use std::collections::BTreeMap;

use serde_json::Value;

use super::placeless;
use crate::findings::differences;
use crate::ids::Digest;
use crate::wiring::Summary;

/// Findings of a round at most: they are held in memory, twice.
pub const FINDINGS: usize = 100_000;
/// Differences that are told of one round.
const TOLD: usize = 20;

/// What a round found.
#[derive(Debug, Default)]
pub struct Findings {
    by_id: BTreeMap<Digest, Value>,
    /// As they came out.
    order: Vec<Digest>,
    events: u64,
    /// Findings whose event was delivered again.
    repeats: u64,
}

impl Findings {
    /// Events taken.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Findings, each once.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Ids of plugins that found something.
    #[must_use]
    pub fn plugins(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.by_id.values().filter_map(|found| found["plugin"]["id"].as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Takes one; false where there are too many.
    pub(super) fn take(&mut self, id: Digest, finding: Value) -> bool {
        self.order.push(id);
        self.by_id.insert(id, finding);
        self.order.len() <= FINDINGS
    }

    pub(super) fn count(&mut self, summary: &Summary) {
        self.events = summary.events;
        self.repeats = summary.repeats;
    }

    /// One line for each difference; the first so many. With `in_place`, also places, sequence numbers and the order in
    /// which findings came must be the same.
    #[must_use]
    pub fn differences(&self, other: &Self, in_place: bool) -> Vec<String> {
        let mut found = Vec::new();
        for (what, was, now) in
            [("events", self.events, other.events), ("repeated findings", self.repeats, other.repeats)]
        {
            if was != now {
                found.push(format!("{was} {what} became {now}"));
            }
        }
        for (id, was) in &self.by_id {
            match other.by_id.get(id) {
                None => found.push(format!("gone: {}", named(*id, was))),
                Some(now) if was == now => {}
                Some(now) => {
                    let side = |finding: &Value| if in_place { finding.clone() } else { placeless(finding.clone()) };
                    found.extend(differences(&side(was), &side(now)).into_iter().map(|field| {
                        let show = |text: Option<String>| text.unwrap_or_else(|| "absent".into());
                        let (before, after) = (show(field.was), show(field.now));
                        format!("changed: {}: {} was {before}, is {after}", named(*id, now), field.field)
                    }));
                }
            }
        }
        for (id, now) in other.by_id.iter().filter(|(id, _)| !self.by_id.contains_key(*id)) {
            found.push(format!("new: {}", named(*id, now)));
        }
        if found.is_empty() && in_place && self.order != other.order {
            found.push("the same findings came in another order".into());
        }
        let more = found.len().saturating_sub(TOLD);
        found.truncate(TOLD);
        if more > 0 {
            found.push(format!("and {more} more"));
        }
        found
    }
}

/// `plugin/rule ID (file line 7)`
fn named(id: Digest, finding: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let event = &finding["event"];
    format!(
        "{}/{} {id} ({} {} {})",
        text(&finding["plugin"]["id"]),
        text(&finding["rule"]),
        text(&event["file"]),
        text(&event["unit"]),
        event["line"]
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn findings(list: &[(u8, u64, &str)]) -> Findings {
        let mut findings = Findings { events: 9, ..Findings::default() };
        for (id, line, summary) in list {
            let json = json!({"rule": "r", "summary": summary, "event": {"line": line, "sequence": line}});
            assert!(findings.take(Digest([*id; 32]), json));
        }
        findings
    }

    #[test]
    fn what_is_gone_new_changed_or_out_of_order_is_told() {
        let first = findings(&[(1, 1, "a"), (2, 2, "b")]);
        assert_eq!(first.differences(&findings(&[(1, 1, "a"), (2, 2, "b")]), true), Vec::<String>::new());
        let told = first.differences(&findings(&[(1, 1, "x"), (3, 2, "b")]), true);
        assert!(told[0].starts_with("changed: ") && told[0].contains("summary"), "{told:?}");
        assert!(told[1].starts_with("gone: ") && told[2].starts_with("new: "), "{told:?}");
        assert_eq!(first.differences(&findings(&[(2, 2, "b"), (1, 1, "a")]), true).len(), 1);
    }

    #[test]
    fn another_order_of_files_changes_places_and_nothing_else() {
        let (first, moved) = (findings(&[(1, 1, "a"), (2, 2, "b")]), findings(&[(2, 1, "b"), (1, 2, "a")]));
        assert_eq!(first.differences(&moved, false), Vec::<String>::new());
        assert!(!first.differences(&moved, true).is_empty());
        assert_eq!(first.differences(&Findings { events: 8, ..moved }, false), ["9 events became 8"]);
    }

    #[test]
    fn a_finding_that_came_twice_before_must_come_twice_again() {
        let first = Findings { repeats: 1, ..findings(&[(1, 1, "a")]) };
        assert_eq!(first.differences(&findings(&[(1, 1, "a")]), true), ["1 repeated findings became 0"]);
    }
}
