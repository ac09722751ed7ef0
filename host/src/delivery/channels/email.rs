//! E-mail by SMTP, through the relay of the configuration: as text and as HTML, which says the same. The same
//! message has the same `Message-ID`, however often it is sent.

use std::path::Path;
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport as _};

use super::{Note, Sent};
use crate::delivery::html::escaped;
use crate::ids::Digest;

/// How long the relay may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Characters of a subject: what a phone shows, and some more.
const SUBJECT: usize = 120;

/// How mail is sent.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "as in the configuration's `[mail]`")]
pub struct Mail {
    pub relay: String,
    pub port: u16,
    pub tls: MailTls,
    pub from: String,
    pub login: Option<(String, std::path::PathBuf)>,
    pub authority: Option<std::path::PathBuf>,
}

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MailTls {
    Starttls,
    Whole,
    None,
}

/// A relay that mail goes through.
pub(in crate::delivery) struct Relay {
    transport: SmtpTransport,
    from: Mailbox,
}

impl Relay {
    /// Reads the files that the settings name; connects to nothing.
    pub(in crate::delivery) fn open(mail: &Mail) -> Result<Self, String> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        let from = mail.from.parse().map_err(|error| format!("mail.from: `{}` is no address: {error}", mail.from))?;
        let mut parameters = TlsParameters::builder(mail.relay.clone());
        if let Some(path) = &mail.authority {
            let pem = Certificate::from_pem(&read(path)?).map_err(|error| format!("{}: {error}", path.display()))?;
            parameters = parameters.add_root_certificate(pem);
        }
        let parameters = || parameters.clone().build_rustls().map_err(|error| format!("mail: no TLS: {error}"));
        let tls = match mail.tls {
            MailTls::Starttls => Tls::Required(parameters()?),
            MailTls::Whole => Tls::Wrapper(parameters()?),
            MailTls::None => Tls::None,
        };
        let mut transport =
            SmtpTransport::builder_dangerous(&mail.relay).port(mail.port).tls(tls).timeout(Some(PATIENCE));
        if let Some((user, file)) = &mail.login {
            let password = String::from_utf8(read(file)?).map_err(|_| format!("{}: not UTF-8 text", file.display()))?;
            transport = transport.credentials(Credentials::new(user.clone(), password.trim_end().to_owned()));
        }
        Ok(Self { transport: transport.build(), from })
    }
}

pub(super) fn send(relay: Option<&Relay>, to: &str, note: &Note, key: &Digest) -> Sent {
    let Some(relay) = relay else {
        return Sent::Later("the configuration names no relay: give [mail] relay and from".into());
    };
    let Ok(to) = to.parse::<Mailbox>() else { return Sent::Never(format!("`{to}` is no address")) };
    let subject: String = note.subject.chars().take(SUBJECT).collect();
    let message = Message::builder()
        .from(relay.from.clone())
        .to(to)
        .subject(subject)
        .message_id(Some(format!("<{key}@cordon>")))
        .multipart(MultiPart::alternative_plain_html(note.text(), html(note)));
    let message = match message {
        Ok(message) => message,
        Err(error) => return Sent::Never(format!("no message: {error}")),
    };
    match relay.transport.send(&message) {
        Ok(_) => Sent::Done,
        Err(error) if error.is_permanent() => Sent::Never(format!("the relay refuses it: {error}")),
        Err(error) => Sent::Later(format!("the relay does not take it: {error}")),
    }
}

/// Lines as HTML: nothing in them is markup. The one link is the host's own.
fn html(note: &Note) -> String {
    let mut lines: String = note.text().lines().map(|line| format!("<p>{}</p>\n", escaped(line))).collect();
    if let Some(link) = &note.link {
        lines.push_str(&format!("<p><a href=\"{}\">See it and say that you have it</a></p>\n", escaped(link)));
    }
    format!("<!DOCTYPE html>\n<html lang=\"en\"><body>\n{lines}</body></html>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        let text = "a <a href='https://evil.example'>b</a> & \"c\"\nd".to_owned();
        let link = Some("https://h/a/0\">".to_owned());
        let lines = vec![crate::delivery::message::Line::new(0, text)];
        let page = html(&Note { subject: String::new(), lines, data: serde_json::Value::Null, link, ocsf: None });
        assert!(
            page.contains(
                "<p>a &lt;a href=&#39;https://evil.example&#39;&gt;b&lt;/a&gt; &amp; &quot;c&quot;</p>\n<p>d</p>"
            ),
            "{page}"
        );
        assert!(page.contains("<a href=\"https://h/a/0&quot;&gt;\">"), "{page}");
    }
}
