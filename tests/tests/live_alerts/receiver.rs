//! A receiver of webhooks: a real HTTP server on loopback, which answers as it is told and keeps what it was sent.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) key: String,
    pub(crate) signature: String,
    pub(crate) body: String,
    /// What it was answered.
    pub(crate) status: u16,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether it was signed with this key, just now.
    pub(crate) fn is_signed(&self, key: &str) -> bool {
        let (time, signature) = self.signature.split_once(',').unwrap();
        let (time, signature) = (time.strip_prefix("t=").unwrap(), signature.strip_prefix("v1=").unwrap());
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&hex::decode(key).unwrap()).unwrap();
        mac.update(format!("{time}.{}", self.body).as_bytes());
        let age = cordon::clock::now_micros() / 1_000_000 - time.parse::<i64>().unwrap();
        hex::encode(mac.finalize().into_bytes()) == signature && (0..300).contains(&age)
    }
}

/// See the module. It lives as long as the test.
#[derive(Clone)]
pub(crate) struct Receiver {
    address: String,
    answer: Arc<AtomicU16>,
    /// Answers nobody.
    holds: Arc<AtomicBool>,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Receiver {
    pub(crate) fn start(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (answer, got) = (Arc::new(AtomicU16::new(status)), Arc::new(Mutex::new(Vec::new())));
        let holds = Arc::new(AtomicBool::new(false));
        let (answers, gets, holding) = (Arc::clone(&answer), Arc::clone(&got), Arc::clone(&holds));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut key, mut signature, mut length) = (String::new(), String::new(), 0);
                let mut line = String::new();
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    let (name, value) = line.trim().split_once(": ").unwrap_or_default();
                    match name.to_lowercase().as_str() {
                        "idempotency-key" => value.clone_into(&mut key),
                        "cordon-signature" => value.clone_into(&mut signature),
                        "content-length" => length = value.parse().unwrap(),
                        _ => {}
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                if reader.read_exact(&mut body).is_err() {
                    continue;
                }
                let status = answers.load(Ordering::SeqCst);
                let body = String::from_utf8(body).unwrap();
                gets.lock().unwrap().push(Got { key, signature, body, status });
                if holding.load(Ordering::SeqCst) {
                    std::thread::spawn(move || (stream, std::thread::park()));
                    continue;
                }
                let _ = write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        Self { address, answer, holds, got }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn answers(&self, status: u16) {
        self.answer.store(status, Ordering::SeqCst);
    }

    /// Whether it takes requests and never answers.
    pub(crate) fn holds(&self, holds: bool) {
        self.holds.store(holds, Ordering::SeqCst);
    }

    pub(crate) fn all(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// Waits until so many requests came.
    pub(crate) fn wait(&self, count: usize) -> Vec<Got> {
        let begun = Instant::now();
        loop {
            let all = self.all();
            if all.len() >= count {
                return all;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{} of {count}", all.len());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
