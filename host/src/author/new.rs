//! `cordon new`: a plugin that builds and passes its case at once.
//!
//! Inside the checkout it joins the workspace. Elsewhere it brings this binary's SDK and contract along in `.cordon/sdk/`,
//! as a workspace of their own with the versions that this binary was built with.

use std::path::{Path, PathBuf};

use include_dir::{Dir, DirEntry, include_dir};

use super::folder::workspace_root;

/// What authors build with, and no other library of `sdk/`: folders in the checkout.
static SDK: [(&str, Dir<'_>); 2] = [
    ("sdk/contract", include_dir!("$CARGO_MANIFEST_DIR/../sdk/contract")),
    ("sdk/rust", include_dir!("$CARGO_MANIFEST_DIR/../sdk/rust")),
];
static WIT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../wit");
const WORKSPACE: &str = include_str!("../../../Cargo.toml");
const LOCK: &str = include_str!("../../../Cargo.lock");

const TEMPLATE: &[(&str, &str)] = &[
    ("cordon.toml", include_str!("template/cordon.toml")),
    ("src/lib.rs", include_str!("template/src/lib.rs")),
    ("cases/first/case.toml", include_str!("template/cases/first/case.toml")),
    ("cases/first/events.jsonl", include_str!("template/cases/first/events.jsonl")),
];

/// Members of the workspace that lies in `.cordon/sdk/`.
const MEMBERS: &[&str] = &["sdk/contract", "sdk/rust", "sdk/rust/macros", "sdk/state"];

/// Crate names that would hide others.
const TAKEN: &[&str] =
    &["alloc", "core", "cordon", "cordon-contract", "cordon-sdk", "plugin", "proc-macro", "std", "test"];

/// What was made.
#[derive(Debug)]
pub struct New {
    /// The plugin's folder.
    pub folder: PathBuf,
    /// Whether it is part of a checkout's workspace.
    pub joined: bool,
}

/// Why no plugin was started.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum NewError {
    #[error("plugin name `{0}`: use lower-case letters, digits and single `-`, starting with a letter, at most 64")]
    Name(String),
    #[error("plugin name `{0}` is taken by Rust or Cordon itself: choose another")]
    Taken(String),
    #[error("{}: is there already; choose another name, or remove it", .0.display())]
    Exists(PathBuf),
    #[error("{}: {reason}", path.display())]
    Write { path: PathBuf, reason: String },
}

/// Starts a plugin in, or from, the folder `here`.
///
/// # Errors
/// See [`NewError`]; nothing that existed is changed.
pub fn new(name: &str, here: &Path) -> Result<New, NewError> {
    check(name)?;
    let here = here.canonicalize().map_err(|error| write_error(here, &error))?;
    let checkout = checkout(&here);
    let folder = match &checkout {
        Some(root) if here.starts_with(root.join("examples")) => root.join("examples").join(name),
        Some(root) => root.join("plugins").join(name),
        None => here.join(name),
    };
    if folder.exists() {
        return Err(NewError::Exists(folder));
    }
    for (path, text) in TEMPLATE {
        write(&folder.join(path), text.replace("{id}", name).replace("{type}", &type_name(name)).as_bytes())?;
    }
    if checkout.is_some() {
        write(&folder.join("Cargo.toml"), joined_manifest(name).as_bytes())?;
    } else {
        write(&folder.join("Cargo.toml"), alone_manifest(name).as_bytes())?;
        write(&folder.join("Cargo.lock"), LOCK.as_bytes())?;
        write(&folder.join(".gitignore"), b"/target/\n")?;
        let sdk = folder.join(".cordon").join("sdk");
        write(&sdk.join("Cargo.toml"), sdk_workspace().as_bytes())?;
        for (path, folder) in &SDK {
            unpack(folder, &sdk.join(path))?;
        }
        unpack(&WIT, &sdk.join("wit"))?;
    }
    Ok(New { folder, joined: checkout.is_some() })
}

fn check(name: &str) -> Result<(), NewError> {
    let fits = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !fits || !starts || name.ends_with('-') || name.contains("--") || name.len() > 64 {
        return Err(NewError::Name(name.chars().take(80).collect()));
    }
    if TAKEN.contains(&name) {
        return Err(NewError::Taken(name.to_owned()));
    }
    Ok(())
}

/// The checkout of Cordon that a folder lies in, if any.
fn checkout(here: &Path) -> Option<PathBuf> {
    let root = workspace_root(here).ok()?;
    (root.join("sdk/rust/Cargo.toml").is_file() && root.join("wit/v1/world.wit").is_file()).then_some(root)
}

