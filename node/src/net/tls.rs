//! Certificates for WebSocket over TLS. TLS gets a connection through firewalls and their
//! inspection; who is at the other end is proved by Noise inside it.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use libp2p::websocket::tls;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _};

/// The own certificate and whom to trust, read. By default none of its own, and the authorities of
/// the Mozilla programme.
#[derive(Clone)]
pub struct Tls {
    config: tls::Config,
    has_certificate: bool,
}

/// Why a certificate cannot be used; each names the option of `run`.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read, or is not PEM.
    #[error("{option} {}: {}", path.display(), why_not_read(source))]
    Read {
        /// Which option named the file.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
    /// There is no certificate in it.
    #[error("{option} {}: there is no certificate in it", path.display())]
    Empty {
        /// Which option named the file.
        option: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// A private key of a kind that TLS has no use for.
    #[error("--tls-key {}: the key is of a kind that is not known", path.display())]
    KeyKind {
        /// The file.
        path: PathBuf,
    },
    /// The certificate and the key do not belong together, or one of them is not usable.
    #[error("--tls-cert and --tls-key cannot be used together: {why}")]
    Pair {
        /// For people.
        why: String,
    },
    /// Not a certificate of an authority.
    #[error("--extra-ca {}: cannot be trusted: {why}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// For people.
        why: String,
    },
}

impl Default for Tls {
    fn default() -> Self {
        Self { config: tls::Config::client(), has_certificate: false }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("has_certificate", &self.has_certificate).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads PEM files: the own certificate (first, then those that vouch for it) with its private
    /// key, and authorities to trust beside the known ones.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn read(own: Option<(&Path, &Path)>, authorities: Option<&Path>) -> Result<Self, TlsError> {
        let mut builder = tls::Config::builder();
        if let Some((certificate, key)) = own {
            let chain = certificates("--tls-cert", certificate)?;
            let key = private_key(key)?;
            builder.server(key, chain).map_err(|error| TlsError::Pair { why: error.to_string() })?;
        }
        if let Some(path) = authorities {
            for certificate in certificates("--extra-ca", path)? {
                builder
                    .add_trust(&certificate)
                    .map_err(|error| TlsError::Authority { path: path.to_owned(), why: error.to_string() })?;
            }
        }
        Ok(Self { config: builder.finish(), has_certificate: own.is_some() })
    }

    /// Whether there is a certificate to listen with.
    pub(super) fn has_certificate(&self) -> bool {
        self.has_certificate
    }

    pub(super) fn config(&self) -> tls::Config {
        self.config.clone()
    }
}

fn certificates(option: &'static str, path: &Path) -> Result<Vec<tls::Certificate>, TlsError> {
    let failed = |source| TlsError::Read { option, path: path.to_owned(), source };
    let found: Vec<CertificateDer<'_>> =
        CertificateDer::pem_file_iter(path).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
    if found.is_empty() {
        return Err(TlsError::Empty { option, path: path.to_owned() });
    }
    Ok(found.into_iter().map(|certificate| tls::Certificate::new(certificate.to_vec())).collect())
}

fn private_key(path: &Path) -> Result<tls::PrivateKey, TlsError> {
    let key = PrivateKeyDer::from_pem_file(path).map_err(|source| TlsError::Read {
        option: "--tls-key",
        path: path.to_owned(),
        source,
    })?;
    // libp2p tells the kinds apart by their bytes, and panics on others.
    match PrivateKeyDer::try_from(key.secret_der()) {
        Ok(known) => Ok(tls::PrivateKey::new(known.secret_der().to_vec())),
        Err(_) => Err(TlsError::KeyKind { path: path.to_owned() }),
    }
}

/// Without the bytes of what may be a key.
fn why_not_read(error: &pem::Error) -> String {
    #[expect(clippy::wildcard_enum_match_arm, reason = "pem::Error is non-exhaustive")]
    match error {
        pem::Error::Io(source) => format!("cannot be read: {source}"),
        pem::Error::NoItemsFound => "there is no such thing in it, as PEM".to_owned(),
        _ => "is not PEM".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_inspects_tls_may_speak_an_older_one() {
        let spoken = rustls::DEFAULT_VERSIONS.iter().map(|version| version.version);
        assert!(spoken.eq([rustls::ProtocolVersion::TLSv1_3, rustls::ProtocolVersion::TLSv1_2]));
    }
}
