//! Reads what a component says of itself, without running or compiling it: manifest, imports, exports, digest.
//!
//! Looks at the outermost component only: what lies in nested ones is not what the author signed for. Everything that is
//! no plugin for this host gets one line that says what it is and the way out.

use cordon_contract::manifest::Manifest;
use cordon_contract::{LOAD_SETTINGS_SECTION, MANIFEST_SECTION, WIT_PACKAGE, WIT_VERSION, limits};
use serde_json::{Map, Value};
use wasmparser::{Chunk, ComponentExternalKind, Encoding, Parser, Payload};

use super::contract::{CONFIGURE, DETECT, INTERFACES, shortened};
use super::{Limit, LoadError};
use crate::ids::Digest;

/// Bytes of a component at most.
pub const COMPONENT_BYTES: usize = 64 << 20;
/// Imports and exports of a component that are listed at most.
const NAMES: usize = 256;

/// What a component says of itself.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// SHA-256 of the file.
    pub digest: Digest,
    /// Size of the file.
    pub bytes: usize,
    /// Its manifest.
    pub manifest: Manifest,
    /// The manifest's text, byte for byte.
    pub manifest_text: String,
    /// `load` settings that it carries, of those that its manifest declares. They are part of the component: its digest says
    /// which they are.
    pub carried: Map<String, Value>,
    /// What it imports, in order. The import list is the capability list.
    pub imports: Vec<String>,
    /// What it exports, in order.
    pub exports: Vec<String>,
}

/// Reads and checks what can be known without running anything.
///
/// # Errors
/// [`LoadError::Plugin`], in one line: too large, not a component, no or a broken manifest, an import that no plugin is given,
/// an export missing.
pub fn inspect(wasm: &[u8]) -> Result<Inspection, LoadError> {
    if wasm.len() > COMPONENT_BYTES {
        let (len, limit) = (wasm.len() >> 20, COMPONENT_BYTES >> 20);
        return Err(LoadError::limit_hit(
            Limit::ComponentBytes,
            format!("the component has {len} MiB, more than {limit}: ship large data as a list or a setting"),
        ));
    }
    recognise(wasm)?;
    let found = Outermost::read(wasm)?;
    for import in &found.imports {
        check_import(import)?;
    }
    for export in [CONFIGURE, DETECT] {
        if !found.functions.iter().any(|name| name == export) {
            return Err(refused(format!(
                "it exports no function `{export}`: build it against world `{WIT_PACKAGE}/detector@{WIT_VERSION}` (`cordon build` does)"
            )));
        }
    }
    let manifest_text = manifest_text(&found.manifests)?;
    let manifest = Manifest::parse(&manifest_text).map_err(|error| refused(error.to_string()))?;
    let carried = carried(&found.settings, &manifest)?;
    Ok(Inspection {
        carried,
        digest: Digest::of(wasm),
        bytes: wasm.len(),
        manifest,
        manifest_text,
        imports: found.imports,
        exports: found.exports,
    })
}

fn refused(reason: impl Into<String>) -> LoadError {
    LoadError::Plugin(reason.into())
}

/// Says what a file is that is no component.
fn recognise(wasm: &[u8]) -> Result<(), LoadError> {
    const BUILD: &str = "build the plugin's folder with `cordon build`";
    if Parser::is_component(wasm) {
        return Ok(());
    }
    if Parser::is_core_wasm(wasm) {
        return Err(refused(format!("a core Wasm module, not a component: {BUILD}, which makes a component of it")));
    }
    let start = wasm.trim_ascii_start();
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let what = if wasm.is_empty() {
        "an empty file"
    } else if start.starts_with(b"{") || start.starts_with(b"[{") || start.starts_with(b"[\n") {
        return Err(refused("JSON, not a plugin: give files of events after the options, without `-p`"));
    } else if start.starts_with(b"(component") || start.starts_with(b"(module") {
        "WebAssembly text, not a binary component"
    } else if start.starts_with(b"[plugin]") || start.starts_with(b"#") {
        "a manifest or other text, not a component"
    } else if wasm.starts_with(b"\x28\xB5\x2F\xFD") || wasm.starts_with(b"\x1F\x8B") || wasm.starts_with(b"PK\x03\x04")
    {
        "a compressed file, not a component (unpack it first)"
    } else if wasm.starts_with(b"\x7FELF") {
        "a native program or a prepared artefact, not a component (artefacts are never loaded from elsewhere)"
    } else {
        "not WebAssembly"
    };
    Err(refused(format!("{what}: {BUILD} and give the .wasm file that it names")))
}

/// What the outermost component holds.
#[derive(Default)]
struct Outermost<'w> {
    manifests: Vec<&'w [u8]>,
    settings: Vec<&'w [u8]>,
    imports: Vec<String>,
    exports: Vec<String>,
    functions: Vec<String>,
}

