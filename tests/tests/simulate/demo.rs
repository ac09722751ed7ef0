//! `cordon demo` by the real binary: it ends by itself and leaves nothing behind.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use cordon_tests::cli::{Cordon, root};

use crate::{BINARY, PLUGINS};

/// Nothing of a demo whose temporary folder was in this one.
fn nothing_left(folder: &Path) {
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "a folder is left");
    let name = folder.to_str().unwrap();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        assert!(!line.contains(name), "a process is left: {line}");
    }
}

/// `found 12 of 12 planted attacks`
fn counts(said: &str) -> Option<(usize, usize)> {
    let (before, _) = said.split_once(" planted attacks")?;
    let (found, planted) = before.rsplit_once("found ")?.1.split_once(" of ")?;
    Some((found.parse().ok()?, planted.parse().ok()?))
}

#[test]
fn the_demo_shows_every_planted_attack_and_leaves_no_process_and_no_folder() {
    assert!(PLUGINS.ends_with("plugins"));
    let (elsewhere, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let demo = Cordon::new(BINARY, elsewhere.path()).env("TMPDIR", temporary.path().to_str().unwrap());
    // The binary under test was built in tests/, beside plugins/ as the real one in host/.
    let said = demo.run(&["demo", "--seconds", "5"]).ends(0);
    let (found, planted) = counts(&said.err).unwrap_or_else(|| panic!("{}\n{}", said.out, said.err));
    assert!(found == planted && found >= 21, "{}\n{}", said.out, said.err);
    let shown = said.out.lines().filter(|line| line.contains("after it was acknowledged")).count();
    assert!(shown >= found, "{}", said.out);
    // The people are told, read the whole text, and take the first by its link.
    assert!(
        said.err.contains(" alerts reached their contacts") && said.err.contains("acknowledged by SOC of"),
        "{}",
        said.err
    );
    for part in ["OFFICIAL-SENSITIVE", "Acknowledge it by", "ATT&CK: ", "Next: ", "SHA-256", "To say that you have it"]
    {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    assert!(!said.out.contains('\u{1b}'), "no colours where there is no terminal");
    let next = said.err.split("Now try:").nth(1).unwrap();
    assert!(next.contains("examples/events/*.jsonl") && next.contains("demo --stay"), "{next}");
    nothing_left(temporary.path());
}

#[test]
fn a_demo_that_stays_ends_clean_on_an_interrupt() {
    assert!(PLUGINS.ends_with("plugins"));
    let temporary = tempfile::tempdir().unwrap();
    let mut child = Command::new(BINARY)
        .args(["demo", "--stay", "--seconds", "3"])
        .env("TMPDIR", temporary.path())
        .env("XDG_CACHE_HOME", root().join("target/cordon/test-cache"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let said: Vec<String> = lines.by_ref().take_while(|line| !line.contains("curl")).collect();
    assert!(said.iter().any(|line| line.contains("status")), "{said:?}");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    nothing_left(temporary.path());
}

#[test]
fn a_demo_whose_host_cannot_start_says_so_and_leaves_nothing() {
    assert!(PLUGINS.ends_with("plugins"));
    let (taken, temporary) = (TcpListener::bind("127.0.0.1:0").unwrap(), tempfile::tempdir().unwrap());
    let address = taken.local_addr().unwrap().to_string();
    let demo = Cordon::new(BINARY, temporary.path()).env("TMPDIR", temporary.path().to_str().unwrap());
    let said = demo.run(&["demo", "--listen", &address]).ends(2);
    assert!(said.err.contains("the host ended by itself") && said.err.contains(&address), "{}", said.err);
    nothing_left(temporary.path());
}
