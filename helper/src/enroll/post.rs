//! One request over HTTP: to a registry on this computer, or over TLS to one that this computer, or
//! the administrator by a certificate, trusts.

use super::EnrollError;
use super::address::RegistryAddress;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

/// How long the whole exchange may take.
const TIME: Duration = Duration::from_secs(30);

/// Longest answer, in bytes.
const MAX_ANSWER: u64 = 64 * 1024;

/// Whose certificates are believed.
#[derive(Debug, Clone)]
pub struct Trust(Vec<Certificate<'static>>);

impl Trust {
    /// The certificates of the operating system, and those of a file beside them.
    ///
    /// # Errors
    /// [`EnrollError::Ca`] where the file has none.
    pub fn load(ca: Option<&Path>) -> Result<Self, EnrollError> {
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::warn!(%error, "certificates of the operating system");
        }
        let own =
            |der: &rustls::pki_types::CertificateDer<'_>| Certificate::from_der(der).to_owned();
        let mut certificates: Vec<_> = system.certs.iter().map(own).collect();
        if let Some(path) = ca {
            certificates.extend(read(path)?);
        }
        Ok(Self(certificates))
    }
}

fn read(path: &Path) -> Result<Vec<Certificate<'static>>, EnrollError> {
    let wrong = |why| EnrollError::Ca { path: path.to_owned(), why };
    let text = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&text) {
        match item.map_err(|error| wrong(error.to_string()))? {
            PemItem::Certificate(certificate) => certificates.push(certificate),
            _ => return Err(wrong("it holds something else than certificates".to_owned())),
        }
    }
    if certificates.is_empty() {
        return Err(wrong("it holds no certificate".to_owned()));
    }
    // One that cannot be understood would silently be left out later.
    let mut roots = rustls::RootCertStore::empty();
    for certificate in &certificates {
        roots
            .add(rustls::pki_types::CertificateDer::from(certificate.der().to_vec()))
            .map_err(|error| wrong(error.to_string()))?;
    }
    Ok(certificates)
}

/// Status and body of what is answered to a JSON body.
pub(super) fn post(
    registry: &RegistryAddress,
    trust: &Trust,
    target: &str,
    body: &str,
) -> Result<(u16, String), EnrollError> {
    // A registry on this computer is reached by this computer, whatever proxies there are.
    let proxy = if registry.is_here() { None } else { Proxy::try_from_env() };
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&trust.0))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let agent: Agent = Agent::config_builder()
        .tls_config(tls)
        .https_only(registry.is_https())
        .proxy(proxy)
        .http_status_as_error(false)
        // An address that leads elsewhere is to be named by a person, not by whoever answers.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(TIME))
        .user_agent(concat!("cardwright-helper/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let mut answer = agent
        .post(format!("{}{target}", registry.connect_to()))
        .header("Host", registry.host())
        .header("Origin", registry.origin())
        .content_type("application/json")
        .send(body)
        .map_err(|error| explain(registry, &error))?;
    let status = answer.status().as_u16();
    if let (300..400, Some(elsewhere)) = (status, answer.headers().get("Location")) {
        let elsewhere: String =
            elsewhere.as_bytes().escape_ascii().map(char::from).take(200).collect();
        return Err(EnrollError::NotARegistry {
            registry: registry.to_string(),
            why: format!("it leads elsewhere, to {elsewhere}"),
        });
    }
    let body = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_string();
    Ok((status, body.map_err(|error| explain(registry, &error))?))
}

fn explain(registry: &RegistryAddress, error: &ureq::Error) -> EnrollError {
    let registry = registry.to_string();
    let tls = match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => tls_error(error),
        _ => None,
    };
    match (tls, error) {
        (Some(rustls::Error::InvalidCertificate(why)), _) => {
            EnrollError::NotTrusted { registry, why: not_trusted(why) }
        }
        (Some(error), _) => EnrollError::NotARegistry {
            registry,
            why: format!("no TLS can be agreed on with it ({error})"),
        },
        (None, ureq::Error::HostNotFound) => {
            EnrollError::Unreachable { registry, why: "there is no such host".to_owned() }
        }
        (None, ureq::Error::Timeout(_)) => {
            EnrollError::Unreachable { registry, why: "it takes too long".to_owned() }
        }
        // It was reached, and did not understand what was said.
        (None, ureq::Error::Io(error)) if hung_up(error.kind()) => {
            EnrollError::NotARegistry { registry, why: "it hangs up".to_owned() }
        }
        (None, ureq::Error::Io(error)) => {
            EnrollError::Unreachable { registry, why: error.to_string() }
        }
        (None, ureq::Error::ConnectionFailed | ureq::Error::ConnectProxyFailed(_)) => {
            EnrollError::Unreachable { registry, why: error.to_string() }
        }
        (None, error) => EnrollError::NotARegistry { registry, why: error.to_string() },
    }
}

/// Why a certificate is not trusted, for whoever can mend it.
fn not_trusted(why: &rustls::CertificateError) -> String {
    use rustls::CertificateError as E;
    match why {
        E::UnknownIssuer => {
            "nobody whom this computer trusts has signed it; if it is by a CA of your own, name \
             the certificate of that CA with --ca FILE"
                .to_owned()
        }
        E::Expired | E::ExpiredContext { .. } => {
            "it has expired, or the clock of this computer is wrong".to_owned()
        }
        E::NotValidYet | E::NotValidYetContext { .. } => {
            "it is not valid yet, or the clock of this computer is wrong".to_owned()
        }
        E::NotValidForNameContext { presented, .. } => {
            // Each is the kind of name, and the name in parentheses.
            let name = |of: &String| of.replace(['"', ')'], "").replace('(', " ");
            let names = presented.iter().map(name).collect::<Vec<_>>().join(", ");
            format!("it is for another name ({names}); use an address that it is for")
        }
        other => other.to_string(),
    }
}

fn hung_up(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as K;
    matches!(kind, K::UnexpectedEof | K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe)
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref().or_else(|| inner.source()?.downcast_ref())
}