impl<'w> Outermost<'w> {
    fn read(wasm: &'w [u8]) -> Result<Self, LoadError> {
        let mut found = Self::default();
        let mut parser = Parser::new(0);
        let mut rest = wasm;
        loop {
            let (consumed, payload) = match parser.parse(rest, true).map_err(broken)? {
                Chunk::Parsed { consumed, payload } => (consumed, payload),
                Chunk::NeedMoreData(_) => return Err(refused("the component is cut short: build it again")),
            };
            rest = rest.get(consumed..).unwrap_or_default();
            match payload {
                Payload::ModuleSection { unchecked_range: nested, .. }
                | Payload::ComponentSection { unchecked_range: nested, .. } => {
                    rest = rest
                        .get(nested.len()..)
                        .ok_or_else(|| refused("the component is cut short: build it again"))?;
                }
                Payload::End(_) => return Ok(found),
                payload => found.section(payload)?,
            }
        }
    }

    fn section(&mut self, payload: Payload<'w>) -> Result<(), LoadError> {
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => Err(refused("a core Wasm module, not a component")),
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                self.manifests.push(section.data());
                Ok(())
            }
            Payload::CustomSection(section) if section.name() == LOAD_SETTINGS_SECTION => {
                self.settings.push(section.data());
                Ok(())
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import.map_err(broken)?;
                    // A type is a name for something that an instance gives; it can do nothing by itself.
                    if import.ty.kind() != ComponentExternalKind::Type {
                        keep(&mut self.imports, import.name.name, "imports")?;
                    }
                }
                Ok(())
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export.map_err(broken)?;
                    keep(&mut self.exports, export.name.name, "exports")?;
                    if export.kind == ComponentExternalKind::Func {
                        self.functions.push(export.name.name.to_owned());
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn keep(names: &mut Vec<String>, name: &str, what: &str) -> Result<(), LoadError> {
    if names.len() >= NAMES {
        return Err(refused(format!("the component has more than {NAMES} {what}: no plugin needs them")));
    }
    names.push(name.to_owned());
    Ok(())
}

fn broken(error: wasmparser::BinaryReaderError) -> LoadError {
    refused(format!("not a valid component, at byte {}: {}", error.offset(), shortened(error.message(), 300)))
}

fn check_import(import: &str) -> Result<(), LoadError> {
    if INTERFACES.contains(&import) {
        return Ok(());
    }
    let name = shortened(import, 120);
    let of_contract = import.strip_prefix(WIT_PACKAGE).is_some_and(|rest| rest.starts_with('/'));
    Err(refused(match import.rsplit_once('@') {
        Some((interface, version)) if of_contract && version != WIT_VERSION => {
            let (interface, version) = (shortened(interface, 80), shortened(version, 32));
            format!(
                "it was built for contract {version} (`{interface}`), this host speaks {WIT_VERSION}: build it with this host's SDK"
            )
        }
        _ if import.starts_with("wasi:") => format!(
            "it imports `{name}`, but a plugin has no clock, randomness, files or network: build it for wasm32-unknown-unknown (`cordon build` does)"
        ),
        _ => format!("it imports `{name}`, which no plugin is given: only {WIT_PACKAGE} {WIT_VERSION} can be imported"),
    }))
}

fn carried(sections: &[&[u8]], manifest: &Manifest) -> Result<Map<String, Value>, LoadError> {
    let section = match sections {
        [] => return Ok(Map::new()),
        [section] => section,
        _ => return Err(refused(format!("it has {} sections of `load` settings, one is due", sections.len()))),
    };
    if section.len() > limits::LOAD_SETTINGS_BYTES {
        let (len, limit) = (section.len(), limits::LOAD_SETTINGS_BYTES);
        return Err(LoadError::limit_hit(
            Limit::LoadSettingsBytes,
            format!("the `load` settings that it carries have {len} bytes, more than {limit}"),
        ));
    }
    let settings: Map<String, Value> = serde_json::from_slice(section)
        .map_err(|error| refused(format!("the `load` settings that it carries are no JSON object: {error}")))?;
    manifest
        .load_settings(&settings)
        .map_err(|error| refused(format!("the `load` settings that it carries: {error}")))?;
    Ok(settings)
}

fn manifest_text(manifests: &[&[u8]]) -> Result<String, LoadError> {
    let [manifest] = manifests else {
        return Err(refused(if manifests.is_empty() {
            format!("it has no manifest (custom section `{MANIFEST_SECTION}`): `cordon build` puts it in")
        } else {
            format!("it has {} manifests, one is due: build it again with `cordon build`", manifests.len())
        }));
    };
    if manifest.len() > limits::MANIFEST_BYTES {
        let (len, limit) = (manifest.len(), limits::MANIFEST_BYTES);
        let reason = format!("its manifest has {len} bytes, more than {limit}");
        return Err(LoadError::limit_hit(Limit::ManifestBytes, reason));
    }
    match std::str::from_utf8(manifest) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(refused(format!("its manifest is not UTF-8 text, at byte {}", error.valid_up_to()))),
    }
}
