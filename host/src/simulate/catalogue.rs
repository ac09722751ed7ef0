//! What events there are: tables of records with their shares, beside this file. A record is JSON text with holes; `[parts]`
//! are pieces of such text by name, `[lists]` choices; what a record `set`s stands before the parts of the same name.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::SimulateError;
use super::template::Template;

const TABLES: [(&str, &str); 7] = [
    ("m365/service.toml", include_str!("m365/service.toml")),
    ("m365/mailbox.toml", include_str!("m365/mailbox.toml")),
    ("m365/files.toml", include_str!("m365/files.toml")),
    ("m365/directory.toml", include_str!("m365/directory.toml")),
    ("entra/signin.toml", include_str!("entra/signin.toml")),
    ("entra/audit.toml", include_str!("entra/audit.toml")),
    ("azure/activity.toml", include_str!("azure/activity.toml")),
];

/// The sources that are simulated.
pub const SOURCES: [&str; 4] = ["m365.audit", "entra.signin", "entra.audit", "azure.activity"];

/// Parts within parts at most.
const DEPTH: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    source: String,
    by: By,
    #[serde(default)]
    parts: BTreeMap<String, String>,
    #[serde(default)]
    lists: BTreeMap<String, Vec<Row>>,
    records: Vec<RecordTable>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Row {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordTable {
    operation: String,
    by: Option<By>,
    share: u64,
    text: String,
    #[serde(default)]
    set: BTreeMap<String, String>,
}

/// Who makes a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum By {
    /// Anybody, in working hours most.
    Person,
    /// Somebody who administers.
    Administrator,
    /// Nobody: day and night alike.
    Service,
}

/// One kind of event.
#[derive(Debug)]
pub(super) struct Record {
    /// Its number in [`SOURCES`].
    pub(super) source: usize,
    pub(super) by: By,
    /// How often, among the records of its source that people, or services, make.
    pub(super) share: u64,
    pub(super) template: Template,
}

/// Choices by name: rows of columns, as JSON text.
#[derive(Debug, Default)]
pub(super) struct Lists {
    names: Vec<String>,
    rows: Vec<Vec<Vec<String>>>,
}

impl Lists {
    /// The number of a list whose rows have that column.
    pub(super) fn position(&self, name: &str, column: usize) -> Option<usize> {
        let at = self.names.iter().position(|known| known == name)?;
        self.rows(at).iter().all(|row| column < row.len()).then_some(at)
    }

    pub(super) fn rows(&self, list: usize) -> &[Vec<String>] {
        self.rows.get(list).map_or(&[], Vec::as_slice)
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    /// With the number of their source.
    parts: BTreeMap<String, (usize, String)>,
    pub(super) lists: Lists,
    pub(super) records: Vec<Record>,
}

impl Catalogue {
    /// Reads the tables.
    pub(super) fn load() -> Result<Self, SimulateError> {
        let mut catalogue = Self::default();
        let mut records = Vec::new();
        for (file, text) in TABLES {
            let table: Table = toml::from_str(text).map_err(|error| SimulateError::table(file, &error.to_string()))?;
            let source = SOURCES.iter().position(|source| *source == table.source);
            let source = source.ok_or_else(|| SimulateError::table(file, "its source is not simulated"))?;
            for (name, part) in table.parts {
                if catalogue.parts.insert(name.clone(), (source, joined(&part))).is_some() {
                    return Err(SimulateError::table(file, &format!("the part `{name}` is there already")));
                }
            }
            for (name, rows) in table.lists {
                catalogue.lists.names.push(name);
                catalogue.lists.rows.push(rows.into_iter().map(Row::columns).collect());
            }
            records.extend(table.records.into_iter().map(|record| (file, source, table.by, record)));
        }
        for (file, source, by, record) in records {
            let mut set: Vec<(&str, &str)> = vec![("operation", &record.operation)];
            set.extend(record.set.iter().map(|(name, text)| (name.as_str(), text.as_str())));
            let template = catalogue.template(&record.text, &set);
            let template = template.map_err(|reason| {
                SimulateError::table(file, &format!("the record `{}`: {reason}", record.operation))
            })?;
            catalogue.records.push(Record { source, by: record.by.unwrap_or(by), share: record.share, template });
        }
        Ok(catalogue)
    }

    /// The number of the source that a part is of.
    pub(super) fn source_of(&self, part: &str) -> Option<usize> {
        self.parts.get(part).map(|(source, _)| *source)
    }

    /// A template of a text, with all parts in place.
    pub(super) fn template(&self, text: &str, set: &[(&str, &str)]) -> Result<Template, String> {
        let mut whole = String::new();
        self.place(&joined(text), set, DEPTH, &mut whole)?;
        Template::compile(&whole, &self.lists)
    }

    fn place(&self, text: &str, set: &[(&str, &str)], depth: usize, out: &mut String) -> Result<(), String> {
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            let (name, after) = behind.split_once('}').ok_or_else(|| format!("`${{{behind}` has no end"))?;
            out.push_str(before);
            let given = set.iter().find(|(known, _)| *known == name).map(|(_, text)| joined(text));
            match given.or_else(|| self.parts.get(name).map(|(_, part)| part.clone())) {
                Some(part) if depth > 0 => self.place(&part, set, depth - 1, out)?,
                Some(_) => return Err(format!("`{name}` is made of itself")),
                None => {
                    out.push_str("${");
                    out.push_str(name);
                    out.push('}');
                }
            }
            rest = after;
        }
        out.push_str(rest);
        Ok(())
    }
}

impl Row {
    fn columns(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![escaped(&text)],
            Self::Many(texts) => texts.iter().map(|text| escaped(text)).collect(),
        }
    }
}

/// A text of several lines as one.
fn joined(text: &str) -> String {
    if text.contains('\n') { text.lines().map(str::trim).collect() } else { text.to_owned() }
}

/// As it stands between the quotes of a JSON string.
pub(super) fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}