/// `mail-forwarding` to `MailForwarding`.
fn type_name(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
        })
        .collect()
}

fn joined_manifest(name: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\ndescription = \"Cordon plugin\"\nversion.workspace = true\nedition.workspace = true\n\
         rust-version.workspace = true\nlicense.workspace = true\nauthors.workspace = true\npublish.workspace = true\n\n\
         [lints]\nworkspace = true\n\n[dependencies]\ncordon-sdk.workspace = true\n"
    )
}

fn alone_manifest(name: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\ndescription = \"Cordon plugin\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         publish = false\n\n[dependencies]\ncordon-sdk = {{ path = \".cordon/sdk/sdk/rust\" }}\n\n\
         # A workspace of its own, wherever the folder lies; the SDK in .cordon/sdk is another.\n\
         [workspace]\nexclude = [\".cordon\"]\n"
    )
}

/// The checkout's workspace with the SDK's members only, and only the dependencies that those name.
fn sdk_workspace() -> String {
    let mut root: toml::Table = WORKSPACE.parse().unwrap_or_default();
    let needed = needed_dependencies();
    let mut kept = toml::Table::new();
    if let Some(toml::Value::Table(mut workspace)) = root.remove("workspace") {
        let members = MEMBERS.iter().map(|member| toml::Value::String((*member).to_owned())).collect();
        workspace.insert("members".into(), toml::Value::Array(members));
        workspace.remove("default-members");
        workspace.remove("exclude");
        if let Some(toml::Value::Table(dependencies)) = workspace.get_mut("dependencies") {
            dependencies.retain(|name, _| needed.iter().any(|one| one == name));
        }
        kept.insert("workspace".into(), workspace.into());
    }
    format!("# Cordon {}: the SDK and the contract, as `cordon new` wrote them.\n{kept}", env!("CARGO_PKG_VERSION"))
}

fn needed_dependencies() -> Vec<String> {
    let mut needed = Vec::new();
    let manifests = MEMBERS.iter().map(|member| Path::new(member).join("Cargo.toml"));
    for manifest in manifests {
        let file = SDK.iter().find_map(|(path, folder)| folder.get_file(manifest.strip_prefix(path).ok()?));
        let text = file.and_then(|file| file.contents_utf8()).unwrap_or_default();
        collect(&text.parse().unwrap_or_default(), &mut needed);
    }
    needed
}

/// Names under any `dependencies`, `dev-dependencies`, `build-dependencies` table, targets included.
fn collect(table: &toml::Table, needed: &mut Vec<String>) {
    for (name, value) in table {
        let toml::Value::Table(inner) = value else { continue };
        if name.ends_with("dependencies") {
            needed.extend(inner.keys().cloned());
        } else {
            collect(inner, needed);
        }
    }
}

/// Everything but tests: they belong to the SDK's own development.
fn unpack(dir: &Dir<'_>, to: &Path) -> Result<(), NewError> {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(inner) if inner.path().ends_with("tests") || inner.path().ends_with("target") => {}
            DirEntry::Dir(inner) => unpack(inner, to)?,
            DirEntry::File(file) => write(&to.join(file.path()), file.contents())?,
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), NewError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| write_error(folder, &error))?;
    }
    std::fs::write(path, bytes).map_err(|error| write_error(path, &error))
}

fn write_error(path: &Path, error: &std::io::Error) -> NewError {
    NewError::Write { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_brings_the_dependencies_it_names_and_no_others() {
        let text = sdk_workspace();
        let table: toml::Table = text.parse().unwrap();
        let dependencies = table["workspace"]["dependencies"].as_table().unwrap();
        assert!(dependencies.contains_key("wit-bindgen") && dependencies.contains_key("cordon-contract"));
        assert!(!dependencies.contains_key("wasmtime"));
    }

    #[test]
    fn names_that_cannot_be_a_plugin_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["", "Mail", "-a", "a--b", "a_b", "1a", "std", &"a".repeat(65)] {
            assert!(new(name, folder.path()).is_err(), "{name}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn every_placeholder_of_the_template_is_filled() {
        let folder = tempfile::tempdir().unwrap();
        let made = new("a-new-one", folder.path()).unwrap();
        let source = std::fs::read_to_string(made.folder.join("src/lib.rs")).unwrap();
        assert!(source.contains("struct ANewOne") && !source.contains("{type}"));
        assert!(!made.joined && made.folder.join(".cordon/sdk/wit/v1/world.wit").is_file());
        assert!(made.folder.join(".cordon/sdk/sdk/rust/macros/src/lib.rs").is_file());
    }
}
