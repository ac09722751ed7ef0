//! Finds and reads the manifest.

use std::path::PathBuf;

use cordon_contract::manifest::Manifest;
use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, Token};

/// A manifest and the file it came from.
pub(crate) struct Found {
    pub(crate) path: String,
    pub(crate) parsed: Manifest,
}

/// `manifest = "other.toml"`: another file than the crate's, relative to the source file.
pub(crate) struct Named(LitStr);

impl Parse for Named {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let reason =
            "`#[detector]` takes no arguments but `manifest = \"...\"`: all else there is to say is in cordon.toml";
        let at = input.span();
        let name: Ident = input.parse().map_err(|_| syn::Error::new(at, reason))?;
        if name != "manifest" {
            return Err(syn::Error::new(name.span(), reason));
        }
        input.parse::<Token![=]>()?;
        let file = input.parse()?;
        if input.is_empty() { Ok(Self(file)) } else { Err(input.error(reason)) }
    }
}

/// Reads the manifest beside the `Cargo.toml` of the crate that is being compiled, or the one that is named.
pub(crate) fn read(named: Option<&Named>) -> syn::Result<Found> {
    let span = named.map_or_else(Span::call_site, |named| named.0.span());
    let fail = |text: String| syn::Error::new(span, text);
    let path = match named {
        None => std::env::var_os("CARGO_MANIFEST_DIR").map(|folder| PathBuf::from(folder).join("cordon.toml")),
        Some(Named(file)) => proc_macro::Span::call_site()
            .local_file()
            .and_then(|source| std::path::absolute(source.parent()?.join(file.value())).ok()),
    };
    let path = path.ok_or_else(|| fail("the folder of the plugin is not known: build it with cargo".to_owned()))?;
    let text = std::fs::read_to_string(&path).map_err(|error| {
        fail(format!(
            "cannot read {}: {error}\nA plugin has its manifest beside its Cargo.toml; `cordon new` makes both.",
            path.display()
        ))
    })?;
    let parsed = Manifest::parse(&text).map_err(|errors| {
        // One line each, in the form FILE:LINE, so that an editor finds the place.
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
