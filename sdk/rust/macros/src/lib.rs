//! The `#[detector]` attribute of `cordon-sdk`: from `cordon.toml` and one `impl` block to a plugin.
//!
//! Reads the manifest beside the plugin's `Cargo.toml` (a change rebuilds), checks the author's functions, and generates the
//! field handles, settings and rules of exactly that manifest. Knows nothing of Wasm.

mod author;
mod generate;
mod manifest;

use proc_macro::TokenStream;
use syn::ItemImpl;

/// Makes a type a Cordon detector.
///
/// Stands on the `impl` block that holds `detect`, and reads `cordon.toml` beside `Cargo.toml`. It generates, in the same
/// module:
///
/// - `Fields`: one handle per declared field, `Field` or, for a path with `[]`, `FieldValues`;
/// - `Settings` and `LoadSettings`: the `run` and `load` settings, of their declared types;
/// - `Window`, where windows are declared: one variant per window; `Window::FailedUsers.of(batch)` gathers what it is fed;
/// - `List`, where lists are declared: one variant per list; `fields.user.in_list(List::WatchedAccounts)?`;
/// - `Rule`: one variant per rule; `Rule::ExternalForwarding.on(row)` begins a finding.
///
/// The block holds
///
/// ```text
/// fn detect(&self, batch: &Batch, fields: &Fields, settings: &Settings, findings: &mut Findings) -> Result<(), Failure>
/// ```
///
/// and, where the detector is made from `load` settings or does work once, before the snapshot,
///
/// ```text
/// fn configure(load: &LoadSettings) -> Result<Self, Failure>
/// ```
///
/// Where `schema` under `[state]` is 2 or more, it may also hold what carries values over from an earlier schema, and back:
///
/// ```text
/// fn migrate(from: u32, to: u32, value: &[u8]) -> Result<Migrated, Failure>
/// ```
///
/// A file of tests may hold detectors of its own: `#[detector(manifest = "other.toml")]` names a manifest beside that source file.
///
/// Without `configure`, the type's `Default` is used. Mistakes in the manifest are compile errors with file and line; a field
/// used and not declared is one that gives the line to add; a field declared and not used is a warning.
#[proc_macro_attribute]
pub fn detector(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(arguments.into(), item.into()).unwrap_or_else(|error| error.into_compile_error()).into()
}

fn expand(
    arguments: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> syn::Result<proc_macro2::TokenStream> {
    let named = if arguments.is_empty() { None } else { Some(syn::parse2::<manifest::Named>(arguments)?) };
    let Ok(block) = syn::parse2::<ItemImpl>(item.clone()) else {
        return Err(syn::Error::new_spanned(
            item,
            "`#[detector]` stands on the `impl` block that holds `detect`: `#[detector] impl MailForwarding { fn detect(..) .. }`",
        ));
    };
    let author = author::read(&block)?;
    let manifest = manifest::read(named.as_ref())?;
    author::check_fields(&author, &manifest.parsed)?;
    author::check_schema(&author, &manifest.parsed)?;
    Ok(generate::all(&block, &author, &manifest))
}
