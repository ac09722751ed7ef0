//! The hostile guests of `tests/guests/`: one file, one behaviour, one contract. To add one is to add a file.
//!
//! - `hostile/NAME.wat`: parts of a core module around the prelude (`guest.rs`), or a whole `(component ...)`;
//! - `generated/NAME.rs`: a program, where a text would be too large; `generated/mod.rs` names it;
//! - `sdk/NAME/`: a crate, as an author would write it; built by `cordon build`.
//!
//! Each begins with its contract and what the tests read (`contract.rs`). A file without is an error, never skipped.

mod contract;
#[path = "../../guests/generated/mod.rs"]
mod generated;

use std::fs;
use std::path::{Path, PathBuf};

use cordon::author::build::{Talk, build};
use cordon::author::find;

pub use contract::{Contract, Ends, caps};

use crate::cli::root;
use crate::guest::{Guest, MANIFEST, append_manifest};

/// What every hostile guest declares besides [`MANIFEST`], so that it meets the batches of other plugins.
const AUDIT: &str = r#"
[sources."m365.audit".fields]
operation = "Operation"
user = "UserId"
ip = "ClientIP"
text = "Id"
"#;

/// A hostile guest.
#[derive(Debug, Clone)]
pub struct Hostile {
    /// Its file's name; its manifest's id too.
    pub name: String,
    /// What it does and how that must end.
    pub contract: Contract,
    /// The component.
    pub wasm: Vec<u8>,
}

impl Hostile {
    /// Whether it needs other limits of preparing than the default: under those it takes a minute.
    #[must_use]
    pub fn needs_own_preparing(&self) -> bool {
        self.contract.caps.iter().any(|(cap, _)| cap.starts_with("prepare"))
    }
}

/// All but those written with the SDK, by name.
///
/// # Panics
/// When a file is none, or has no contract.
#[must_use]
pub fn all() -> Vec<Hostile> {
    let mut all: Vec<Hostile> = files("hostile", "wat").iter().map(|path| text(path)).collect();
    all.extend(programs());
    all.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(all.windows(2).all(|pair| pair[0].name != pair[1].name), "two hostile guests have one name");
    all
}

/// One of `hostile/`, by name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn named(name: &str) -> Hostile {
    text(&root().join("tests/guests/hostile").join(format!("{name}.wat")))
}

/// Those written with the SDK.
///
/// # Panics
/// When one does not build.
#[must_use]
pub fn of_sdk() -> Vec<Hostile> {
    let folder = root().join("tests/guests/sdk");
    let out = tempfile::tempdir().unwrap();
    let built =
        build(&find(std::slice::from_ref(&folder), &root()).unwrap(), Some(out.path()), Talk::ErrorsOnly).unwrap();
    let hostile = |one: cordon::author::build::Built| {
        let source = fs::read_to_string(folder.join(&one.id).join("src/lib.rs")).unwrap();
        let contract = Contract::read(&one.id, &source, "//! ").0;
        Hostile { wasm: fs::read(one.path).unwrap(), name: one.id, contract }
    };
    built.into_iter().map(hostile).collect()
}

/// Files of a folder of guests; anything else in it is a mistake.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(root().join("tests/guests").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .inspect(|path| assert!(path.extension().is_some_and(|e| e == extension), "{} is no guest", path.display()))
        .collect();
    found.sort();
    found
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().replace('_', "-")
}

fn text(path: &Path) -> Hostile {
    let name = name_of(path);
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (contract, rest) = Contract::read(&name, &text, ";; ");
    let manifest = manifest(&name, &contract.manifest);
    let wasm = if rest.trim_start().starts_with("(component") {
        let mut wasm = wat::parse_str(rest).unwrap_or_else(|error| panic!("{name}: {error}"));
        append_manifest(&mut wasm, &manifest);
        wasm
    } else {
        parts(&name, rest, &contract).manifest(Some(&manifest)).build()
    };
    Hostile { name, contract, wasm }
}

/// A guest out of its parts, each after a line `;; in detect:`, `;; in configure:`, `;; in realloc:` or `;; in module:`.
fn parts(name: &str, text: &str, contract: &Contract) -> Guest {
    let mut guest = Guest::detecting("");
    let mut pieces = text.split(";; in ");
    let before = pieces.next().unwrap_or_default();
    assert!(before.trim().is_empty(), "{name}: `{before}` stands before the first part");
    for piece in pieces {
        let (part, body) = piece.split_once(":\n").unwrap_or_else(|| panic!("{name}: `;; in PART:` and a new line"));
        guest = match part {
            "detect" => guest.detects(body),
            "configure" => guest.configuring(body),
            "realloc" => guest.allocating(body),
            "module" => guest.with(body),
            _ => panic!("{name}: no part `{part}`"),
        };
    }
    if let Some(pages) = contract.pages {
        guest = guest.pages(pages);
    }
    if let Some(maximum) = contract.maximum {
        guest = guest.maximum(maximum);
    }
    guest
}

fn programs() -> Vec<Hostile> {
    let on_disk: Vec<String> =
        files("generated", "rs").iter().map(|path| name_of(path)).filter(|n| n != "mod").collect();
    let mut named: Vec<String> = generated::ALL.iter().map(|program| program.name.replace('_', "-")).collect();
    named.sort();
    assert_eq!(on_disk, named, "tests/guests/generated/mod.rs names its files");
    let hostile = |program: &generated::Program| {
        let name = program.name.replace('_', "-");
        let contract = Contract::read(&name, program.source, "//! ").0;
        let wasm = (program.component)(&manifest(&name, &contract.manifest));
        Hostile { name, contract, wasm }
    };
    generated::ALL.iter().map(hostile).collect()
}

fn manifest(name: &str, more: &str) -> String {
    format!("{}{AUDIT}{more}", MANIFEST.replace("id = \"guest\"", &format!("id = \"{name}\"")))
}
