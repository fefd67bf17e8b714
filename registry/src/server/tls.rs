//! The certificate and its key, and their renewal while the registry runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use std::{fs, io};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use zeroize::Zeroizing;

/// How often it is looked whether the files changed.
const LOOK: Duration = Duration::from_secs(5);

/// HTTP/2, as browsers call it in the TLS handshake (RFC 9113, 3.2).
pub(super) const HTTP2: &[u8] = b"h2";

/// A certificate with its key, from files that may be renewed. TLS 1.2 and 1.3.
#[derive(Clone)]
pub struct Tls(Arc<Parts>);

struct Parts {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<ServerConfig>>,
}

/// Why there is no TLS with these files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others can read the key.
    #[error("{path}: others than its owner can use this file; chmod 600 it")]
    Exposed {
        /// Of the key.
        path: PathBuf,
    },
    /// A file is not PEM, or has nothing of the kind in it.
    #[error("{path}: there is no {what} in PEM in it")]
    NotPem {
        /// Which one.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// The key wants a passphrase, which nobody could type at every start.
    #[error(
        "{path}: the private key in it is encrypted with a passphrase; write it without one: \
         openssl pkey -in {path} -out FILE, and chmod 600 FILE"
    )]
    Encrypted {
        /// Of the key.
        path: PathBuf,
    },
    /// The key is the one of another certificate.
    #[error("the key in {key} does not belong to the first certificate in {certificate}")]
    Mismatch {
        /// Of the certificate.
        certificate: PathBuf,
        /// Of the key.
        key: PathBuf,
    },
    /// The TLS library cannot use them.
    #[error("{certificate} and {key} cannot be used: {source}")]
    Unusable {
        /// Of the certificate.
        certificate: PathBuf,
        /// Of the key.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

impl Tls {
    /// Reads a certificate, followed by the ones that lead to its root, and its key.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn open(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let current = RwLock::new(Arc::new(read(&certificate, &key)?));
        Ok(Self(Arc::new(Parts { certificate, key, current })))
    }

    /// Begins new connections with what the files hold now.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let current = self.0.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&current))
    }

    /// Reads the files again at SIGHUP and whenever they change, for ever. Connections that are
    /// open stay so. Files that are wrong change nothing: a renewal that replaces one file after
    /// the other is complete with the second.
    pub(super) async fn follow_files(&self) {
        let mut hangups = Hangups::new();
        let mut seen = self.stamps();
        loop {
            tokio::select! {
                () = hangups.next() => {}
                () = tokio::time::sleep(LOOK) => {
                    let now = self.stamps();
                    if now == seen {
                        continue;
                    }
                    seen = now;
                }
            }
            match read(&self.0.certificate, &self.0.key) {
                Ok(new) => {
                    let mut current =
                        self.0.current.write().unwrap_or_else(PoisonError::into_inner);
                    *current = Arc::new(new);
                    tracing::info!("the certificate was read again");
                }
                Err(error) => {
                    tracing::error!(%error, "the certificate from before stays in use");
                }
            }
        }
    }

    fn stamps(&self) -> [Option<(SystemTime, u64)>; 2] {
        let stamp = |path: &Path| {
            let file = fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len()))
        };
        [stamp(&self.0.certificate), stamp(&self.0.key)]
    }
}

fn read(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let chain = read_chain(certificate)?;
    let private = read_key(key)?;
    let unusable = |source| TlsError::Unusable {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        source,
    };
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(rustls::ALL_VERSIONS).map_err(unusable)?;
    let made = builder.with_no_client_auth().with_single_cert(chain, private);
    let mut config = made.map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            TlsError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() }
        }
        error => unusable(error),
    })?;
    config.alpn_protocols = vec![HTTP2.to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = fs::read(path).map_err(|source| file(path, source))?;
    let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(TlsError::NotPem { path: path.to_owned(), what: "certificate" }),
    }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = Zeroizing::new(fs::read(path).map_err(|source| file(path, source))?);
    if crate::files::is_exposed(path).map_err(|source| file(path, source))? {
        return Err(TlsError::Exposed { path: path.to_owned() });
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| match is_encrypted(&text) {
        true => TlsError::Encrypted { path: path.to_owned() },
        false => TlsError::NotPem { path: path.to_owned(), what: "private key" },
    })
}

/// Whether a PEM text says of its key that it is encrypted (RFC 7468, 11; RFC 1421, 4.6.1.1).
fn is_encrypted(text: &[u8]) -> bool {
    text.windows(9).any(|words| words == b"ENCRYPTED")
}

fn file(path: &Path, source: io::Error) -> TlsError {
    TlsError::File { path: path.to_owned(), source }
}

/// SIGHUP, where there is such a thing.
struct Hangups {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
}

impl Hangups {
    fn new() -> Self {
        Self {
            #[cfg(unix)]
            signals: {
                use tokio::signal::unix::{SignalKind, signal};
                signal(SignalKind::hangup())
                    .inspect_err(|error| tracing::warn!(%error, "SIGHUP is not listened to"))
                    .ok()
            },
        }
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signals) = &mut self.signals
            && signals.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}
