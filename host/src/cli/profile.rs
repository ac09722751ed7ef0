//! Client profiles: which host, whose token. One file each below `$XDG_CONFIG_HOME/cordon/profiles/`, readable by their owner
//! only; the token's text is never in them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::private;

/// The profile of whoever names none.
pub(super) const DEFAULT: &str = "default";

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Profile {
    /// `https://HOST:PORT`
    pub(super) host: String,
    /// The file with the token.
    pub(super) token_file: PathBuf,
    /// The authority that the host's certificate leads to, where it is none of the public ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ca_file: Option<PathBuf>,
}

impl Profile {
    /// The profile of a name; none where there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(name: &str) -> Result<Option<Self>> {
        let Some(path) = path(name)? else { return Ok(None) };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => bail!("{}: the profile cannot be read: {error}", path.display()),
        };
        let profile = toml::from_str(&text);
        Ok(Some(profile.with_context(|| format!("{}: log in anew with `cordon login`", path.display()))?))
    }

    /// Writes it.
    ///
    /// # Errors
    /// Where there is no place for it, or it cannot be written.
    pub(super) fn write(&self, name: &str) -> Result<PathBuf> {
        let path = needed(name)?;
        private::write(&path, &toml::to_string(self)?)?;
        Ok(path)
    }
}

/// Removes a profile, and the token's file where `login` made it. Whether there was one.
///
/// # Errors
/// The file's.
pub(super) fn remove(name: &str) -> Result<bool> {
    let mut was_there = false;
    for path in [needed(name)?, token_path(name)?] {
        match std::fs::remove_file(&path) {
            Ok(()) => was_there = true,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => bail!("{}: cannot be removed: {error}", path.display()),
        }
    }
    Ok(was_there)
}

/// Where `login` puts a token that it was given on standard input.
pub(super) fn token_path(name: &str) -> Result<PathBuf> {
    Ok(needed(name)?.with_extension("token"))
}

fn needed(name: &str) -> Result<PathBuf> {
    path(name)?.context("there is no place for profiles: set HOME or XDG_CONFIG_HOME")
}

fn path(name: &str) -> Result<Option<PathBuf>> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    ensure!(
        (1..=64).contains(&name.len()) && name.bytes().all(is_plain),
        "a profile's name has 1 to 64 letters, digits, `-` and `_`"
    );
    let folder =
        std::env::var_os("XDG_CONFIG_HOME").filter(|folder| Path::new(folder).is_absolute()).map(PathBuf::from);
    let folder = folder.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".config")));
    Ok(folder.map(|folder| folder.join("cordon").join("profiles").join(format!("{name}.toml"))))
}
