//! The manifest of a pack: its sources with exactly the fields that its rules use, and one manifest rule for each Sigma rule.

mod handles;

use std::collections::BTreeSet;

use cordon_contract::limits;
use cordon_contract::manifest::Manifest;
use toml::{Table, Value};

use self::handles::Handles;
use crate::build::{Built, licence};
use crate::rule::Rule;

/// Bytes of a longer text of a manifest.
const TEXT_BYTES: usize = 4_096;
/// Texts of a list of a manifest.
const ENTRIES: usize = 64;

/// How the plugin is called.
#[derive(Debug, Clone)]
pub struct Name {
    /// Kebab-case.
    pub id: String,
    /// Semantic version.
    pub version: String,
    /// Who answers for the plugin; the rules' authors stand in the rules.
    pub authors: Vec<String>,
}

/// The text of the manifest, which a host takes.
///
/// # Errors
/// What the manifest's own checks say: an id that is none, no rules, more fields than a source may have.
pub fn manifest(built: &Built, name: &Name) -> Result<String, String> {
    let mut root = Table::new();
    let summary = format!("{} Sigma rules", built.rules.len());
    root.insert(
        "plugin".into(),
        table([
            ("id", name.id.clone().into()),
            ("version", name.version.clone().into()),
            ("summary", summary.into()),
            ("authors", name.authors.clone().into()),
            ("licence", "LicenseRef-see-each-rule".into()),
        ]),
    );
    let (mut sources, mut handles) = (Table::new(), Handles::default());
    for (source, fields) in &built.pack.sources {
        let paths: BTreeSet<&String> = fields.fields.values().flat_map(|place| &place.paths).collect();
        let of_people = |kind: &str| fields.entities.get(kind).into_iter().flatten();
        let personal: BTreeSet<&String> = of_people("user")
            .chain(of_people("ip"))
            .filter_map(|name| fields.fields.get(name))
            .flat_map(|place| &place.paths)
            .collect();
        let declared = paths.into_iter().map(|path| {
            let field = if personal.contains(path) {
                let why = "says whom a finding is about, and rules ask for it";
                table([("path", path.clone().into()), ("personal", true.into()), ("why", why.into())])
            } else {
                Value::from(path.clone())
            };
            (handles.of(source, path), field)
        });
        let declared: Table = declared.collect();
        sources.insert(source.clone(), table([("fields", declared.into())]));
    }
    root.insert("sources".into(), sources.into());
    let keywords = built.pack.rules.iter().any(|rule| rule.when.has_keywords());
    root.insert("grants".into(), table([("whole-events", keywords.into())]));
    root.insert("limits".into(), table([("memory-mib", Value::Integer(MEMORY_MIB))]));
    let pack = [
        ("type", "string".into()),
        ("default", "".into()),
        ("description", "The rules, as `cordon sigma build` read them".into()),
    ];
    let fields = [
        ("type", "map".into()),
        ("default", Value::Table(Table::new())),
        (
            "description",
            "Fields that stand elsewhere in this force's events: Sigma's name to a path that is declared; `windows.event:Image` of that source alone"
                .into(),
        ),
    ];
    let run = table([("fields", table(fields))]);
    root.insert("settings".into(), table([("load", table([("pack", table(pack))])), ("run", run)]));
    let windows = built.pack.windows.iter().map(|(name, window)| {
        let counts = if window.distinct { "distinct" } else { "events" };
        let window = table([
            ("counts", counts.into()),
            ("length", format!("{}s", window.seconds).into()),
            ("lateness", LATENESS.into()),
            ("cap", Value::Integer((window.at_least + 1).max(CAP).into())),
        ]);
        (name.clone(), window)
    });
    let windows: Table = windows.collect();
    if !windows.is_empty() {
        root.insert("windows".into(), windows.into());
    }
    let ordered: Vec<u64> = built.pack.correlations.iter().map(|of| of.within).filter(|within| *within > 0).collect();
    if !ordered.is_empty() {
        root.insert("state".into(), table([("schema", Value::Integer(1))]));
    }
    let of_list = |list: &str| {
        let purpose = format!("Values of the placeholder `%{list}%` of Sigma rules");
        (list.to_owned(), table([("kind", "set".into()), ("purpose", purpose.into())]))
    };
    let lists: Table = built.pack.lists().into_iter().map(of_list).collect();
    if !lists.is_empty() {
        root.insert("lists".into(), lists.into());
    }
    let rules: Vec<Value> = built.rules.iter().map(|(id, rule)| of_rule(id, rule)).collect();
    root.insert("rules".into(), rules.into());
    let text = toml::to_string(&root).map_err(|error| error.to_string())?;
    match Manifest::parse(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(error.to_string().lines().next().unwrap_or_default().to_owned()),
    }
}

