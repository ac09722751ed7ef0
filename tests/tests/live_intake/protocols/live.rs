//! A host with one force, and what its journal holds in the end.

use std::collections::BTreeMap;
use std::io::Write as _;

use cordon::journal::{Journal, JournalOptions, Piece};
use cordon_tests::guest::{Guest, MANIFEST};
use cordon_tests::host::{Answer, Host};

use crate::support::BINARY;

/// A host, the force avon and its intake token.
pub(super) struct Live {
    pub(super) folder: tempfile::TempDir,
    pub(super) host: Host,
    pub(super) token: String,
}

impl Live {
    pub(super) fn start() -> Self {
        Self::configured("")
    }

    pub(super) fn configured(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plugins = folder.path().join("plugins");
        std::fs::create_dir_all(&plugins).unwrap();
        let guest = Guest::detecting("").manifest(Some(MANIFEST)).build();
        std::fs::write(plugins.join("guest.wasm"), guest).unwrap();
        let file = folder.path().join("cordon.toml");
        std::fs::write(&file, config).unwrap();
        let host = Host::configured(BINARY, &folder.path().join("data"), &plugins, &file);
        let token = host.add_force("avon");
        Self { folder, host, token }
    }

    /// Posts with the intake token and these headers.
    pub(super) fn post(&self, path: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
        let token = format!("Bearer {}", self.token);
        let headers = [&[("authorization", token.as_str())][..], headers].concat();
        self.host.send("POST", path, &headers, body.as_ref()).unwrap()
    }

    /// Stops the host. The events that it stored, by source, in their order.
    pub(super) fn stored(self) -> BTreeMap<String, Vec<String>> {
        let Self { folder, host, .. } = self;
        assert_eq!(host.stop(), 0);
        let options = JournalOptions::new(&folder.path().join("data/journal"));
        let (journal, found) = Journal::open(options, &BTreeMap::new()).unwrap();
        assert_eq!(found, []);
        let mut stored: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (force, sources) in journal.heads() {
            // Not what the host itself makes.
            for source in sources.into_keys().filter(|source| !source.as_str().starts_with("cordon.")) {
                let mut reader = journal.reader(&force, &source, 0);
                while let Some(piece) = reader.next(1_000, 1 << 20).unwrap() {
                    let Piece::Rows(rows) = piece else { panic!("{piece:?}") };
                    let events = rows.iter().map(|(_, text)| String::from_utf8(text.to_vec()).unwrap());
                    stored.entry(source.to_string()).or_default().extend(events);
                }
            }
        }
        stored
    }
}

/// What is expected to be stored.
pub(super) fn sources(of: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    of.iter().map(|(source, events)| ((*source).to_owned(), events.iter().map(|&one| one.into()).collect())).collect()
}

pub(super) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(text, 1).unwrap()
}
