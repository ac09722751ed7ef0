//! Log sources and field names of rules in terms of Cordon's sources: tables, as data (`data/*.toml`), and others given besides.
//!
//! A table says for one source which events a log source of rules means, where a field of rules stands, what a word of rules is
//! in the log's own words, and what cannot be found there. A field that no table names stands where its name says.

use std::collections::BTreeMap;

use cordon_contract::path::{Path, Step};
use serde::Deserialize;

use crate::pack::{Expr, FieldPlace};
use crate::pattern::{Part, Pattern};
use crate::rule::LogSource;
use crate::test::{Compare, Test};

/// The tables that come with Cordon.
const SHIPPED: [(&str, &str); 2] = [
    ("windows.toml", include_str!("../data/windows.toml")),
    ("microsoft.toml", include_str!("../data/microsoft.toml")),
];

/// All tables. Those given later stand before the earlier ones.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    tables: Vec<Table>,
    cannot: Vec<Cannot>,
    other: Other,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    table: Vec<Table>,
    cannot: Vec<Cannot>,
    other: Option<Other>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Table {
    source: String,
    product: String,
    services: Vec<String>,
    channels: BTreeMap<String, Words>,
    /// What its events must be besides, where the source holds others too.
    only: BTreeMap<String, Words>,
    logsource: Vec<Category>,
    fields: BTreeMap<String, Vec<String>>,
    weights: BTreeMap<String, u8>,
    values: BTreeMap<String, BTreeMap<String, Word>>,
    /// What the log may write after a word of rules, by field: `Add member to role.`
    endings: BTreeMap<String, String>,
    cannot: BTreeMap<String, String>,
    entities: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Category {
    category: Option<String>,
    any: Vec<BTreeMap<String, Words>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Words {
    Number(i32),
    Text(String),
    Many(Vec<Words>),
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Word {
    is: Vec<String>,
    not: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cannot {
    product: String,
    service: Option<String>,
    category: Option<String>,
    reason: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Other {
    custom: bool,
    not: Vec<String>,
}

impl Tables {
    /// Those that come with Cordon.
    ///
    /// # Errors
    /// None in a build that passed its tests.
    pub fn shipped() -> Result<Self, String> {
        let mut tables = Self::default();
        SHIPPED.iter().try_for_each(|(name, text)| tables.add(name, text))?;
        Ok(tables)
    }

    /// Adds the tables of a file: what they say goes before what was there.
    ///
    /// # Errors
    /// File, line and reason.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), String> {
        let file: File = toml::from_str(text).map_err(|error| {
            let line =
                error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
            format!("{name}:{line}: {}", error.message())
        })?;
        for table in &file.table {
            if !cordon_contract::manifest::is_source(&table.source) {
                return Err(format!("{name}: `{}` is no source", table.source));
            }
            for path in table.fields.values().flatten() {
                Path::parse(path).map_err(|error| format!("{name}: the path `{path}`: {error}"))?;
            }
        }
        self.tables.splice(0..0, file.table);
        self.cannot.splice(0..0, file.cannot);
        if let Some(other) = file.other {
            self.other = other;
        }
        Ok(())
    }

    /// The sources that a log source means, each with what its events must be besides.
    ///
    /// # Errors
    /// Why there is none, and the way out.
    pub fn resolve(&self, logsource: &LogSource) -> Result<Vec<(String, Expr)>, String> {
        let LogSource { product, category, service } = logsource;
        let same = |mine: &Option<String>, theirs: &Option<String>| mine.is_none() || mine == theirs;
        let cannot = |cannot: &&Cannot| {
            Some(&cannot.product) == product.as_ref()
                && same(&cannot.service, service)
                && same(&cannot.category, category)
        };
        if let Some(cannot) = self.cannot.iter().find(cannot) {
            return Err(cannot.reason.clone());
        }
        let mut found: Vec<(String, Expr)> = Vec::new();
        for table in self.tables.iter().filter(|table| Some(&table.product) == product.as_ref()) {
            if let Some(guard) = table.guard(category.as_deref(), service.as_deref())
                && found.iter().all(|(source, _)| *source != table.source)
            {
                found.push((table.source.clone(), guard));
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
        let known = product.as_ref().is_some_and(|product| self.other.not.contains(product));
        if self.other.custom && !known {
            let parts = [product, if service.is_some() { service } else { category }];
            let name: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
            let plain = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' { c } else { '-' };
            let source = format!("custom.{}", name.join("-").chars().map(plain).take(64).collect::<String>());
            return Ok(vec![(source, Expr::All(Vec::new()))]);
        }
        Err(format!("no events are known for the log source ({logsource}): add it to a table, `--table FILE`"))
    }

    /// The tables by which rules of a log source are read in a source.
    fn of<'t>(&'t self, source: &'t str, logsource: &'t LogSource) -> impl Iterator<Item = &'t Table> {
        let LogSource { product, service, .. } = logsource;
        let serves = |table: &Table| match service {
            Some(service) if !table.services.is_empty() => table.services.contains(service),
            _ => true,
        };
        self.tables.iter().filter(move |table| {
            table.source == source && product.as_ref().is_none_or(|product| table.product == *product) && serves(table)
        })
    }

    /// Where a field of a rule stands in a source.
    ///
    /// # Errors
    /// Why it stands nowhere.
    pub fn place(&self, source: &str, logsource: &LogSource, field: &str) -> Result<FieldPlace, String> {
        if let Some(reason) = self.of(source, logsource).find_map(|table| table.cannot.get(field)) {
            return Err(format!("the field `{field}` is not in {source}: {reason}"));
        }
        let weight = self.of(source, logsource).find_map(|table| table.weights.get(field)).copied().unwrap_or(0);
        let paths = match self.of(source, logsource).find_map(|table| table.fields.get(field)) {
            Some(paths) => paths.iter().map(|path| canonical(path)).collect::<Result<_, _>>()?,
            None => vec![as_written(field)?],
        };
        Ok(FieldPlace { paths, weight })
    }

    /// The fields of a source that hold an entity, by its kind.
    #[must_use]
    pub fn entities(&self, source: &str) -> BTreeMap<String, Vec<String>> {
        let of_source = self.tables.iter().filter(|table| table.source == source);
        of_source.map(|table| table.entities.clone()).find(|entities| !entities.is_empty()).unwrap_or_default()
    }

    /// A rule's condition with every word of it in the log's own words.
    #[must_use]
    pub fn translated(&self, source: &str, logsource: &LogSource, expr: Expr) -> Expr {
        let all = |parts: Vec<Expr>| parts.into_iter().map(|part| self.translated(source, logsource, part)).collect();
        match expr {
            Expr::All(parts) => Expr::All(all(parts)),
            Expr::Any(parts) => Expr::Any(all(parts)),
            Expr::Not(part) => Expr::Not(Box::new(self.translated(source, logsource, *part))),
            Expr::Is(field, test) => {
                let asked = match &test {
                    Test::Text(pattern) => Some(written(pattern)),
                    Test::Bool(truth) => Some(truth.to_string()),
                    _ => None,
                };
                let of_field = |table: &'_ Table| -> Option<Word> {
                    let asked = asked.as_ref()?;
                    table
                        .values
                        .get(&field)?
                        .iter()
                        .find(|(word, _)| word.eq_ignore_ascii_case(asked))
                        .map(|(_, word)| word.clone())
                };
                match self.of(source, logsource).find_map(of_field) {
                    None => {
                        let ending = self.of(source, logsource).find_map(|table| table.endings.get(&field));
                        let Some(longer) = ending.and_then(|ending| longer(&test, ending)) else {
                            return Expr::Is(field, test);
                        };
                        Expr::Any(vec![Expr::Is(field.clone(), test), Expr::Is(field, longer)])
                    }
                    Some(word) => {
                        let any = |words: &[String]| {
                            Expr::Any(
                                words
                                    .iter()
                                    .map(|word| Expr::Is(field.clone(), Test::Text(Pattern::sigma(word))))
                                    .collect(),
                            )
                        };
                        if word.not.is_empty() {
                            any(&word.is)
                        } else {
                            Expr::All(vec![Expr::Is(field.clone(), Test::Exists), Expr::Not(Box::new(any(&word.not)))])
                        }
                    }
                }
            }
            keyword @ Expr::Keyword(_) => keyword,
        }
    }
}

impl Table {
    fn guard(&self, category: Option<&str>, service: Option<&str>) -> Option<Expr> {
        let of_category = match category {
            None => None,
            Some(_) => Some(self.logsource.iter().find(|entry| entry.category.as_deref() == category)?.guard()),
        };
        let of_service = match service {
            None => None,
            Some(service) if self.services.iter().any(|known| known == service) => Some(Expr::All(Vec::new())),
            Some(service) => Some(Expr::Any(self.channels.get(service)?.tests("Channel"))),
        };
        let guard = match (of_category, of_service) {
            (Some(category), Some(service)) => Expr::All(vec![category, service]),
            (Some(one), None) | (None, Some(one)) => one,
            // A rule of the product: any event, or each source of it.
            (None, None) => match self.logsource.iter().find(|entry| entry.category.is_none()) {
                Some(entry) => entry.guard(),
                None if self.services.is_empty() => return None,
                None => Expr::All(Vec::new()),
            },
        };
        if self.only.is_empty() {
            return Some(guard);
        }
        Some(Expr::All(vec![words_of(&self.only), guard]))
    }
}

impl Category {
    fn guard(&self) -> Expr {
        Expr::Any(self.any.iter().map(words_of).collect())
    }
}

/// Each field has one of its words.
fn words_of(fields: &BTreeMap<String, Words>) -> Expr {
    Expr::All(fields.iter().map(|(field, words)| Expr::Any(words.tests(field))).collect())
}

impl Words {
    fn tests(&self, field: &str) -> Vec<Expr> {
        match self {
            Self::Number(number) => vec![Expr::Is(field.to_owned(), Test::Number(Compare::Equal, f64::from(*number)))],
            Self::Text(text) => vec![Expr::Is(field.to_owned(), Test::Text(Pattern::literal(text)))],
            Self::Many(words) => words.iter().flat_map(|word| word.tests(field)).collect(),
        }
    }
}

/// The test for a text with something after it; none where it takes that already.
fn longer(test: &Test, ending: &str) -> Option<Test> {
    match test {
        Test::Text(pattern) => pattern.followed_by(ending).map(Test::Text),
        _ => None,
    }
}

/// A pattern as a rule writes it, but for escapes.
fn written(pattern: &Pattern) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Wild(0) => "*".to_owned(),
        Part::Wild(_) => "?".to_owned(),
    };
    pattern.parts().iter().map(part).collect()
}

fn canonical(path: &str) -> Result<String, String> {
    Path::parse(path).map(|path| path.to_string()).map_err(|error| format!("the path `{path}`: {error}"))
}

/// The path that a field's name is: dots lead into objects, anything else that a path may not have is part of a name.
fn as_written(field: &str) -> Result<String, String> {
    let steps = field.split('.').map(|name| Step::Name(name.to_owned())).collect();
    Path::from_steps(steps)
        .map(|path| path.to_string())
        .map_err(|error| format!("the field `{field}` is no path: {error}"))
}

#[cfg(test)]
mod tests {
    use super::Tables;
    use crate::pack::Expr;
    use crate::pattern::Pattern;
    use crate::rule::LogSource;
    use crate::test::Test;

    fn logsource(product: &str, category: &str, service: &str) -> LogSource {
        let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        LogSource { product: part(product), category: part(category), service: part(service) }
    }

    #[test]
    fn log_sources_come_to_sources_or_to_a_reason() {
        let tables = Tables::shipped().unwrap();
        for (given, source) in [
            (logsource("windows", "process_creation", ""), "windows.event"),
            (logsource("windows", "", "security"), "windows.event"),
            (logsource("windows", "", ""), "windows.event"),
            (logsource("azure", "", "signinlogs"), "entra.signin"),
            (logsource("m365", "", "threat_management"), "m365.audit"),
            (logsource("linux", "process_creation", ""), "custom.linux-process_creation"),
            (logsource("", "webserver", ""), "custom.webserver"),
            (logsource("gcp", "", "gcp.audit"), "custom.gcp-gcp-audit"),
        ] {
            assert_eq!(tables.resolve(&given).unwrap()[0].0, source, "{given}");
        }
        for (given, reason) in [
            (logsource("windows", "no_such", ""), "--table"),
            (logsource("windows", "", "no_such"), "--table"),
            (logsource("azure", "", "pim"), "Privileged Identity"),
        ] {
            assert!(tables.resolve(&given).unwrap_err().contains(reason), "{given}");
        }
    }

    #[test]
    fn an_entra_rule_looks_into_the_unified_audit_log_too_and_knows_its_full_stops() {
        let tables = Tables::shipped().unwrap();
        let given = logsource("azure", "", "auditlogs");
        let sources: Vec<String> = tables.resolve(&given).unwrap().into_iter().map(|(source, _)| source).collect();
        assert_eq!(sources, ["entra.audit", "m365.audit"]);
        let test = Expr::Is("properties.message".to_owned(), Test::Text(Pattern::literal("Add member to role")));
        let translated = tables.translated("m365.audit", &given, test.clone());
        let full_stop = Expr::Is("properties.message".to_owned(), Test::Text(Pattern::literal("Add member to role.")));
        assert_eq!(translated, Expr::Any(vec![test.clone(), full_stop]));
        assert_eq!(tables.translated("entra.audit", &given, test.clone()), test);
        // One name, another place, by what the rule reads.
        let status = |service: &str| tables.place("m365.audit", &logsource("azure", "", service), "Status").unwrap();
        assert_ne!(status("auditlogs"), status("signinlogs"));
    }

    #[test]
    fn a_table_given_besides_goes_before_the_shipped_ones() {
        let mut tables = Tables::shipped().unwrap();
        let text = "[[table]]\nsource = \"windows.event\"\nproduct = \"windows\"\nfields = { Image = [\"Program\"] }\nchannels = { ours = \"Ours\" }\n";
        tables.add("ours.toml", text).unwrap();
        assert_eq!(tables.place("windows.event", &logsource("windows", "", ""), "Image").unwrap().paths, ["Program"]);
        assert!(
            tables.resolve(&logsource("windows", "", "ours")).is_ok()
                && tables.resolve(&logsource("windows", "", "security")).is_ok()
        );
        let wrong = tables.add("ours.toml", "[[table]]\nsuorce = 1\n").unwrap_err();
        assert!(wrong.starts_with("ours.toml:2:"), "{wrong}");
    }

    #[test]
    fn a_field_that_no_table_names_stands_where_its_name_says() {
        let tables = Tables::shipped().unwrap();
        for (field, path) in [("Plain", "Plain"), ("a.b", "a.b"), ("With Space", "\"With Space\""), ("#attr", "#attr")]
        {
            assert_eq!(tables.place("custom.x", &logsource("x", "", ""), field).unwrap().paths, [path]);
        }
    }
}
