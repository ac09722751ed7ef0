//! Reading the TOML tables, checking all that can be wrong in them.

use std::collections::BTreeMap;

use cordon_contract::path::{Path, Step};
use serde::Deserialize;

use super::recognise::Clause;
use super::{IdentityPath, NamePath, Shape, Source, Sources, TOP_NAMES};
use crate::events::time::TimeFormat;
use crate::model::SourceName;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceTable {
    name: String,
    identity: Vec<Path>,
    shapes: Vec<ShapeTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShapeTable {
    name: String,
    about: String,
    time: Vec<TimeTable>,
    /// Any of them recognises the shape.
    when: Vec<WhenTable>,
    #[serde(default)]
    alias: BTreeMap<String, Vec<String>>,
    /// Canonical fields that this shape does not have, though it may use the name for something else.
    #[serde(default)]
    absent: Vec<Path>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeTable {
    field: Path,
    format: TimeFormat,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhenTable {
    has: Vec<Path>,
    #[serde(default)]
    equals: BTreeMap<Path, Vec<String>>,
}

/// Names in the order of their first use, numbered from 1.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        let at = self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        });
        at as u32 + 1
    }

    fn path(&mut self, path: &Path) -> Result<NamePath, String> {
        let keys = path.steps().iter().map(|step| match step {
            Step::Name(name) => Ok(self.number(name)),
            _ => Err(format!("`{path}`: only names may stand here")),
        });
        Ok(NamePath { keys: keys.collect::<Result<_, _>>()?, text: path.to_string() })
    }

    fn identity(&mut self, steps: Vec<Step>) -> IdentityPath {
        match Path::from_steps(steps.clone()).map(|path| self.path(&path)) {
            Ok(Ok(names)) => IdentityPath::Names(names),
            _ => IdentityPath::Steps(steps),
        }
    }
}

pub(super) fn read(tables: &[(&str, &str)]) -> Result<Sources, String> {
    let mut names = Names::default();
    let mut parsed = Vec::new();
    for (file, text) in tables {
        let table: SourceTable = toml::from_str(text).map_err(|error| format!("{file}: {error}"))?;
        parsed.push((file, table));
    }
    // First the names at the top of events: their numbers must be small.
    for (_, table) in &parsed {
        for path in table.shapes.iter().flat_map(|shape| &shape.when).flat_map(|when| &when.has) {
            if let Some(Step::Name(name)) = path.steps().first() {
                names.number(name);
            }
        }
    }
    if names.0.len() >= TOP_NAMES {
        return Err(format!("more than {TOP_NAMES} names at the top of events"));
    }
    let list = parsed
        .into_iter()
        .map(|(file, table)| source(table, &mut names).map_err(|error| format!("{file}: {error}")))
        .collect::<Result<_, _>>()?;
    Ok(Sources { list, names: names.0 })
}

fn source(table: SourceTable, names: &mut Names) -> Result<Source, String> {
    let name = SourceName::new(&table.name).map_err(|error| error.to_string())?;
    if table.shapes.first().is_none_or(|canonical| !canonical.alias.is_empty() || !canonical.absent.is_empty()) {
        return Err("the first shape is the canonical one: it must be there and have no aliases".into());
    }
    let table_identity = table.identity;
    let shapes = table
        .shapes
        .into_iter()
        .map(|table| {
            let name = table.name.clone();
            shape(table, &table_identity, names).map_err(|error| format!("shape `{name}`: {error}"))
        })
        .collect::<Result<_, _>>()?;
    Ok(Source { name, shapes })
}

fn shape(table: ShapeTable, identity: &[Path], names: &mut Names) -> Result<Shape, String> {
    let times = table.time.iter().map(|time| Ok((names.path(&time.field)?, time.format)));
    let times = times.collect::<Result<Vec<_>, String>>()?;
    if times.is_empty() || table.when.is_empty() {
        return Err("needs a time and something to know it by".into());
    }
    let clauses = table
        .when
        .iter()
        .map(|when| {
            if when.has.is_empty() {
                return Err("`has` is empty".to_owned());
            }
            let has = when.has.iter().map(|path| names.path(path)).collect::<Result<_, _>>()?;
            let equals = when.equals.iter().map(|(path, any)| Ok((names.path(path)?, any.clone())));
            Ok(Clause::new(has, equals.collect::<Result<_, String>>()?))
        })
        .collect::<Result<_, _>>()?;
    let mut aliases = Vec::new();
    for (prefix, replacements) in &table.alias {
        let replacements = replacements.iter().map(|text| steps(text)).collect::<Result<Vec<_>, _>>()?;
        aliases.push((steps(prefix)?, replacements));
    }
    aliases.extend(table.absent.iter().map(|path| (path.steps().to_vec(), Vec::new())));
    aliases.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
    let mut shape = Shape { name: table.name, about: table.about, times, identity: Vec::new(), clauses, aliases };
    shape.identity = identity
        .iter()
        .map(|path| shape.resolve(path.steps()).into_iter().map(|steps| names.identity(steps)).collect())
        .collect();
    Ok(shape)
}

/// A prefix; the empty one is the whole event.
fn steps(text: &str) -> Result<Vec<Step>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    Path::parse(text).map(|path| path.steps().to_vec()).map_err(|error| error.to_string())
}
