//! The national plugins as native code over the host's own columns: the same SDK, the same copies of columns, no sandbox.

use std::collections::{HashMap, HashSet};

use cordon::events::{Batch, Column};
use cordon_contract::manifest::Manifest;
use cordon_contract::path::Path;
use cordon_sdk::Detector;
use cordon_sdk::testing::TestFinding;
use cordon_sdk::testing::native::{self, NativeBatch, RawColumn};
use serde_json::{Map, Value};

/// A plugin as a function.
type Detect = Box<dyn Fn(&dyn NativeBatch) -> Vec<TestFinding>>;

/// A detector with its settings.
pub struct Native {
    sources: HashSet<String>,
    paths: HashMap<String, Path>,
    detect: Detect,
}

/// The national plugins.
pub fn national() -> Vec<Native> {
    vec![
        Native::of::<mail_forwarding::MailForwarding>(),
        Native::of::<oauth_consent::OauthConsent>(),
        Native::of::<privileged_role::PrivilegedRole>(),
    ]
}

impl Native {
    fn of<T: Detector>() -> Self {
        let manifest = Manifest::parse(T::MANIFEST).unwrap();
        let text = |settings: Map<String, Value>| Value::Object(settings).to_string();
        let detector = T::configure(&text(manifest.load_settings(&Map::new()).unwrap())).unwrap();
        let settings = text(manifest.run_settings(&Map::new()).unwrap());
        let lists: Vec<String> = manifest.lists.keys().cloned().collect();
        let fields = manifest.sources.values().flat_map(|source| source.fields.values());
        Self {
            sources: manifest.sources.keys().cloned().collect(),
            paths: fields.map(|field| (field.path.to_string(), field.path.clone())).collect(),
            detect: Box::new(move |batch| native::detect(&detector, batch, &settings, &lists).unwrap()),
        }
    }

    /// What it finds in a batch.
    pub fn detect(&self, batch: &Batch) -> Vec<TestFinding> {
        if !self.sources.contains(batch.source().as_str()) {
            return Vec::new();
        }
        (self.detect)(&Columns { batch, paths: &self.paths })
    }
}

struct Columns<'a> {
    batch: &'a Batch,
    paths: &'a HashMap<String, Path>,
}

impl Columns<'_> {
    fn path(&self, text: &str) -> Result<&Path, String> {
        self.paths.get(text).ok_or_else(|| format!("`{text}` is not declared"))
    }
}

fn raw(column: &Column) -> RawColumn {
    RawColumn {
        rows: column.rows.clone(),
        kinds: column.kinds.clone(),
        offsets: column.offsets.clone(),
        bytes: column.bytes.clone(),
    }
}

impl NativeBatch for Columns<'_> {
    fn len(&self) -> u32 {
        self.batch.len() as u32
    }

    fn source(&self) -> String {
        self.batch.source().to_string()
    }

    fn times(&self) -> Vec<i64> {
        self.batch.times().to_vec()
    }

    fn marks(&self) -> Vec<u8> {
        self.batch.marks().to_vec()
    }

    fn received(&self) -> Vec<i64> {
        self.batch.received().to_vec()
    }

    fn local_minutes(&self) -> Vec<i16> {
        self.batch.local_minutes().to_vec()
    }

    fn column(&self, path: &str) -> Result<RawColumn, String> {
        self.batch.column(self.path(path)?).map(|column| raw(&column)).map_err(|error| error.to_string())
    }

    fn column_for(&self, path: &str, rows: &[u32]) -> Result<RawColumn, String> {
        self.batch.column_for(self.path(path)?, rows).map(|column| raw(&column)).map_err(|error| error.to_string())
    }

    fn values(&self, path: &str) -> Result<(Vec<u32>, RawColumn), String> {
        let multi = self.batch.values(self.path(path)?);
        Ok((multi.starts.clone(), raw(&multi.values)))
    }

    fn whole(&self, row: u32) -> Result<String, String> {
        self.batch.event(row as usize).map(str::to_owned).ok_or_else(|| format!("there is no row {row}"))
    }

    fn reference(&self, row: u32) -> String {
        row.to_string()
    }
}
