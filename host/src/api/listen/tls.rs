//! The host's certificate and key, and what rustls makes of them. Read again on demand; bad files leave the old ones in use.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::ids::Digest;

/// Why certificate and key are of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", file.display())]
pub struct TlsError {
    file: PathBuf,
    reason: String,
}

/// See the module.
pub struct Tls {
    used: RwLock<Used>,
}

struct Used {
    config: Arc<ServerConfig>,
    /// Of the files' bytes.
    digest: Digest,
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// When one cannot be read, is no PEM, or the key is not the certificate's.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self { used: RwLock::new(read(certificate, key)?) })
    }

    /// Reads the files again, for connections that come from now on. Whether they differ.
    ///
    /// # Errors
    /// As [`Tls::open`]; what was in use stays so.
    pub fn reload(&self, certificate: &Path, key: &Path) -> Result<bool, TlsError> {
        let new = read(certificate, key)?;
        let mut used = self.used.write().unwrap_or_else(PoisonError::into_inner);
        let differs = used.digest != new.digest;
        *used = new;
        Ok(differs)
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let used = self.used.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&used.config))
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Used, TlsError> {
    let wrong = |file: &Path, reason: String| TlsError { file: file.to_owned(), reason };
    let bytes = |file: &Path| std::fs::read(file).map_err(|error| wrong(file, format!("cannot be read: {error}")));
    let (of_certificate, of_key) = (bytes(certificate)?, bytes(key)?);
    let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&of_certificate).collect();
    let chain = chain.map_err(|error| wrong(certificate, format!("is no PEM file of certificates: {error}")))?;
    if chain.is_empty() {
        return Err(wrong(certificate, "holds no certificate (PEM, `BEGIN CERTIFICATE`)".into()));
    }
    let private = PrivateKeyDer::from_pem_slice(&of_key);
    let private = private.map_err(|error| wrong(key, format!("holds no private key (PEM): {error}")))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let mut config =
        config.map_err(|error| wrong(key, format!("does not go with {}: {error}", certificate.display())))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Used { config: Arc::new(config), digest: Digest::of_parts(&[&of_certificate, &of_key]) })
}
