//! Receivers on loopback that take everything and keep what they were sent: HTTP, SMTP, syslog.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// See the module.
pub(super) struct Sink {
    pub(super) port: u16,
    got: Arc<Got>,
}

type Got = Mutex<Vec<String>>;

impl Sink {
    fn start(take: impl Fn(TcpStream, &Got) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, got) = (listener.local_addr().unwrap().port(), Arc::new(Got::default()));
        let (keeps, take) = (Arc::clone(&got), Arc::new(take));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (keeps, take) = (Arc::clone(&keeps), Arc::clone(&take));
                std::thread::spawn(move || take(stream, &keeps));
            }
        });
        Self { port, got }
    }

    pub(super) fn http() -> Self {
        Self::http_up_to(usize::MAX)
    }

    /// Takes bodies of at most so many bytes.
    pub(super) fn http_up_to(most: usize) -> Self {
        Self::start(move |stream, got| http(stream, most, got))
    }

    pub(super) fn smtp() -> Self {
        Self::smtp_answering("250 good")
    }

    /// Answers so to whom a mail is for.
    pub(super) fn smtp_answering(answer: &'static str) -> Self {
        Self::start(move |stream, got| smtp(stream, answer, got))
    }

    pub(super) fn syslog() -> Self {
        Self::start(|mut stream, got| {
            let mut text = String::new();
            stream.read_to_string(&mut text)?;
            got.lock().unwrap().push(text);
            Ok(())
        })
    }

    pub(super) fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }
}

fn http(mut stream: TcpStream, most: usize, got: &Got) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line)? > 2 {
        if let Some(given) = line.to_lowercase().strip_prefix("content-length: ") {
            length = given.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    // Before the answer: what is sent upon it comes behind it.
    got.lock().unwrap().push(String::from_utf8(body).unwrap());
    let status = if length > most { "413 Too Large" } else { "200 OK" };
    stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes())
}

/// Keeps the mail as text, quoted-printable undone.
fn smtp(mut stream: TcpStream, to: &str, got: &Got) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    stream.write_all(b"220 sink\r\n")?;
    let (mut mail, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line)? > 0 {
        let answer = match line.get(..4).unwrap_or_default() {
            "DATA" => "354 go on",
            "QUIT" => return Err(std::io::Error::other("no mail")),
            "RCPT" => to,
            _ => "250 good",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes())?;
        if answer.starts_with("354") {
            line.clear();
            while reader.read_line(&mut line)? > 0 && line != ".\r\n" {
                mail.push_str(&line);
                line.clear();
            }
            break;
        }
        line.clear();
    }
    let bytes = mail.replace("=\r\n", "");
    let mut parts = bytes.split('=');
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                out.extend_from_slice(&part.as_bytes()[2..]);
            }
            None => out.extend_from_slice(format!("={part}").as_bytes()),
        }
    }
    got.lock().unwrap().push(String::from_utf8_lossy(&out).into_owned());
    stream.write_all(b"250 taken\r\n")
}