/// How late an event may come and still be correlated with others.
const LATENESS: &str = "2h";
/// What a window tells apart at least, and one more than its number: the event that reaches it is told from those behind. The more, the later an event of a busy group may come.
const CAP: u32 = 256;

/// What the engine asks for: all of SigmaHQ's rules take half of it.
const MEMORY_MIB: i64 = 256;

fn table<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Table(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn of_rule(id: &str, rule: &Rule) -> Value {
    let place = format!("{}", rule.logsource);
    let author = rule.author.as_deref().unwrap_or("an author who gives no name");
    let mut about = if rule.description.is_empty() { rule.title.clone() } else { rule.description.clone() };
    about.push_str(&format!(
        "\n\nSigma rule {} by {author}. Licence: {}.",
        rule.id.as_deref().unwrap_or("without id"),
        licence(rule)
    ));
    let plain: Vec<&String> = rule.references.iter().filter(|reference| !is_reference(reference)).collect();
    if !plain.is_empty() {
        about.push_str(&format!(
            "\nSee also: {}",
            plain.iter().map(|text| text.as_str()).collect::<Vec<_>>().join(", ")
        ));
    }
    let references = rule.references.iter().filter(|reference| is_reference(reference)).take(ENTRIES).cloned();
    let texts = |texts: &[String]| -> Vec<String> {
        texts.iter().take(ENTRIES).map(|text| shortened(text, TEXT_BYTES)).collect()
    };
    let mut false_positives = texts(&rule.false_positives);
    if false_positives.is_empty() {
        false_positives.push("The rule's author names none".to_owned());
    }
    let look = match &rule.correlation {
        None => format!("Look at the event's fields below: the rule looks for {place}."),
        Some(_) => "Look at the cited events together: the rule counts them within a length of time.".to_owned(),
    };
    let steps = [
        look,
        "Compare with what the rule's author names as harmless, then ask the user or the system's owner.".to_owned(),
    ];
    table([
        ("id", id.into()),
        ("title", shortened(&line(&rule.title), limits::TITLE_BYTES).into()),
        ("severity", rule.level.word().into()),
        ("attack", techniques(&rule.tags).into()),
        ("description", shortened(&about, TEXT_BYTES).into()),
        ("next-steps", steps.to_vec().into()),
        ("false-positives", false_positives.into()),
        ("references", references.collect::<Vec<_>>().into()),
    ])
}

/// `attack.t1059.001` is `T1059.001`.
fn techniques(tags: &[String]) -> Vec<String> {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let technique = |tag: &String| {
        let number = tag.to_lowercase().strip_prefix("attack.t")?.to_owned();
        let form = match number.split_once('.') {
            None => digits(&number, 4),
            Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
        };
        form.then(|| format!("T{number}"))
    };
    let mut found: Vec<String> = tags.iter().filter_map(technique).collect();
    found.sort();
    found.dedup();
    found.truncate(ENTRIES);
    found
}

fn is_reference(text: &str) -> bool {
    let host = text.strip_prefix("https://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or(""));
    host.is_some_and(|host| host.contains('.'))
        && text.len() <= 2_048
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn line(text: &str) -> String {
    text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// At most so many bytes, whole characters.
fn shortened(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mut end = bytes - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default())
}
