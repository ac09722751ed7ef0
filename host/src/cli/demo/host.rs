//! The demo's host: this binary as a child on a temporary folder. Whatever happens, both are gone when it is dropped.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::cli::client::Client;
use crate::cli::target;

/// How long it may take to prepare the plugins and listen.
const START: Duration = Duration::from_secs(120);
/// How long it may take to end what is under way.
const END: Duration = Duration::from_secs(20);
/// Lines of its log that are shown when it fails.
const LINES: usize = 8;

/// See the module.
pub(super) struct Running {
    child: Mutex<Child>,
    folder: tempfile::TempDir,
    pub(super) url: String,
}

impl Running {
    /// Starts it, and waits until it says where it listens.
    pub(super) fn start(listen: SocketAddr, components: &[PathBuf], stop: &AtomicBool) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("cordon-demo-").tempdir().context("no temporary folder")?;
        let log = File::create(folder.path().join("log")).context("no log in the temporary folder")?;
        // Links in messages lead to it: its port is chosen before it starts.
        let listen = match listen.port() {
            0 => std::net::TcpListener::bind(listen).and_then(|free| free.local_addr()).context("no free port")?,
            _ => listen,
        };
        let config = folder.path().join("cordon.toml");
        std::fs::write(
            &config,
            format!(
                "[delivery]\npublic-url = \"http://{listen}\"\ndesk = {{ name = \"NMC desk\", call = \"0300 555 0100\" }}\n"
            ),
        )?;
        let mut command = Command::new(std::env::current_exe().context("this binary is not found")?);
        command.args(["serve", "--listen", &listen.to_string(), "--config"]).arg(&config);
        command.arg("--data").arg(folder.path().join("data"));
        for component in components {
            command.arg("-p").arg(component);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn();
        let mut child = child.context("the host does not start")?;
        let out = child.stdout.take();
        let mut running = Self { child: Mutex::new(child), folder, url: String::new() };
        let (say, said) = crossbeam_channel::bounded(1);
        std::thread::spawn(move || {
            // Read to its end, or the host would wait for us.
            for line in BufReader::new(out?).lines() {
                let line = line.ok()?;
                if let Some((_, url)) = line.split_once("listening on ") {
                    let _ = say.try_send(url.trim().to_owned());
                }
            }
            Some(())
        });
        let begun = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            match said.recv_timeout(Duration::from_millis(100)) {
                Ok(url) => {
                    running.url = url;
                    return Ok(running);
                }
                Err(_) => running.is_up()?,
            }
            if begun.elapsed() > START {
                bail!("the host does not listen after {} s{}", START.as_secs(), running.log());
            }
        }
        bail!("stopped before the host was up");
    }

    /// The temporary folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn first_token(&self) -> PathBuf {
        self.folder.path().join("data").join("first-token")
    }

    pub(super) fn operator(&self) -> Result<Client> {
        Client::at(&self.url, &target::token(&self.first_token())?)
    }

    pub(super) fn intake_token(&self, force: &str) -> PathBuf {
        self.folder.path().join("tokens").join(format!("{force}.token"))
    }

    /// For whoever wants to send events too.
    pub(super) fn keep_token(&self, force: &str, token: &str) -> Result<()> {
        let path = self.intake_token(force);
        std::fs::create_dir_all(self.folder.path().join("tokens"))?;
        let mut file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path)?;
        std::io::Write::write_all(&mut file, token.as_bytes())?;
        Ok(())
    }

    /// An error when it has ended.
    pub(super) fn is_up(&self) -> Result<()> {
        let mut child = self.child.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the host ended by itself ({status}){}", self.log()),
        }
    }

    /// Ends it. An error when it does not end as it should; then it is killed.
    pub(super) fn stop(self) -> Result<()> {
        let mut child = self.child.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match end(&mut child) {
            true => Ok(()),
            false => bail!("the host did not end within {} s and was killed{}", END.as_secs(), self.log()),
        }
    }

    /// The last that it said.
    fn log(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default();
        if last.is_empty() { String::new() } else { format!("; it said:\n  {}", last.join("\n  ")) }
    }
}

/// Whether it ended when asked; it has ended in any case.
fn end(child: &mut Child) -> bool {
    let asked = Pid::from_raw(i32::try_from(child.id()).unwrap_or(0)).map(|pid| kill_process(pid, Signal::TERM));
    let begun = Instant::now();
    while asked.is_some() && begun.elapsed() < END {
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Ok(Some(_)) => return true,
            Err(_) => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

impl Drop for Running {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        if matches!(child.try_wait(), Ok(None)) {
            end(child);
        }
    }
}
