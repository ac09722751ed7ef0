//! A plugin that looks for values in fields, such as a list of addresses: Sigma rules made of them.

use std::collections::BTreeMap;

use cordon_contract::path::Path;
use cordon_sigma::build::{Built, Choice, build};
use cordon_sigma::logsource::Tables;
use cordon_sigma::rule::{Options, Rules};
use serde_json::json;

use super::SigmaError;

/// Values at most: more make a rule that no message can show and no batch can afford.
pub const VALUES: usize = 100_000;
/// The log source that the made table knows.
const PRODUCT: &str = "hunt";

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Values<'v> {
    /// Each one means itself: it holds no wildcard.
    pub values: &'v [String],
    /// Sources, each with the paths that are looked at.
    pub fields: &'v BTreeMap<String, Vec<String>>,
    /// Anywhere in the field, instead of as the whole of it.
    pub inside: bool,
}

/// One rule for each source: any of its fields holds any of the values, in any case of letters.
///
/// # Errors
/// No value, too many of them, a source or a path that is none.
pub fn rules_of(asked: &Values<'_>) -> Result<Built, SigmaError> {
    let count = asked.values.len();
    if count == 0 || count > VALUES {
        return Err(SigmaError::Table(format!("{count} values: give from 1 to {VALUES}")));
    }
    let values: Vec<String> = asked.values.iter().map(|value| literal(value)).collect();
    let (mut tables, mut rules) = (Tables::default(), Rules::default());
    for (source, paths) in asked.fields {
        let mut fields = toml::Table::new();
        let mut any = Vec::new();
        for (at, path) in paths.iter().enumerate() {
            Path::parse(path).map_err(|error| SigmaError::Table(format!("{source}:{path}: {error}")))?;
            fields.insert(format!("f{at}"), vec![path.clone()].into());
            let name = if asked.inside { format!("f{at}|contains") } else { format!("f{at}") };
            any.push(json!({ name: values }));
        }
        let one: toml::Table = [
            ("source".to_owned(), source.clone().into()),
            ("product".to_owned(), PRODUCT.into()),
            ("services".to_owned(), vec![source.clone()].into()),
            ("fields".to_owned(), fields.into()),
        ]
        .into_iter()
        .collect();
        let table: toml::Table = [("table".to_owned(), toml::Value::Array(vec![one.into()]))].into_iter().collect();
        tables.add(source, &table.to_string()).map_err(SigmaError::Table)?;
        let rule = json!({
            "title": format!("A value that was hunted for, in {source}"),
            "status": "stable",
            "level": "medium",
            "logsource": { "product": PRODUCT, "service": source },
            "detection": { "any": any, "condition": "any" },
        });
        rules.read(source, rule.to_string().as_bytes(), &Options::default());
    }
    rules.finish();
    let built = build(rules, &tables, Choice { no_keywords: false });
    match built.refused.first() {
        Some(refused) => Err(SigmaError::Manifest(refused.to_string())),
        None => Ok(built),
    }
}

/// A text as a rule writes it that means this text alone.
fn literal(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '\\' | '*' | '?') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}
