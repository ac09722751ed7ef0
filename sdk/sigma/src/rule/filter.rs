//! Sigma filters: what rules are not to find, as a document of its own.

use super::{LogSource, Options, Place, Refused, Rule, detection, logsource};
use crate::pack::Expr;
use crate::yaml::{Node, Value};

/// A filter: its condition must hold too.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// Where it stands.
    pub place: Place,
    /// One line.
    pub title: String,
    /// Ids or names of the rules; none: all of its log source.
    pub rules: Option<Vec<String>>,
    /// The rules' log source, in the parts that it names.
    pub logsource: LogSource,
    /// What must hold besides the rule.
    pub when: Expr,
}

pub(super) fn read(place: Place, document: &Node, body: &Node, options: &Options) -> Result<Filter, Refused> {
    let wrong = |reason: &str| ("filter", body.wrong(reason));
    let title =
        document.get("title").and_then(Node::text).ok_or_else(|| wrong("the filter has no `title`"))?.to_owned();
    let rules = body.get("rules").ok_or_else(|| wrong("the filter names no `rules`: a list of ids, or `any`"))?;
    let rules = match rules.text() {
        Some("any") => None,
        _ => Some(rules.texts().iter().map(|text| (*text).to_owned()).collect()),
    };
    // The rest of the body is a detection.
    let rest = body.map().unwrap_or_default().iter().filter(|(key, _)| key.text() != Some("rules")).cloned().collect();
    let detection = Node { line: body.line, value: Value::Map(rest) };
    Ok(Filter { place, title, rules, logsource: logsource(document)?, when: detection::read(&detection, options)?.1 })
}

impl Filter {
    /// Adds its condition to the rules that it names; whether there was any.
    pub(super) fn put_on(&self, rules: &mut [Rule]) -> bool {
        let mut any = false;
        for rule in rules {
            let named = self.rules.as_ref().is_none_or(|names| {
                names.iter().any(|name| [&rule.id, &rule.name].into_iter().any(|known| known.as_ref() == Some(name)))
            });
            if named && self.logsource.covers(&rule.logsource) {
                let before = std::mem::replace(&mut rule.when, Expr::All(Vec::new()));
                rule.when = Expr::All(vec![before, self.when.clone()]);
                rule.filters.push(self.title.clone());
                any = true;
            }
        }
        any
    }
}

impl LogSource {
    /// Whether every part that this names is the same in the other.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let covers = |mine: &Option<String>, theirs: &Option<String>| mine.is_none() || mine == theirs;
        covers(&self.product, &other.product)
            && covers(&self.category, &other.category)
            && covers(&self.service, &other.service)
    }
}
