//! A line of a file that is only added to: JSON, synced before it counts as sent.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use super::{Note, Sent, body};
use crate::ids::Digest;

pub(super) fn send(path: &Path, note: &Note, key: &Digest) -> Sent {
    let line = format!("{}\n", body(note, key));
    let written = File::options().append(true).create(true).open(path).and_then(|mut file| {
        file.write_all(line.as_bytes())?;
        file.sync_data()
    });
    match written {
        Ok(()) => Sent::Done,
        Err(error) => Sent::Later(format!("{}: {error}", path.display())),
    }
}
