//! Builds the plugins that the host carries in itself to core modules, `OUT_DIR/ID.wasm`.
//!
//! A nested cargo with its own workspace and target folder below OUT_DIR, so that it waits for no lock of the outer one. It
//! downloads nothing that the lock file does not name, and nothing at all once that is there. `registry/builtin.rs` makes
//! components of the modules.

#![allow(clippy::expect_used, clippy::panic, reason = "a build that fails says so and ends")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[path = "src/author/nested.rs"]
mod nested;

use nested::{LINK, PROFILE, TARGET, leaks, remapped};

/// Folders of these plugins below the checkout. A folder is called by its plugin's id, and so is its package.
const PLUGINS: &[&str] = &["plugins/cordon-health", "sdk/sigma-engine"];

fn main() {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).expect("cargo sets it");
    let (host, out) = (variable("CARGO_MANIFEST_DIR"), variable("OUT_DIR"));
    let root = host.parent().expect("the host lies in the checkout");
    for path in PLUGINS
        .iter()
        .flat_map(|plugin| [format!("{plugin}/Cargo.toml"), format!("{plugin}/cordon.toml"), format!("{plugin}/src")])
    {
        // A watched file that is not there would run this anew each time, and the engine of Sigma has no manifest of its own.
        if root.join(&path).exists() {
            watch(&root.join(path));
        }
    }
    for path in [
        "sdk/contract/src",
        "sdk/contract/Cargo.toml",
        "sdk/rust/src",
        "sdk/rust/Cargo.toml",
        "sdk/rust/macros/src",
        "sdk/rust/macros/Cargo.toml",
        "sdk/sigma/src",
        "sdk/sigma/data",
        "sdk/sigma/Cargo.toml",
    ] {
        watch(&root.join(path));
    }
    for path in ["wit", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "host/build.rs", "host/src/author/nested.rs"]
    {
        watch(&root.join(path));
    }
    need_target(root);
    let built = out.join("builtin");
    let shims = built.join("shims");
    write_shims(&shims, root);
    let mut cargo = clean("cargo", &shims);
    cargo.args(["build", "--quiet", "--release", "--target", TARGET, "--target-dir"]).arg(built.join("target"));
    let mut flags = remapped(root);
    // The sandbox takes 128-bit vectors, and an engine that goes over sets and long text is the faster for them.
    flags.push("-Ctarget-feature=+simd128".to_owned());
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    // The outer cargo's threads are shared, not doubled.
    if let Some(jobs) = std::env::var_os("CARGO_MAKEFLAGS") {
        cargo.env("CARGO_MAKEFLAGS", jobs);
    }
    let status = cargo.stdin(Stdio::null()).status().expect("cargo starts");
    assert!(status.success(), "the built-in plugins do not compile to {TARGET}: cargo says why above");
    let modules = built.join("target").join(TARGET).join("release");
    for id in PLUGINS.iter().map(|plugin| id(plugin)) {
        let from = modules.join(format!("shim_{}.wasm", id.replace('-', "_")));
        std::fs::copy(&from, out.join(format!("{id}.wasm"))).expect("the module is there and OUT_DIR can be written");
    }
}

fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

fn id(plugin: &str) -> &str {
    plugin.rsplit('/').next().unwrap_or(plugin)
}

/// A call that nothing of the outer cargo reaches but where packages come from.
fn clean(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(leaks) {
            command.env_remove(name);
        }
    }
    command
}

/// The Wasm target is there, is added, or the message says how to get it.
fn need_target(root: &Path) {
    if has_target(root) {
        return;
    }
    let added = clean("rustup", root).args(["target", "add", TARGET]).stdout(Stdio::null()).status();
    if added.is_ok_and(|status| status.success()) && has_target(root) {
        return;
    }
    panic!(
        "missing: the target {TARGET} of the Rust toolchain\nget it with: rustup target add {TARGET}   (in the checkout; rustup itself: https://rustup.rs)"
    );
}

fn has_target(root: &Path) -> bool {
    let asked = clean("rustc", root).args(["--print", "target-libdir", "--target", TARGET]).output();
    let Some(asked) = asked.ok().filter(|asked| asked.status.success()) else { return false };
    let folder = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    // The folder alone may be left over from a removed target: the standard library must be in it.
    let mut files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
}

/// The workspace of shims, as `author/shims.rs` makes it for `cordon build`.
fn write_shims(shims: &Path, root: &Path) {
    let write = |path: &Path, text: &str| {
        if std::fs::read(path).ok().as_deref() != Some(text.as_bytes()) {
            std::fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    };
    let mut members = Vec::new();
    for plugin in PLUGINS {
        let id = id(plugin);
        let folder = shims.join(id);
        std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let library = id.replace('-', "_");
        write(&folder.join("lib.rs"), "cordon_sdk::export_detector!(plugin::CordonDetector);\n");
        let manifest = format!(
            "[package]\nname = \"shim-{id}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
             [lib]\nname = \"shim_{library}\"\ncrate-type = [\"cdylib\"]\npath = \"lib.rs\"\n\n\
             [dependencies]\ncordon-sdk = {{ path = \"../{LINK}/sdk/rust\" }}\n\
             plugin = {{ path = \"../{LINK}/{plugin}\", package = \"{id}\" }}\n"
        );
        write(&folder.join("Cargo.toml"), &manifest);
        members.push(format!("\"{id}\""));
    }
    let members = members.join(", ");
    let workspace =
        format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\nexclude = [\"{LINK}\"]\n\n{PROFILE}");
    write(&shims.join("Cargo.toml"), &workspace);
    std::fs::copy(root.join("Cargo.lock"), shims.join("Cargo.lock")).expect("the checkout has a Cargo.lock");
    let link = shims.join(LINK);
    if std::fs::read_link(&link).ok().as_deref() != Some(root) {
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(root, &link).unwrap_or_else(|error| panic!("{}: {error}", link.display()));
    }
}
