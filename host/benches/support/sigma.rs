//! SigmaHQ's rules as files, and rules as a plugin.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The rules of the archive as files, in a folder.
pub fn unpacked(archive: &Path, folder: &Path) -> PathBuf {
    let tree = folder.join("sigmahq");
    let file = std::fs::File::open(archive).unwrap();
    tar::Archive::new(zstd::Decoder::new(file).unwrap()).unpack(&tree).unwrap();
    tree
}

/// Rules as a plugin, as an author makes it. What the command said.
pub fn built(rules: &Path, wasm: &Path) -> String {
    let mut cordon = Command::new(env!("CARGO_BIN_EXE_cordon"));
    let made = cordon.args(["sigma", "build"]).arg(rules).arg("-o").arg(wasm).output().unwrap();
    assert!(wasm.exists(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8_lossy(&made.stdout).into_owned()
}
