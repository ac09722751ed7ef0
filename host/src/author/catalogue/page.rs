//! The catalogue as a Markdown page: the lists that plugins look up; per plugin its rules, and the fields that it reads, personal
//! ones with the reason.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cordon_contract::manifest::{Manifest, Source};

/// A page of these plugins, sorted by id.
#[must_use]
pub fn page<'m>(manifests: impl IntoIterator<Item = &'m Manifest>) -> String {
    let mut all: Vec<&Manifest> = manifests.into_iter().collect();
    all.sort_by(|a, b| a.plugin.id.cmp(&b.plugin.id));
    let rules: usize = all.iter().map(|manifest| manifest.rules.len()).sum();
    let techniques: BTreeSet<&str> =
        all.iter().flat_map(|manifest| &manifest.rules).flat_map(|rule| &rule.attack).map(String::as_str).collect();
    let mut out = format!(
        "# The plugins\n\n\
         Generated from the manifests: `cordon coverage plugins --format markdown > plugins/README.md`. A test fails when it is not \
         up to date.\n\n\
         {} plugins, {rules} rules, {} ATT&CK techniques (`cordon coverage plugins > layer.json` for the ATT&CK Navigator). What they \
         find in real records, judged: [JUDGED.md](JUDGED.md).\n\n\
         A plugin sees the fields listed under it and no others. **Personal** fields are marked with the reason why they are read.\n\n\
         | plugin | what it finds | sources | rules |\n| --- | --- | --- | --- |\n",
        all.len(),
        techniques.len(),
    );
    for manifest in &all {
        let plugin = &manifest.plugin;
        let sources: Vec<String> = manifest.sources.keys().map(|name| format!("`{name}`")).collect();
        let (id, summary, count) = (&plugin.id, cell(&plugin.summary), manifest.rules.len());
        line(&mut out, format_args!("| [{id}](#{id}) | {summary} | {} | {count} |", sources.join(", ")));
    }
    lists(&mut out, &all);
    all.iter().for_each(|manifest| section(&mut out, manifest));
    out
}

/// The lists that the plugins look up, each with all plugins that do: it is filled once for them.
fn lists(out: &mut String, all: &[&Manifest]) {
    let names: BTreeSet<&String> = all.iter().flat_map(|manifest| manifest.lists.keys()).collect();
    if names.is_empty() {
        return;
    }
    line(
        out,
        format_args!(
            "\n## Lists\n\nEach is filled once, for all plugins that look it up: `cordon list put NAME FILE --for all --reason TEXT`.\n"
        ),
    );
    line(out, format_args!("| list | what stands in it | looked up by |\n| --- | --- | --- |"));
    for name in names {
        let by: Vec<&Manifest> = all.iter().copied().filter(|manifest| manifest.lists.contains_key(name)).collect();
        let purpose = by.first().and_then(|manifest| manifest.lists.get(name)).map_or("", |list| list.purpose.as_str());
        let ids: Vec<String> = by.iter().map(|manifest| format!("`{}`", manifest.plugin.id)).collect();
        line(out, format_args!("| `{name}` | {} | {} |", cell(purpose), ids.join(", ")));
    }
}

fn section(out: &mut String, manifest: &Manifest) {
    let plugin = &manifest.plugin;
    line(out, format_args!("\n## {}\n\n{}. Version {}.\n", plugin.id, plugin.summary, plugin.version));
    line(out, format_args!("| rule | what | severity | ATT&CK |\n| --- | --- | --- | --- |"));
    for rule in &manifest.rules {
        let techniques: Vec<String> = rule.attack.iter().map(|id| technique(id)).collect();
        let (title, severity) = (cell(&rule.title), rule.severity.word());
        line(out, format_args!("| `{}` | {title} | {severity} | {} |", rule.id, techniques.join(", ")));
    }
    if manifest.grants.whole_events {
        line(out, format_args!("\nAsks for the grant `whole-events`: it then sees each event exactly as received."));
    }
    for (name, source) in &manifest.sources {
        fields(out, name, source);
    }
    let settings: Vec<String> = manifest.settings.run.keys().map(|name| format!("`{name}`")).collect();
    if !settings.is_empty() {
        line(out, format_args!("\nSettings of a force: {}.", settings.join(", ")));
    }
}

fn fields(out: &mut String, name: &str, source: &Source) {
    let (personal, others): (Vec<_>, Vec<_>) = source.fields.values().partition(|field| field.personal);
    line(out, format_args!("\nReads of `{name}`:\n"));
    for field in personal {
        let why = field.why.as_deref().unwrap_or("no reason given");
        line(out, format_args!("- **personal** {}: {}", code(&field.path.to_string()), why.trim()));
    }
    let others: Vec<String> = others.iter().map(|field| code(&field.path.to_string())).collect();
    if !others.is_empty() {
        line(out, format_args!("- {}", others.join(", ")));
    }
}

/// Writing to a string cannot fail.
fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = writeln!(out, "{text}");
}

fn technique(id: &str) -> String {
    format!("[{id}](https://attack.mitre.org/techniques/{}/)", id.replace('.', "/"))
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// A text that does not end its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_fields_come_first_with_the_reason_and_cells_hold() {
        let text = "[plugin]\nid = \"one\"\nversion = \"1.0.0\"\nsummary = \"a | b\"\nauthors = [\"a\"]\nlicence = \"l\"\n\
             [sources.\"custom.x\".fields]\nop = \"op\"\nwho = { path = \"who\", personal = true, why = \"names them\" }\n\
             [lists.known]\nkind = \"set\"\npurpose = \"who is known\"\n\
             [[rules]]\nid = \"r\"\ntitle = \"t\"\nseverity = \"low\"\nattack = [\"T1098.001\"]\ndescription = \"d\"\nnext-steps = [\"n\"]\nfalse-positives = []\n";
        let page = page([&Manifest::parse(text).unwrap()]);
        assert!(page.contains("| [one](#one) | a \\| b | `custom.x` | 1 |"), "{page}");
        assert!(page.contains("- **personal** `who`: names them\n- `op`\n"), "{page}");
        assert!(page.contains("| `known` | who is known | `one` |\n"), "{page}");
        assert!(page.contains("[T1098.001](https://attack.mitre.org/techniques/T1098/001/)"), "{page}");
    }
}
