//! A connection that is kept open, as shippers keep theirs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

/// See the module.
pub struct Connection {
    stream: BufReader<TcpStream>,
    address: String,
    token: String,
}

impl Connection {
    pub fn open(address: &str, token: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream), address: address.to_owned(), token: token.to_owned() }
    }

    /// One request; its status and body.
    pub fn ask(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let (address, token, length) = (&self.address, &self.token, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n"
        );
        let stream = self.stream.get_mut();
        // In one: where an answer needs no body, the host closes before one that comes later.
        let sent = stream.write_all(&[head.as_bytes(), body].concat());
        let mut line = String::new();
        let _ = self.stream.read_line(&mut line);
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.unwrap_or_else(|| panic!("{method} {path}: no status; sent: {sent:?}"));
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            match line.trim().split_once(':') {
                None => break,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap();
                }
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        (status, body)
    }

    /// One request that must succeed; its answer.
    pub fn json(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let text = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let (status, answer) = self.ask(method, path, "application/json", &text);
        assert!(status < 300, "{method} {path}: {status} {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap_or(Value::Null)
    }

    /// Posts events, again while the host says that it is busy; the sequence number of the last one.
    pub fn post(&mut self, body: &[u8]) -> u64 {
        loop {
            let (status, answer) = self.ask("POST", "/v1/events/m365.audit", "application/x-ndjson", body);
            match status {
                200 => {
                    let answer: Value = serde_json::from_slice(&answer).unwrap();
                    return answer["sequence"].as_u64().unwrap() + answer["accepted"].as_u64().unwrap() - 1;
                }
                429 => std::thread::sleep(std::time::Duration::from_millis(20)),
                other => panic!("{other}: {}", String::from_utf8_lossy(&answer)),
            }
        }
    }
}
