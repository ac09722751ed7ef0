//! The house rules that a compiler does not check: edges between stages, banned crates, the fixed top level.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Stage names that a file uses: `crate::x`, and `crate::{x, y::z}`.
fn stages_used(text: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        if text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut item = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || (depth == 1 && c == ',') {
                    used.insert(first_word(item.trim()));
                    item.clear();
                    if depth == 0 {
                        break;
                    }
                } else {
                    item.push(c);
                }
            }
        } else {
            used.insert(first_word(rest));
        }
    }
    used.remove("");
    used
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn allowed_edges() -> BTreeMap<String, BTreeSet<String>> {
    let page = fs::read_to_string(root().join("host/ARCHITECTURE.md")).unwrap();
    let section = page.split("## Allowed edges").nth(1).unwrap().split("\n## ").next().unwrap();
    section
        .lines()
        .filter(|line| line.starts_with('|') && !line.contains("---") && !line.contains("may use"))
        .map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            let stage = cells.next().unwrap().to_owned();
            let uses = cells.next().unwrap().split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty());
            (stage, uses.collect())
        })
        .collect()
}

#[test]
fn stages_use_only_the_edges_of_the_architecture_page() {
    let edges = allowed_edges();
    let source = root().join("host/src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    assert!(files.len() > 10, "no source found below {}", source.display());
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&source).unwrap();
        let stage = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if matches!(stage.as_str(), "lib" | "main") {
            continue;
        }
        let Some(allowed) = edges.get(&stage) else {
            wrong.push(format!("{}: stage `{stage}` is not in the table", inside.display()));
            continue;
        };
        for used in stages_used(&fs::read_to_string(&file).unwrap()) {
            if used != stage && !allowed.contains(&used) {
                wrong.push(format!("{}: `{stage}` may not use `{used}`", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "edges that host/ARCHITECTURE.md does not allow:\n{}", wrong.join("\n"));
}

#[test]
fn the_edge_reader_sees_every_way_to_write_a_path() {
    let text =
        "use crate::model::Force;\nuse crate::{ids::{Digest, x}, events};\nlet a = crate::sandbox::f();\n$crate::no";
    assert_eq!(stages_used(text), ["events", "ids", "model", "sandbox"].map(String::from).into());
}

#[test]
fn no_banned_crate_is_in_the_lock_file() {
    let deny = fs::read_to_string(root().join("deny.toml")).unwrap();
    let banned: Vec<&str> =
        deny.lines().filter_map(|line| line.trim().strip_prefix("{ crate = \"")?.split('"').next()).collect();
    assert!(banned.contains(&"openssl-sys"));
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for name in banned {
        assert!(!lock.contains(&format!("name = \"{name}\"\n")), "{name} is banned by deny.toml");
    }
}

#[test]
fn the_top_level_is_fixed() {
    let expected = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "clippy.toml",
        "deny.toml",
        "examples",
        "host",
        "plugins",
        "rust-toolchain.toml",
        "rustfmt.toml",
        "sdk",
        "tests",
        "wit",
    ];
    let listing = std::process::Command::new("git").arg("-C").arg(root()).args(["ls-files"]).output().unwrap();
    if !listing.status.success() {
        cordon_tests::skip("a git checkout");
        return;
    }
    let top: BTreeSet<String> = String::from_utf8(listing.stdout)
        .unwrap()
        .lines()
        .map(|path| path.split('/').next().unwrap().to_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    assert_eq!(top, expected.map(String::from).into());
}
