//! Plugins as their authors ship them: built by `cordon build`'s code, loaded by the registry, prepared by the real binary.

use std::path::{Path, PathBuf};

use cordon::author::{self, build};
use cordon::registry::{self, Loaded, SettingsFile};
use cordon::sandbox::{Caps, Granted, Sandbox, SandboxOptions};
use cordon_contract::MANIFEST_SECTION;
use wasm_encoder::{ComponentSection as _, CustomSection};

/// The national plugins.
pub const NATIONAL: [&str; 3] = ["plugins/mail-forwarding", "plugins/oauth-consent", "plugins/privileged-role"];
/// The plugin of the benches.
pub const GUEST: &str = "host/benches/guest";

/// A component and what is in it.
pub struct Component {
    pub id: String,
    pub wasm: Vec<u8>,
    manifest: String,
}

/// Builds plugin folders of this checkout.
pub fn build(folders: &[&str]) -> Vec<Component> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let paths: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    let folders = author::find(&paths, root).unwrap();
    let built = build::build(&folders, None, build::Talk::ErrorsOnly).unwrap();
    let manifest = |id: &str| folders.iter().find(|folder| folder.id() == id).unwrap().manifest_text.clone();
    let component = |one: build::Built| Component {
        wasm: std::fs::read(&one.path).unwrap(),
        manifest: manifest(&one.id),
        id: one.id,
    };
    built.into_iter().map(component).collect()
}

impl Component {
    /// The same plugin under another id: other bytes, another digest, the same fields and detections.
    pub fn variant(&self, number: usize) -> Self {
        let section = |manifest: &str| {
            let mut bytes = Vec::new();
            CustomSection { name: MANIFEST_SECTION.into(), data: manifest.as_bytes().into() }
                .append_to_component(&mut bytes);
            bytes
        };
        let id = format!("{}-{number}", self.id);
        let manifest = self.manifest.replacen(&format!("id = \"{}\"", self.id), &format!("id = \"{id}\""), 1);
        let mut wasm = self.wasm.strip_suffix(&section(&self.manifest)[..]).expect("the manifest stands last").to_vec();
        wasm.extend(section(&manifest));
        Self { id, wasm, manifest }
    }

    /// The same plugin in other bytes: another digest, the same id and version.
    pub fn rebuilt(&self) -> Self {
        let mut wasm = self.wasm.clone();
        CustomSection { name: "rebuilt".into(), data: [].as_slice().into() }.append_to_component(&mut wasm);
        Self { id: self.id.clone(), wasm, manifest: self.manifest.clone() }
    }
}

/// So many plugins: the given ones, over and over under other ids.
pub fn variants(of: &[Component], count: usize) -> Vec<Component> {
    (0..count).map(|number| of[number % of.len()].variant(number)).collect()
}

/// Components as files of one folder, in order of name.
pub fn write(components: &[Component], folder: &Path) -> Vec<PathBuf> {
    std::fs::create_dir_all(folder).unwrap();
    components
        .iter()
        .map(|component| {
            let path = folder.join(&component.id).with_extension("wasm");
            std::fs::write(&path, &component.wasm).unwrap();
            path
        })
        .collect()
}

/// One worker; prepared plugins are kept in `cache`. Whoever asks for whole events gets them: rules with keywords then find as
/// they would in operation.
pub fn sandbox(cache: &Path) -> Sandbox {
    let preparer = Some(env!("CARGO_BIN_EXE_cordon").into());
    let caps = Caps { whole_events: Granted::All, ..Caps::default() };
    Sandbox::new(SandboxOptions { workers: 1, cache: cache.to_owned(), caps, preparer }).unwrap()
}

/// The cache that outlives a bench: preparing 200 plugins takes minutes.
pub fn kept_cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-artefacts")
}

/// Loads components with their default settings, one at a time.
pub fn load(sandbox: &Sandbox, components: &[Component]) -> Vec<Loaded> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    registry::load(sandbox, &write(components, folder.path()), &SettingsFile::default(), 1).unwrap()
}
