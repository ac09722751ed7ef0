//! E-mail, by a real SMTP server that asks for TLS.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::Live;

/// Python's aiosmtpd, which puts each mail into a folder. Killed when the test lets go of it.
struct Smtp {
    server: Child,
    mails: PathBuf,
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Smtp {
    /// None where there is no aiosmtpd.
    fn start(folder: &Path, port: u16) -> Option<Self> {
        let python = cordon_tests::cli::root().join("target/clients/bin/python");
        let has = Command::new(&python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        if !has.is_ok_and(|status| status.success()) {
            let with = "python3 -m venv target/clients && target/clients/bin/pip install -r tests/clients.txt";
            cordon_tests::skip(&format!("aiosmtpd ({with})"));
            return None;
        }
        let (certificate, key) = (folder.join("smtp.pem"), folder.join("smtp.key"));
        // One that starts again has the same.
        if !certificate.exists() {
            let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
            std::fs::write(&certificate, made.cert.pem()).unwrap();
            std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        }
        let mails = folder.join("mails");
        let server = Command::new(&python)
            .args(["-m", "aiosmtpd", "-n", "-l", &format!("localhost:{port}"), "-c", "aiosmtpd.handlers.Mailbox"])
            .arg("--tlscert")
            .arg(&certificate)
            .arg("--tlskey")
            .arg(&key)
            .arg(&mails)
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("localhost", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "no SMTP server");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Self { server, mails })
    }

    /// Mails, oldest first, once there are so many.
    fn wait(&self, count: usize) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let files = std::fs::read_dir(self.mails.join("new")).into_iter().flatten().flatten();
            let mut mails: Vec<_> =
                files.map(|file| (file.metadata().unwrap().modified().unwrap(), file.path())).collect();
            if mails.len() >= count {
                mails.sort();
                return mails.into_iter().map(|(_, path)| std::fs::read_to_string(path).unwrap()).collect();
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{} of {count} mails", mails.len());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A line of a mail that begins so, without what it begins with.
fn line<'m>(mail: &'m str, begins: &str) -> &'m str {
    mail.lines().find_map(|line| line.strip_prefix(begins)).unwrap_or_else(|| panic!("no {begins}: {mail}"))
}

#[test]
fn a_contact_gets_mail_by_a_relay_with_tls_once_it_is_there_again() {
    // A port that nobody has now.
    let port = TcpListener::bind("localhost:0").unwrap().local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let Some(smtp) = Smtp::start(folder.path(), port) else { return };
    let live = Live::configured(&format!(
        "[mail]\nrelay = \"localhost\"\nport = {port}\nfrom = \"Cordon <alerts@nmc.example>\"\nca-file = \"{}\"\n",
        folder.path().join("smtp.pem").display()
    ));
    let operator = live.host.operator();
    let add = ["contact", "add", "duty", "--for", "avon", "--name", "Duty officer", "--level", "full", "--email"];
    let _ = operator.run(&[add.as_slice(), &["nobody"]].concat()).ends(2);
    let _ = operator.run(&[add.as_slice(), &["duty@avon.example", "--marking", "OFFICIAL"]].concat()).ends(0);
    let _ = operator.run(&["contact", "test", "duty", "--for", "avon"]).ends(0);
    let test = smtp.wait(1).remove(0);
    let code = line(&test, "cordon contact confirm duty --for avon --code ").trim().to_owned();
    let _ = operator.run(&["contact", "confirm", "duty", "--for", "avon", "--code", &code]).ends(0);

    let kept = smtp.wait(1).len();
    drop(smtp);
    live.post(&["one"]);
    let _ = live.alerts(1);
    let begun = Instant::now();
    while operator.run(&["delivery", "list"]).code == 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing waits");
        std::thread::sleep(Duration::from_millis(50));
    }
    let smtp = Smtp::start(folder.path(), port).unwrap();
    let mail = smtp.wait(kept + 1).pop().unwrap();
    assert!(line(&mail, "Subject: ").starts_with("avon-1 (high): Rule A"), "{mail}");
    assert!(line(&mail, "Message-ID: ").ends_with("@cordon>") && line(&mail, "To: ").contains("duty@avon.example"));
    assert!(
        mail.contains("OFFICIAL") && mail.contains("Next: Nothing.") && mail.contains("<p>Next: Nothing.</p>"),
        "{mail}"
    );
    let _ = operator.run(&["delivery", "list"]).ends(0);
}
