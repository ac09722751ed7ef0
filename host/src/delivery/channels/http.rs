//! POSTs to receivers: by the proxy of the configuration, with its authority besides the public ones.

use std::path::Path;
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::Sent;

/// How long the other side may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// See the module.
pub(in crate::delivery) struct Http {
    /// Trusts the public authorities.
    public: ureq::Agent,
    /// Trusts the configured one.
    own: Option<ureq::Agent>,
}

impl Http {
    pub(super) fn open(proxy: Option<&str>, authority: Option<&Path>) -> Result<Self, String> {
        let proxy = proxy.map(|url| ureq::Proxy::new(url).map_err(|error| format!("delivery.proxy: {error}")));
        let proxy = proxy.transpose()?;
        let agent = |tls: TlsConfig| {
            let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).max_redirects(0).tls_config(tls);
            config.proxy(proxy.clone()).build().new_agent()
        };
        let own = authority.map(|path| Ok::<_, String>(agent(trusting(path)?))).transpose()?;
        Ok(Self { public: agent(TlsConfig::default()), own })
    }

    pub(super) fn post(&self, url: &str, headers: &[(&str, String)], body: &str) -> Sent {
        let answer = self.own.as_ref().map(|own| by(own, url, headers, body));
        match answer {
            // Nothing was sent to who showed another certificate.
            Some(Err(error)) if is_of_certificate(&error) => sent(by(&self.public, url, headers, body)),
            Some(answer) => sent(answer),
            None => sent(by(&self.public, url, headers, body)),
        }
    }
}

fn trusting(path: &Path) -> Result<TlsConfig, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("delivery.ca-file: {}: {error}", path.display());
    let text = std::fs::read(path).map_err(|error| wrong(&error))?;
    let mut found: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| wrong(&error))? {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        return Err(wrong(&"holds no certificate (PEM, `BEGIN CERTIFICATE`)"));
    }
    Ok(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&found)).build())
}

type Answer = Result<ureq::http::Response<ureq::Body>, ureq::Error>;

fn by(agent: &ureq::Agent, url: &str, headers: &[(&str, String)], body: &str) -> Answer {
    let request = agent.post(url).header("content-type", "application/json");
    headers.iter().fold(request, |request, (name, value)| request.header(*name, value)).send(body)
}

fn is_of_certificate(error: &ureq::Error) -> bool {
    !matches!(error, ureq::Error::StatusCode(_)) && error.to_string().contains("certificate")
}

fn sent(answer: Answer) -> Sent {
    match answer {
        Ok(answer) if answer.status().is_success() => Sent::Done,
        // Of a redirection: whom it was signed for is not whom it would go to.
        Ok(answer) => Sent::Never(format!("it answered {}", answer.status().as_u16())),
        Err(ureq::Error::StatusCode(status @ (408 | 425 | 429 | 500..))) => {
            Sent::Later(format!("it answered {status}"))
        }
        Err(ureq::Error::StatusCode(413)) => Sent::TooLarge("it answered 413".into()),
        Err(ureq::Error::StatusCode(status)) => Sent::Never(format!("it answered {status}")),
        Err(ureq::Error::BadUri(_)) => Sent::Never("its address is none".into()),
        Err(error) => Sent::Later(format!("it cannot be reached: {error}")),
    }
}
