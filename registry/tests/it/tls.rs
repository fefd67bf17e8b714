use crate::program::{program, started, stop, words};
use crate::raw::{RawAnswer, RawRegistry, ask, until_closed};
use axum::body::Body;
use cardwright_registry::{Limits, Tls, TlsError};
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, KeyPair};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

/// A certificate and its key in two files.
struct Files {
    folder: TempDir,
    certificate: CertificateDer<'static>,
}

impl Files {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let certificate = write_new(folder.path());
        Self { folder, certificate }
    }

    /// Puts another certificate in their place, and says that they changed now.
    fn renew(&mut self) {
        self.certificate = write_new(self.folder.path());
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    fn open(&self) -> Result<Tls, TlsError> {
        Tls::open(self.certificate(), self.key())
    }
}

fn write_new(folder: &Path) -> CertificateDer<'static> {
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
    std::fs::write(folder.join("certificate.pem"), cert.pem()).unwrap();
    write_key(&folder.join("key.pem"), &signing_key.serialize_pem());
    cert.der().clone()
}

fn write_key(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    set_mode(path, 0o600);
}

fn set_mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
}

/// A connection that believes this certificate alone.
async fn connect(
    address: SocketAddr,
    certificate: &CertificateDer<'static>,
    version: &'static SupportedProtocolVersion,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_protocol_versions(&[version]).unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(address).await?;
    let name = "127.0.0.1".try_into().unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

fn read_session(address: SocketAddr) -> String {
    format!("GET /api/v1/session HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn pages_come_by_https_to_origins_of_https() {
    let files = Files::new();
    let registry = RawRegistry::with_tls(Limits::default(), files.open().unwrap()).await;
    let address = registry.address;
    for version in [&TLS12, &TLS13] {
        let stream = connect(address, &files.certificate, version, "http/1.1").await.unwrap();
        let answer = ask(stream, read_session(address).as_bytes()).await;
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    }
    for (origin, status) in [("https", 422), ("http", 403)] {
        let stream = connect(address, &files.certificate, &TLS13, "http/1.1").await.unwrap();
        let request = format!(
            "POST /api/v1/nothing HTTP/1.1\r\nhost: {address}\r\norigin: {origin}://{address}\r\n\
             connection: close\r\n\r\n"
        );
        let answer = ask(stream, request.as_bytes()).await;
        assert_eq!(answer.status() == 403, status == 403, "{}", answer.head());
    }
    let stream = connect(address, &files.certificate, &TLS13, "http/1.1").await.unwrap();
    let by_name = read_session(address).replace("127.0.0.1", "localhost");
    let answer = ask(stream, by_name.as_bytes()).await;
    assert_eq!(answer.status(), 401);
    let told = answer.header("strict-transport-security");
    assert_eq!(told, None, "other programs' pages are on localhost, too");

    let in_clear = registry.ask(&registry.request()).await;
    assert_ne!(in_clear.status(), 401, "nothing is served in clear");
}

#[tokio::test]
async fn http2_has_the_same_rules() {
    let files = Files::new();
    let registry = RawRegistry::with_tls(Limits::default(), files.open().unwrap()).await;
    let address = registry.address;
    let stream = connect(address, &files.certificate, &TLS13, "h2").await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    let cases = [
        ("GET", format!("https://{address}/api/v1/session"), "", 401),
        ("GET", format!("https://localhost:{}/api/v1/session", address.port()), "", 401),
        ("GET", "https://evil.example/api/v1/session".to_owned(), "", 403),
        ("POST", format!("https://{address}/api/v1/session"), "", 403),
        ("POST", format!("https://{address}/api/v1/session"), "https://evil.example", 403),
        ("POST", format!("https://{address}/api/v1/nothing"), &format!("https://{address}"), 404),
    ];
    for (method, url, origin, status) in cases {
        let mut request = Request::builder().method(method).uri(&url);
        if !origin.is_empty() {
            request = request.header("origin", origin);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{method} {url} {origin}");
        assert!(answer.headers().contains_key("content-security-policy"));
    }
    let long = "y".repeat(20_000);
    let request = Request::builder().uri(format!("https://{address}/")).header("x", long);
    let answer = sender.send_request(request.body(Body::empty()).unwrap()).await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() == 431));
    drop(sender);
    // It ends because we leave it, one way or the other.
    let _ = connection.await.unwrap();
}

#[tokio::test]
async fn a_handshake_is_not_waited_for() {
    let limits = Limits { first_request: Duration::from_millis(200), ..Limits::default() };
    let files = Files::new();
    let registry = RawRegistry::with_tls(limits, files.open().unwrap()).await;
    // A record of 512 bytes that holds the begin of a ClientHello of 508 (RFC 8446, 4.1.2).
    for begin in [&b""[..], &[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]] {
        let mut stream = registry.connect().await;
        stream.write_all(begin).await.unwrap();
        assert_eq!(until_closed(&mut stream).await, b"");
    }
}

#[test]
fn files_that_are_no_certificate_with_its_key_are_named() {
    let kind = |files: &Files| match files.open() {
        Ok(_) => "none",
        Err(TlsError::File { .. }) => "file",
        Err(TlsError::Exposed { .. }) => "exposed",
        Err(TlsError::NotPem { what, .. }) => what,
        Err(TlsError::Encrypted { .. }) => "encrypted",
        Err(TlsError::Mismatch { .. }) => "mismatch",
        Err(TlsError::Unusable { .. }) => "unusable",
    };
    let files = Files::new();
    assert_eq!(kind(&files), "none");
    set_mode(&files.key(), 0o640);
    assert_eq!(kind(&files), "exposed");
    write_key(&files.key(), &KeyPair::generate().unwrap().serialize_pem());
    assert_eq!(kind(&files), "mismatch");
    write_key(&files.key(), &std::fs::read_to_string(files.certificate()).unwrap());
    assert_eq!(kind(&files), "private key");
    for kind_of_key in ["ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY"] {
        let head = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n";
        let head = if kind_of_key.starts_with("RSA") { head } else { "" };
        let key =
            format!("-----BEGIN {kind_of_key}-----\n{head}AAAA\n-----END {kind_of_key}-----\n");
        write_key(&files.key(), &key);
        assert_eq!(kind(&files), "encrypted", "{kind_of_key}");
    }
    write_key(&files.key(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    assert_eq!(kind(&files), "unusable");
    std::fs::remove_file(files.key()).unwrap();
    assert_eq!(kind(&files), "file");
    std::fs::write(files.certificate(), "certificate").unwrap();
    assert_eq!(kind(&files), "certificate");
    std::fs::remove_file(files.certificate()).unwrap();
    assert_eq!(kind(&files), "file");
}

#[cfg(unix)]
#[tokio::test]
async fn a_renewed_certificate_is_used_and_open_connections_stay() {
    use tokio::io::{AsyncBufReadExt as _, BufReader};
    let data = TempDir::new().unwrap();
    let mut files = Files::new();
    let old = files.certificate.clone();
    let mut serve = program(&["serve", "--listen", "127.0.0.1:0"], data.path());
    serve.arg("--tls-cert").arg(files.certificate()).arg("--tls-key").arg(files.key());
    let (mut child, lines) = started({
        serve.stderr(Stdio::piped());
        serve
    })
    .await;
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = async |words: &str| {
        while !log.next_line().await.unwrap().unwrap().contains(words) {}
    };
    let url = &lines.last().unwrap()[1];
    let address: SocketAddr = url.strip_prefix("https://").unwrap().parse().unwrap();
    let hang_up = async |child: &tokio::process::Child| {
        let id = child.id().unwrap().to_string();
        let sent = tokio::process::Command::new("kill").args(["-HUP", &id]).status().await;
        assert!(sent.unwrap().success());
    };
    let mut before = connect(address, &old, &TLS13, "http/1.1").await.unwrap();
    // Who asked once is waited for longer than who never did.
    let asks = read_session(address).replace("connection: close\r\n", "");
    before.write_all(asks.as_bytes()).await.unwrap();
    let mut answered = [0; 12];
    before.read_exact(&mut answered).await.unwrap();
    assert_eq!(&answered, b"HTTP/1.1 401");

    write_key(&files.key(), "no key");
    hang_up(&child).await;
    said("the certificate from before stays in use").await;
    assert!(connect(address, &old, &TLS13, "http/1.1").await.is_ok());

    files.renew();
    hang_up(&child).await;
    said("the certificate was read again").await;
    assert!(connect(address, &old, &TLS13, "http/1.1").await.is_err());
    let after = connect(address, &files.certificate, &TLS13, "http/1.1").await.unwrap();
    let answer: RawAnswer = ask(after, read_session(address).as_bytes()).await;
    assert_eq!(answer.status(), 401);
    // The rest of its first answer, and the second one.
    let answer = ask(before, read_session(address).as_bytes()).await;
    let answers = String::from_utf8(answer.0).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 401").count(), 1, "{answers}");

    files.renew();
    // What was said before may be of the files before.
    loop {
        said("the certificate was read again").await;
        if connect(address, &files.certificate, &TLS13, "http/1.1").await.is_ok() {
            return stop(child).await;
        }
    }
}

#[tokio::test]
async fn what_other_computers_reach_is_not_served_in_clear() {
    let data = TempDir::new().unwrap();
    let files = Files::new();
    let path = |path: PathBuf| path.to_str().unwrap().to_owned();
    let (certificate, key) = (path(files.certificate()), path(files.key()));
    let cases: [(&[&str], &str); 4] = [
        (&["serve", "--listen", "0.0.0.0:0"], "--tls-cert"),
        (&["serve", "--listen", "[::]:0"], "--tls-cert"),
        (&["serve", "--tls-cert", &certificate], "--tls-key"),
        (&["serve", "--tls-key", &key], "--tls-cert"),
    ];
    for (arguments, named) in cases {
        let said = words(program(arguments, data.path())).await.unwrap_err();
        assert!(said.contains(named), "{said}");
    }
    assert!(!data.path().join("registry.sqlite").exists(), "nothing was made");

    let config = data.path().join("behind-a-proxy.toml");
    std::fs::write(&config, "proxies = [\"192.0.2.5\"]").unwrap();
    let mut serve = program(&["serve", "--listen", "0.0.0.0:0"], data.path());
    serve.arg("--config").arg(&config);
    let (child, lines) = started(serve).await;
    assert!(lines.last().unwrap()[1].starts_with("http://0.0.0.0:"));
    stop(child).await;
}
