//! Where events come from: the real data beside the checkout, the plugins' cases, the examples.

use std::path::{Path, PathBuf};

/// The checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The lines of a file of real data, or nothing where there is none: say so and pass.
pub(crate) fn real(name: &str) -> Option<Vec<String>> {
    let file = std::fs::File::open(cordon_tests::real_data(name)?).unwrap();
    let text = String::from_utf8(zstd::decode_all(file).unwrap()).unwrap();
    Some(text.lines().map(str::to_owned).collect())
}

/// The lines of every event file below a folder whose text tells it to be of this source.
pub(crate) fn lines_below(folder: &str, source: &str) -> Vec<String> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|e| e.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("jsonl") => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    let texts = files.iter().map(|file| std::fs::read_to_string(file).unwrap());
    texts
        .flat_map(|text| {
            text.lines().filter(|line| source_of(line) == Some(source)).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// The source of a line, by a mark that the others' lines lack.
fn source_of(line: &str) -> Option<&'static str> {
    let has = |marks: &[&str]| marks.iter().any(|mark| line.contains(mark));
    if has(&["\"Operation\""]) {
        Some("m365.audit")
    } else if has(&["SignInLogs\"", "\"signInEventTypes\""]) {
        Some("entra.signin")
    } else if has(&["\"Administrative\"", "\"AuditEvent\"", "\"eventDataId\""]) {
        Some("azure.activity")
    } else {
        has(&["\"operationName\""]).then_some("entra.audit")
    }
}
