//! Finds and reads the plugin's `cordon.toml`.

use std::path::PathBuf;

use cordon_contract::manifest::Manifest;
use proc_macro2::Span;

/// A manifest and the file it came from.
pub(crate) struct Found {
    pub(crate) path: String,
    pub(crate) parsed: Manifest,
}

/// Reads the manifest beside the `Cargo.toml` of the crate that is being compiled.
pub(crate) fn read(span: Span) -> syn::Result<Found> {
    let fail = |text: String| syn::Error::new(span, text);
    let folder = std::env::var_os("CARGO_MANIFEST_DIR")
        .ok_or_else(|| fail("CARGO_MANIFEST_DIR is not set: build the plugin with cargo".to_owned()))?;
    let path = PathBuf::from(folder).join("cordon.toml");
    let text = std::fs::read_to_string(&path).map_err(|error| {
        fail(format!(
            "cannot read {}: {error}\nA plugin has its manifest beside its Cargo.toml; `cordon new` makes both.",
            path.display()
        ))
    })?;
    let parsed = Manifest::parse(&text).map_err(|errors| {
        // One line each, as compilers give places, so that an editor finds the file.
        let lines = errors.0.iter().map(|error| {
            let line = error.line.unwrap_or(1);
            let key = if error.key.is_empty() { String::new() } else { format!("`{}` ", error.key) };
            format!("{}:{line}: {key}{}", path.display(), error.reason)
        });
        fail(lines.collect::<Vec<_>>().join("\n"))
    })?;
    let path = path.to_str().ok_or_else(|| fail(format!("the path {} is not UTF-8", path.display())))?.to_owned();
    Ok(Found { path, parsed })
}
