//! From correlations that were read to a pack: each with the rules that it counts, and a window. Correlations that count alike
//! share one, with a number before their keys.

use std::collections::{BTreeMap, BTreeSet};

use crate::build::{Built, id, named, notes};
use crate::logsource::Tables;
use crate::pack::{Member, PackCorrelation, PackWindow, Step};
use crate::rule::{Correlation, Counted, Refusal, Rule};

/// Windows of a plugin at most.
const WINDOWS: usize = 8;
/// Entries that one event may feed to a window at most.
const ENTRIES: usize = 4;

/// Puts correlations into a pack whose rules are in it.
pub(crate) fn add(built: &mut Built, correlations: Vec<Rule>, tables: &Tables, ids: &mut BTreeSet<String>) {
    let (mut counted, mut found) = (BTreeSet::new(), BTreeSet::new());
    let known: Vec<(Option<String>, Option<String>)> =
        correlations.iter().map(|rule| (rule.id.clone(), rule.name.clone())).collect();
    for rule in correlations {
        let Some(correlation) = &rule.correlation else { continue };
        let made = steps(built, correlation, &known, tables).and_then(|steps| {
            if correlation.counted == Counted::Ordered {
                return Ok((steps, String::new()));
            }
            let entries = entries(built, &steps);
            Ok((steps, window(built, correlation, entries)?))
        });
        match made {
            Ok((steps, window)) => {
                let rules = steps.iter().map(|step| step.rule);
                if correlation.generate {
                    found.extend(rules)
                } else {
                    counted.extend(rules)
                }
                let id = id(&rule, ids);
                built.pack.correlations.push(PackCorrelation {
                    id: id.clone(),
                    title: rule.title.clone(),
                    level: rule.level as u8,
                    window,
                    at_least: correlation.at_least,
                    within: if correlation.counted == Counted::Ordered { correlation.timespan } else { 0 },
                    steps,
                    notes: notes(&rule),
                });
                built.rules.insert(id, rule);
            }
            Err(reason) => {
                built.refused.push(Refusal { place: rule.place, title: rule.title, kind: "correlation", reason });
            }
        }
    }
    built.pack.silent = counted.difference(&found).copied().collect();
}

fn steps(
    built: &mut Built,
    correlation: &Correlation,
    known: &[(Option<String>, Option<String>)],
    tables: &Tables,
) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    // Fields are added when all of them have a place: what is refused asks for nothing.
    let mut places = Vec::new();
    for (place, name) in correlation.rules.iter().enumerate() {
        let is = |id: &Option<String>| id.as_ref() == Some(name);
        if known.iter().any(|(id, named)| is(id) || is(named)) {
            return Err(format!("counts `{name}`, which is a correlation: only rules with a detection are counted"));
        }
        let rule = built.rules.iter().find(|(_, rule)| is(&rule.id) || is(&rule.name));
        let Some((pack_id, rule)) = rule else {
            return Err(format!("counts `{name}`, which is no id or name of a rule that was taken"));
        };
        for (number, of) in (0u32..).zip(&built.pack.rules).filter(|(_, of)| of.id == *pack_id) {
            let Some((source, _)) = of.sources.first() else { continue };
            let mut placed = |given: &str| {
                let field = correlation
                    .field(given, name)
                    .ok_or_else(|| format!("the alias `{given}` names no field of the rule `{name}`"))?;
                let place = tables.place(source, &rule.logsource, field)?;
                if place.paths.iter().all(|path| path.contains("[]")) {
                    return Err(format!("the field `{field}` may have several values in one event of {source}"));
                }
                places.push((source.clone(), field.to_owned(), place));
                Ok(places.len() - 1)
            };
            let group = correlation.group_by.iter().map(|field| placed(field)).collect::<Result<Vec<_>, _>>()?;
            let member = match &correlation.counted {
                Counted::Values(field) => Some(placed(field)?),
                Counted::Events | Counted::Rules | Counted::Ordered => None,
            };
            let text = match correlation.counted {
                Counted::Rules => Some(pack_id.clone()),
                Counted::Ordered => Some(place.to_string()),
                Counted::Events | Counted::Values(_) => None,
            };
            steps.push((number, group, member, text));
        }
    }
    let mut names = Vec::new();
    for (source, field, place) in places {
        let into = built.pack.sources.entry(source).or_default();
        names.push(named(into, &field, place));
    }
    let name = |at: usize| names.get(at).cloned().unwrap_or_default();
    let step = |(rule, group, member, text): (u32, Vec<usize>, Option<usize>, Option<String>)| Step {
        rule,
        group: group.into_iter().map(name).collect(),
        member: match (member, text) {
            (Some(field), _) => Member::Field(name(field)),
            (None, Some(text)) => Member::Text(text),
            (None, None) => Member::None,
        },
    };
    let steps: Vec<Step> = steps.into_iter().map(step).collect();
    let different: BTreeSet<&Member> = steps.iter().map(|step| &step.member).collect();
    if correlation.counted == Counted::Rules && different.len() < correlation.at_least as usize {
        return Err(format!("`rules` names one rule twice: {} different ones are asked for", correlation.at_least));
    }
    Ok(steps)
}

/// Entries that one event may make: rules that take key and member from the same fields make one together.
fn entries(built: &Built, steps: &[Step]) -> usize {
    let source = |step: &Step| {
        let rule = built.pack.rules.get(step.rule as usize);
        rule.and_then(|rule| rule.sources.first()).map(|(source, _)| source.as_str())
    };
    let mut different: BTreeMap<Option<&str>, BTreeSet<(&[String], &Member)>> = BTreeMap::new();
    for step in steps {
        different.entry(source(step)).or_default().insert((step.group.as_slice(), &step.member));
    }
    different.values().map(BTreeSet::len).max().unwrap_or(0)
}

/// A window that counts so and has room for as many entries an event.
fn window(built: &mut Built, correlation: &Correlation, entries: usize) -> Result<String, String> {
    let distinct = correlation.counted != Counted::Events;
    if entries > ENTRIES {
        return Err(format!("one event may count {entries} times, by different fields: a window takes {ENTRIES}"));
    }
    let windows = &mut built.pack.windows;
    let alike = windows.iter_mut().find(|(_, window)| {
        window.distinct == distinct && window.seconds == correlation.timespan && window.entries + entries <= ENTRIES
    });
    if let Some((name, window)) = alike {
        window.entries += entries;
        window.at_least = window.at_least.max(correlation.at_least);
        return Ok(name.clone());
    }
    if windows.len() >= WINDOWS {
        return Err(format!(
            "a plugin has at most {WINDOWS} windows, and those of this length are full: build a plugin of its own of this \
             correlation and its rules"
        ));
    }
    let name = format!("correlated-{}", char::from(b'a' + u8::try_from(windows.len()).unwrap_or(0)));
    let (seconds, at_least) = (correlation.timespan, correlation.at_least);
    windows.insert(name.clone(), PackWindow { distinct, seconds, at_least, entries });
    Ok(name)
}
