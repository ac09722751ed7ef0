//! The generated workspace that makes dynamic libraries of plugins: one two-line crate for each.
//!
//! Plugins are plain libraries in their own workspace, natively testable. Their workspace is seen from here through the
//! symbolic link `root`, so that every path that reaches the compiler is relative and the same sources give the same
//! bytes wherever they lie.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::PluginFolder;
use super::nested::{LINK, PROFILE};

/// What rustc calls a plugin's shim.
pub(super) fn library(id: &str) -> String {
    format!("shim_{}", id.replace('-', "_"))
}

/// Writes the workspace for these plugins, which all have the same root, and answers its folder.
pub(super) fn write(workshop: &Path, root: &Path, plugins: &[&PluginFolder]) -> std::io::Result<PathBuf> {
    let folder = workshop.join("shims");
    std::fs::create_dir_all(&folder)?;
    link(&folder, root)?;
    let mut members = String::new();
    for plugin in plugins {
        let _ = write!(members, "\"{}\", ", plugin.id());
        let crate_folder = folder.join(plugin.id());
        std::fs::create_dir_all(&crate_folder)?;
        write_changed(&crate_folder.join("Cargo.toml"), &shim_manifest(plugin))?;
        // Only who has a second schema can be asked to carry values over.
        let migrates = plugin.manifest.state.as_ref().is_some_and(|state| state.schema > 1);
        let migrates = if migrates { ", migrates" } else { "" };
        let source = format!("cordon_sdk::export_detector!(plugin::CordonDetector{migrates});\n");
        write_changed(&crate_folder.join("lib.rs"), &source)?;
    }
    let workspace = format!(
        "# Made by `cordon build`; made anew each time.\n[workspace]\nresolver = \"3\"\nmembers = [{}]\nexclude = [\"{LINK}\"]\n\n{PROFILE}",
        members.trim_end_matches(", ")
    );
    write_changed(&folder.join("Cargo.toml"), &workspace)?;
    // The same versions as the plugins' own workspace; cargo adds the shims to it.
    if let Ok(lock) = std::fs::read(root.join("Cargo.lock")) {
        std::fs::write(folder.join("Cargo.lock"), lock)?;
    }
    Ok(folder)
}

fn shim_manifest(plugin: &PluginFolder) -> String {
    let mut sdk = plugin.sdk.clone();
    if let Some(path) = sdk.get_mut("path")
        && let Some(absolute) = path.as_str()
    {
        *path = toml::Value::String(seen_from_shim(Path::new(absolute), &plugin.root));
    }
    let mut dependencies = toml::Table::new();
    let mut itself = toml::Table::new();
    itself.insert("path".into(), seen_from_shim(&plugin.path, &plugin.root).into());
    itself.insert("package".into(), plugin.package.clone().into());
    dependencies.insert("cordon-sdk".into(), sdk);
    dependencies.insert("plugin".into(), itself.into());
    let mut table = toml::Table::new();
    table.insert("dependencies".into(), dependencies.into());
    format!(
        "[package]\nname = \"shim-{id}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [lib]\nname = \"{library}\"\ncrate-type = [\"cdylib\"]\npath = \"lib.rs\"\n\n{table}",
        id = plugin.id(),
        library = library(plugin.id()),
    )
}

/// A path below the root goes through the link; any other stays absolute.
fn seen_from_shim(path: &Path, root: &Path) -> String {
    match path.strip_prefix(root) {
        Ok(below) => Path::new("..").join(LINK).join(below).to_string_lossy().trim_end_matches('/').to_owned(),
        Err(_) => path.to_string_lossy().into_owned(),
    }
}

fn link(folder: &Path, root: &Path) -> std::io::Result<()> {
    let link = folder.join(LINK);
    // Relative, so that a copied or moved checkout still points at itself.
    let target = folder.strip_prefix(root).map_or_else(
        |_| root.to_owned(),
        |below| below.components().map(|_| std::path::Component::ParentDir).collect::<PathBuf>(),
    );
    if std::fs::read_link(&link).is_ok_and(|now| now == target) {
        return Ok(());
    }
    match std::fs::remove_file(&link) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::os::unix::fs::symlink(target, link)
}

/// Leaves a file alone that is already as it should be: cargo builds anew what is touched.
pub(super) fn write_changed(path: &Path, text: &str) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|now| now == text.as_bytes()) {
        return Ok(());
    }
    std::fs::write(path, text)
}
