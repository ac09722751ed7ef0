//! The Rust toolchain that builds plugins, and its wasm target: found, added when missing, or named in three lines.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::nested::{TARGET, leaks};

/// What is missing on this machine. Displays as three lines: what, the command, what works without it.
#[derive(Debug, thiserror::Error)]
#[error(
    "missing: {what}\nget it with: {command}\nwithout it: plugins that are already built (.wasm) still inspect, run and bench"
)]
pub struct ToolchainMissing {
    what: String,
    command: String,
}

/// The cargo to call, with its wasm target present.
#[derive(Debug)]
pub(super) struct Toolchain {
    root: PathBuf,
    added: bool,
}

impl Toolchain {
    /// Finds the toolchain that cargo uses in `root` (RUSTUP_TOOLCHAIN, then rust-toolchain.toml, then the default) and
    /// adds the wasm target to it where that is missing.
    pub(super) fn for_root(root: &Path) -> Result<Self, ToolchainMissing> {
        let mut toolchain = Self { root: root.to_owned(), added: false };
        if toolchain.has_target()? {
            return Ok(toolchain);
        }
        let added = toolchain.command("rustup").args(["target", "add", TARGET]).output();
        if added.is_ok_and(|output| output.status.success()) && toolchain.has_target()? {
            toolchain.added = true;
            return Ok(toolchain);
        }
        let name = toolchain.name();
        Err(ToolchainMissing {
            what: format!(
                "the target {TARGET} of the Rust toolchain{}",
                name.as_ref().map_or(String::new(), |n| format!(" {n}"))
            ),
            command: match name {
                Some(name) => format!("rustup target add {TARGET} --toolchain {name}"),
                None => format!("rustup target add {TARGET}   (rustup itself: https://rustup.rs)"),
            },
        })
    }

    /// Whether the target had to be added.
    pub(super) fn added(&self) -> bool {
        self.added
    }

    /// A cargo call in `folder`, free of what an outer `cargo run` or `cargo test` left in the environment.
    pub(super) fn cargo(&self, folder: &Path) -> Command {
        let mut command = self.command("cargo");
        command.current_dir(folder);
        command
    }

    fn has_target(&self) -> Result<bool, ToolchainMissing> {
        let output = self.command("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
        match output {
            Ok(output) if output.status.success() => {
                let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                // The folder alone may be left over from a removed target: the standard library must be in it.
                let entries = std::fs::read_dir(folder)
                    .map(|entries| entries.flatten().any(|e| e.file_name().to_string_lossy().starts_with("libstd-")));
                Ok(entries.unwrap_or(false))
            }
            Ok(output) => Err(ToolchainMissing {
                what: format!(
                    "a working Rust compiler: {}",
                    String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("rustc failed")
                ),
                command: "rustup toolchain install".to_owned()
                    + &self.wanted().map_or(String::new(), |name| format!(" {name}"))
                    + &format!(" --target {TARGET}"),
            }),
            Err(_) => Err(ToolchainMissing {
                what: "the Rust compiler (rustc is not on the PATH)".into(),
                command: "curl --proto '=https' -sSf https://sh.rustup.rs | sh   (see https://rustup.rs)".into(),
            }),
        }
    }

    /// The toolchain that was asked for by name, if any.
    fn wanted(&self) -> Option<String> {
        if let Some(name) = std::env::var_os("RUSTUP_TOOLCHAIN") {
            return Some(name.to_string_lossy().into_owned());
        }
        let text = std::fs::read_to_string(self.root.join("rust-toolchain.toml")).ok()?;
        let table: toml::Table = text.parse().ok()?;
        Some(table.get("toolchain")?.get("channel")?.as_str()?.to_owned())
    }

    /// The active toolchain's name, as rustup says it.
    fn name(&self) -> Option<String> {
        let output = self.command("rustup").args(["show", "active-toolchain"]).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.split_whitespace().next().map(str::to_owned).filter(|name| !name.is_empty())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(leaks) {
                command.env_remove(name);
            }
        }
        command
    }
}
