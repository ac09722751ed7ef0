//! A host with a plugin that finds nothing, in a folder of its own, and the events that are sent to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cordon::journal::{Journal, JournalOptions, Piece};
use cordon::model::{Force, SourceName};
use cordon_tests::guest::Guest;
use cordon_tests::host::{Answer, Host};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// See the module.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plugins = folder.path().join("plugins");
        std::fs::create_dir_all(&plugins).unwrap();
        std::fs::write(plugins.join("guest.wasm"), Guest::detecting("").build()).unwrap();
        Self { folder }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn start(&self) -> Host {
        Host::start(BINARY, &self.at("data"), &self.at("plugins"))
    }

    pub(crate) fn configured(&self, config: &str) -> Host {
        std::fs::write(self.at("cordon.toml"), config).unwrap();
        Host::configured(BINARY, &self.at("data"), &self.at("plugins"), &self.at("cordon.toml"))
    }

    /// What the journal of a host that has ended holds.
    pub(crate) fn journal(&self, force: &str, source: &str) -> Vec<String> {
        journal(&self.at("data"), force, source)
    }
}

fn journal(data: &Path, force: &str, source: &str) -> Vec<String> {
    let (journal, found) = Journal::open(JournalOptions::new(&data.join("journal")), &BTreeMap::new()).unwrap();
    assert_eq!(found, []);
    let mut reader = journal.reader(&Force::new(force).unwrap(), &SourceName::new(source).unwrap(), 0);
    let mut stored = Vec::new();
    while let Some(piece) = reader.next(1_000, 1 << 20).unwrap() {
        let Piece::Rows(rows) = piece else { panic!("{piece:?}") };
        stored.extend(rows.iter().map(|(_, text)| String::from_utf8(text.to_vec()).unwrap()));
    }
    stored
}

/// An audit record that says which one it is.
pub(crate) fn audit(id: u64, operation: &str) -> String {
    format!(
        "{{\"CreationTime\":\"2026-11-25T10:00:00\",\"Id\":\"id-{id}\",\"Operation\":\"{operation}\",\
         \"OrganizationId\":\"o\",\"RecordType\":1,\"UserType\":0,\"UserKey\":\"k\",\"UserId\":\"u@avon.example\"}}"
    )
}

pub(crate) fn post(host: &Host, path: &str, token: &str, events: &[String]) -> Answer {
    host.request("POST", path, Some(token), &events.join("\n")).unwrap()
}

/// Accepted, duplicates, changed, refused.
pub(crate) fn counts(answer: &Answer) -> [u64; 4] {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let json = answer.json();
    ["accepted", "duplicates", "changed", "refused"].map(|name| json[name].as_u64().unwrap())
}
