//! A cargo call inside of another one: the target of plugins, what of the outer call must not reach them, and the flags that
//! keep this machine out of their bytes.
//!
//! `host/build.rs` reads this file too, for the plugins that the host carries in itself: nothing but the standard library.

use std::path::{Path, PathBuf};

/// The target that plugins are built for.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// The link to the plugins' own workspace: see `shims`.
pub(super) const LINK: &str = "root";

/// Of every component's build.
pub(super) const PROFILE: &str = "[profile.release]\nopt-level = 3\nlto = \"fat\"\ncodegen-units = 1\npanic = \"abort\"\n\
     strip = \"debuginfo\"\ndebug = false\nincremental = false\n";

/// Whether a variable of the outer build would change what the plugins are built to. Where packages come from
/// (CARGO_HOME, network, registries) and how cargo talks (CARGO_TERM_*) stay.
pub(super) fn leaks(name: &str) -> bool {
    const KEPT: &[&str] =
        &["CARGO_HOME", "CARGO_HTTP", "CARGO_NET", "CARGO_REGISTR", "CARGO_SOURCE", "CARGO_TERM", "CARGO_BUILD_JOBS"];
    const OTHERS: &[&str] = &[
        "RUSTFLAGS",
        "RUSTDOCFLAGS",
        "RUSTC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTDOC",
        "MAKEFLAGS",
        "RUSTC_BOOTSTRAP",
    ];
    OTHERS.contains(&name)
        || name.starts_with("__CARGO")
        || (name.starts_with("CARGO_") && !KEPT.iter().any(|kept| name.starts_with(kept)))
}

/// No folder of this machine ends up in a plugin: the same sources give the same bytes anywhere.
pub(super) fn remapped(root: &Path) -> Vec<String> {
    let mut flags = vec![format!("--remap-path-prefix={}=", root.display())];
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    if let Some(home) = cargo_home {
        flags.push(format!("--remap-path-prefix={}=cargo", home.join("registry").join("src").display()));
    }
    // rustc takes the last prefix that fits.
    flags.push(format!("--remap-path-prefix={LINK}="));
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_outer_build_sets_does_not_reach_the_plugins_build() {
        for name in
            ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_TARGET_DIR", "CARGO_PKG_NAME"]
        {
            assert!(leaks(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_TERM_COLOR", "RUSTUP_TOOLCHAIN", "PATH", "HTTPS_PROXY"] {
            assert!(!leaks(name), "{name}");
        }
    }
}
