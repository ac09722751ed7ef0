//! Starts the binary as a user would, and gives back what it said.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The binary under test, in a working folder.
#[derive(Debug)]
pub struct Cordon {
    binary: PathBuf,
    folder: PathBuf,
    env: Vec<(String, String)>,
}

/// What it said.
#[derive(Debug)]
pub struct Said {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Cordon {
    /// In this working folder. Prepared plugins are kept between tests.
    #[must_use]
    pub fn new(binary: &str, folder: &Path) -> Self {
        let cache = root().join("target").join("cordon").join("test-cache");
        let env = vec![("XDG_CACHE_HOME".to_owned(), cache.to_string_lossy().into_owned())];
        Self { binary: binary.into(), folder: folder.to_owned(), env }
    }

    /// With a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs to the end.
    ///
    /// # Panics
    /// When it cannot be started, or dies of a signal.
    #[must_use]
    pub fn run<S: AsRef<str>>(&self, arguments: &[S]) -> Said {
        self.run_with(arguments, Stdio::null())
    }

    /// The same with something on standard input.
    ///
    /// # Panics
    /// When it cannot be started, or dies of a signal.
    #[must_use]
    pub fn run_with<S: AsRef<str>>(&self, arguments: &[S], input: impl Into<Stdio>) -> Said {
        let output = Command::new(&self.binary)
            .args(arguments.iter().map(AsRef::as_ref))
            .current_dir(&self.folder)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(input)
            .output()
            .expect("the binary starts");
        Said {
            code: output.status.code().expect("no signal"),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl Said {
    /// Standard output as JSON lines.
    ///
    /// # Panics
    /// When a line is no JSON.
    #[must_use]
    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    }

    /// Fails the test unless it ended so; what it said is in the message.
    ///
    /// # Panics
    /// When it ended otherwise.
    #[must_use]
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }
}

/// The checkout.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the checkout")
}

/// A file or folder of the checkout, as an argument.
#[must_use]
pub fn at(path: &str) -> String {
    root().join(path).to_string_lossy().into_owned()
}
