//! Syslog: RFC 5424 over TCP or TLS, octets counted (RFC 6587, RFC 5425). The protocol has no answer: a message counts as sent once the
//! receiver, told that no more comes, has read all and closed the connection.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cordon_contract::manifest::Severity;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::{Note, Sent};
use crate::clock::now_micros;
use crate::findings::rfc3339;
use crate::ids::Digest;

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of a message: what receivers take as they come.
const LIMIT: usize = 8 << 10;
/// "Log alert".
const FACILITY: u8 = 14;

/// Whom connections with TLS trust: the public authorities and the configured one.
pub(super) fn trust(authority: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = authority {
        let wrong = |error: &dyn std::fmt::Display| format!("delivery.ca-file: {}: {error}", path.display());
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))? {
            roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
        }
    }
    let config =
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let config = config.map_err(|error| format!("no TLS: {error}"))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// `to`: host and port.
pub(super) fn send(
    trust: &Arc<ClientConfig>,
    to: &str,
    tls: bool,
    severity: Severity,
    note: &Note,
    key: &Digest,
) -> Sent {
    let text = message(severity, note, key, now_micros());
    let framed = format!("{} {text}", text.len());
    match transmit(trust, to, tls, framed.as_bytes()) {
        Ok(()) => Sent::Done,
        Err(error) => Sent::Later(format!("it cannot be reached: {error}")),
    }
}

fn transmit(trust: &Arc<ClientConfig>, to: &str, tls: bool, framed: &[u8]) -> std::io::Result<()> {
    let address = to.to_socket_addrs()?.next().ok_or_else(|| std::io::Error::other("it has no address"))?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    if !tls {
        stream.write_all(framed)?;
        stream.shutdown(std::net::Shutdown::Write)?;
        return closed(&mut stream);
    }
    let host = to.rsplit_once(':').map_or(to, |(host, _)| host).trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host).map_err(std::io::Error::other)?;
    let connection = ClientConnection::new(Arc::clone(trust), name).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    stream.write_all(framed)?;
    stream.conn.send_close_notify();
    stream.flush()?;
    stream.sock.shutdown(std::net::Shutdown::Write)?;
    // What else it says in TLS is of no interest: that it closes is.
    closed(&mut stream.sock)
}

/// Waits until the other side has closed.
fn closed(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut rest = [0; 1_024];
    loop {
        match stream.read(&mut rest) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                return Err(std::io::Error::other(
                    "it does not close the connection: whether it has the message is not known",
                ));
            }
            Err(error) => return Err(error),
        }
    }
}

/// One message, without its frame.
fn message(severity: Severity, note: &Note, key: &Digest, now: i64) -> String {
    let level = match severity {
        Severity::Critical => 2,
        Severity::High => 3,
        Severity::Medium => 4,
        Severity::Low => 5,
        Severity::Informational => 6,
    };
    let of = |name: &str| note.data.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let kind = Some(of("kind")).filter(|kind| !kind.is_empty()).unwrap_or("-");
    // 32473 stands for examples and documents (RFC 5612): the words are ours.
    let data = format!(
        "[cordon@32473 id=\"{key}\" for=\"{}\" reference=\"{}\" severity=\"{}\"]",
        value(of("for")),
        value(of("reference")),
        severity.word()
    );
    let head = format!("<{}>1 {} - cordon - {kind} {data} \u{feff}", FACILITY * 8 + level, rfc3339(now));
    let lines = note.within(LIMIT.saturating_sub(head.len()));
    format!("{head}{}", lines.join(" | "))
}

/// A value of structured data.
fn value(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::message::Line;
    use super::*;

    #[test]
    fn a_message_is_one_line_of_the_form_of_rfc_5424_and_within_its_limit() {
        let mut lines = vec![Line::new(0, "avon-1: new".into())];
        lines.extend((0..2_000).map(|n| Line::new(4, format!("evidence {n}"))));
        let data = json!({ "kind": "created", "for": "avon", "reference": "a\"]\\" });
        let note = Note { subject: "s".into(), lines, data, link: None, ocsf: None };
        let said = message(Severity::High, &note, &Digest([0; 32]), 0);
        assert!(said.len() <= LIMIT && !said.contains('\n'), "{}", said.len());
        let begins = format!(
            "<115>1 1970-01-01T00:00:00Z - cordon - created [cordon@32473 id=\"{}\" for=\"avon\" ",
            "00".repeat(32)
        );
        assert!(said.starts_with(&begins), "{said}");
        assert!(
            said.contains("reference=\"a\\\"\\]\\\\\" severity=\"high\"] \u{feff}avon-1: new | evidence 0"),
            "{said}"
        );
        assert!(said.contains("lines are left out"), "{said}");
    }
}
