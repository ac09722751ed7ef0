//! A live host under test: the real binary, its own data folder and port, killed when the test lets go of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cli::{Cordon, root};

/// Nothing here takes longer on any machine.
const LONG: Duration = Duration::from_secs(120);

/// See the module.
#[derive(Debug)]
pub struct Host {
    child: Child,
    binary: String,
    scheme: &'static str,
    address: String,
    data: PathBuf,
}

/// What the host answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The status line and the headers, as received.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Answer {
    /// A header's value, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(':'));
        headers.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

impl Host {
    /// Starts a host on this data folder with the components in `plugins`.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(binary: &str, data: &Path, plugins: &Path) -> Self {
        Self::spawn(Command::new(binary), binary, data, plugins, None)
    }

    /// The same, with a configuration.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn configured(binary: &str, data: &Path, plugins: &Path, config: &Path) -> Self {
        Self::spawn(Command::new(binary), binary, data, plugins, Some(config))
    }

    /// The same, by a command that runs the binary (`strace` with its arguments).
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start_by(command: Command, binary: &str, data: &Path, plugins: &Path) -> Self {
        Self::spawn(command, binary, data, plugins, None)
    }

    /// The same by a command, with a configuration.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn configured_by(command: Command, binary: &str, data: &Path, plugins: &Path, config: &Path) -> Self {
        Self::spawn(command, binary, data, plugins, Some(config))
    }

    fn spawn(mut command: Command, binary: &str, data: &Path, plugins: &Path, config: Option<&Path>) -> Self {
        let cache = root().join("target").join("cordon").join("test-cache");
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).arg("-p").arg(plugins);
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        command.env("XDG_CACHE_HOME", cache).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("listening on ").expect("its address comes first");
        let scheme = if url.starts_with("https://") { "https" } else { "http" };
        let address = url.trim_start_matches(scheme).trim_start_matches("://").to_owned();
        // What it says further is read, or it would wait for us.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Self { child, binary: binary.to_owned(), scheme, address, data: data.to_owned() }
    }

    /// The command line, as the operator who has the first token.
    #[must_use]
    pub fn operator(&self) -> Cordon {
        self.with_token(&self.data.join("first-token"))
    }

    /// The command line, with the token in a file.
    #[must_use]
    pub fn with_token(&self, file: &Path) -> Cordon {
        Cordon::new(&self.binary, &self.data)
            .env("CORDON_HOST", &self.url())
            .env("CORDON_TOKEN_FILE", &file.to_string_lossy())
    }

    /// A force, and the text of an intake token for it.
    ///
    /// # Panics
    /// When the host refuses.
    #[must_use]
    pub fn add_force(&self, name: &str) -> String {
        let _ = self.operator().run(&["force", "add", name]).ends(0);
        self.token("intake", Some(name))
    }

    /// Adds a force that expects a source, and makes it live: with a contact outside of its tenant, who gets a file.
    ///
    /// # Panics
    /// When the host does not do so.
    pub fn add_live_force(&self, name: &str, expects: &str, file: &Path) {
        let operator = self.operator();
        let path = file.display().to_string();
        let _ = operator.run(&["force", "add", name, "--expects", expects]).ends(0);
        let add = ["contact", "add", "out", "--for", name, "--name", "Out", "--file", &path, "--outside"];
        let _ = operator.run(&add).ends(0);
        let _ = operator.run(&["contact", "test", "out", "--for", name]).ends(0);
        let test: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let code = test["code"].as_str().unwrap();
        let _ = operator.run(&["contact", "confirm", "out", "--for", name, "--code", code]).ends(0);
        let _ = operator.run(&["force", "set", name, "--stage", "live", "--reason", "a test"]).ends(0);
    }

    /// The text of a new token.
    ///
    /// # Panics
    /// When the host refuses.
    #[must_use]
    pub fn token(&self, role: &str, force: Option<&str>) -> String {
        let mut arguments = vec!["token", "create", "--role", role];
        arguments.extend(force.iter().flat_map(|name| ["--for", *name]));
        self.operator().run(&arguments).ends(0).out.trim().to_owned()
    }

    /// One request of its own connection.
    ///
    /// # Errors
    /// When the host is gone.
    pub fn request(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> std::io::Result<Answer> {
        request(&self.address, method, path, token, body)
    }

    /// One request of its own connection, with these headers and any bytes.
    ///
    /// # Errors
    /// When the host is gone.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> std::io::Result<Answer> {
        send(&self.address, method, path, headers, body)
    }

    /// The number of its process.
    ///
    /// # Panics
    /// When its data folder has no lock.
    #[must_use]
    pub fn process(&self) -> u32 {
        let lock = std::fs::read_to_string(self.data.join("lock")).expect("it holds its data folder");
        lock.split(' ').nth(1).and_then(|id| id.parse().ok()).expect("a number")
    }

    /// `http://ADDRESS`, or `https://ADDRESS`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Every finding of a force, in the order of the host's list.
    ///
    /// # Panics
    /// When the host refuses.
    #[must_use]
    pub fn findings(&self, token: &str, force: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut after = 0;
        loop {
            let path = format!("/v1/findings?for={force}&after={after}&limit=1000");
            let page = self.request("GET", &path, Some(token), "").expect("an answer");
            assert_eq!(page.status, 200, "{}", page.body);
            let page = page.json();
            let found = page["findings"].as_array().expect("a list");
            if found.is_empty() {
                return all;
            }
            all.extend(found.iter().cloned());
            after = page["next"].as_u64().expect("a number");
        }
    }

    /// Waits until every lane is done with everything.
    ///
    /// # Panics
    /// When that takes too long.
    pub fn settle(&self, token: &str) {
        let begun = Instant::now();
        loop {
            let status = self.request("GET", "/v1/status", Some(token), "").expect("an answer").json();
            let lanes = status["lanes"].as_array().expect("a list").clone();
            if lanes.iter().all(|lane| lane["cursor"] == lane["head"]) {
                return;
            }
            assert!(begun.elapsed() < LONG, "{lanes:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The text of the first token.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn first_token(&self) -> String {
        std::fs::read_to_string(self.data.join("first-token")).expect("a token").trim().to_owned()
    }

    /// Kills it at once, as a power cut would.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }

    /// Asks it to stop, and waits. Its exit code.
    ///
    /// # Panics
    /// When it dies of a signal.
    #[must_use]
    pub fn stop(mut self) -> i32 {
        assert!(self.signal("-TERM"));
        self.child.wait().expect("it is ours").code().expect("no signal")
    }
}

impl Host {
    /// Its exit code, once it has ended by itself.
    ///
    /// # Panics
    /// When it dies of a signal.
    #[must_use]
    pub fn ended(mut self) -> i32 {
        self.child.wait().expect("it is ours").code().expect("no signal")
    }

    /// A signal (`-TERM`) to the host itself, which may be the child of our child. Whether it was sent.
    #[must_use]
    pub fn signal(&self, signal: &str) -> bool {
        let lock = std::fs::read_to_string(self.data.join("lock")).unwrap_or_default();
        let Some(id) = lock.split(' ').nth(1) else { return false };
        Command::new("kill").args([signal, id]).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.signal("-KILL");
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request to an address.
///
/// # Errors
/// When nobody answers there.
pub fn request(address: &str, method: &str, path: &str, token: Option<&str>, body: &str) -> std::io::Result<Answer> {
    let token = token.map(|token| format!("Bearer {token}"));
    let mut headers: Vec<(&str, &str)> = token.iter().map(|token| ("authorization", token.as_str())).collect();
    if body.starts_with('{') {
        headers.push(("content-type", "application/json"));
    }
    send(address, method, path, &headers, body.as_bytes())
}

/// One request to an address, with these headers and any bytes.
///
/// # Errors
/// When nobody answers there.
pub fn send(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> std::io::Result<Answer> {
    let length = format!("content-length: {}\r\n", body.len());
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}{length}\r\n");
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(LONG))?;
    stream.write_all(head.as_bytes())?;
    // A host that refuses what it has not read yet closes the connection, and its answer is there all the same.
    let sent = stream.write_all(body);
    let mut text = Vec::new();
    let read = stream.read_to_end(&mut text);
    if text.is_empty() {
        sent.and(read)?;
    }
    answer(&String::from_utf8_lossy(&text))
}

fn answer(text: &str) -> std::io::Result<Answer> {
    let broken = || std::io::Error::other("the answer broke off");
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
