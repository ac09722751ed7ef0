//! From a core module to a component that carries its manifest.

use cordon_contract::MANIFEST_SECTION;
use wasm_encoder::{ComponentSection, CustomSection};

/// Encodes a module that the SDK's bindings were compiled into and appends the manifest.
///
/// # Errors
/// What wit-component says, in one line.
pub fn encode(module: &[u8], manifest_text: &str) -> Result<Vec<u8>, String> {
    let mut component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| format!("{error:#}").replace('\n', " "))?;
    CustomSection { name: MANIFEST_SECTION.into(), data: manifest_text.as_bytes().into() }
        .append_to_component(&mut component);
    Ok(component)
}
