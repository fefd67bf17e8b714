use super::{CliError, DataArgument, print};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::registry::Registry;
use crate::server::{self, Tls};
use clap::Args;
use std::path::{Path, PathBuf};
use std::{io, net::SocketAddr};

#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    data: DataArgument,
    /// Configuration file [default: registry.toml in DIR, where there is one].
    ///
    /// It names the helper_ports of 127.0.0.1 on which the page looks for a helper, the origins of
    /// the pages that may change something, the addresses of the proxies through which they come,
    /// and the file audit_checkpoints, best on another disk: about a second after each event the
    /// signed end of the audit log is written to it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one. Without a certificate, and without
    /// proxies in the configuration, only one of this computer's own, such as 127.0.0.1.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420")]
    listen: SocketAddr,
    /// Serve https: file with the certificate and the ones that lead to its root, in PEM.
    ///
    /// Both files are read again when they change and at SIGHUP; open connections stay open.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// File with the certificate's private key, in PEM, without a passphrase, for its owner alone.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Folder of the built app.
    #[arg(long, value_name = "DIR")]
    app: Option<PathBuf>,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let mut config = read_config(&self.data.data, self.config.as_deref())?;
        if let Some(app) = &self.app {
            // Without its page nothing of the app can be opened, and no answer would say why.
            let page = app.join("index.html");
            std::fs::metadata(&page).map_err(|source| CliError::File { path: page, source })?;
        }
        config.app = self.app;
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::open(certificate, key)?),
            _ => {
                check_privacy(self.listen, &config)?;
                None
            }
        };
        // The address is taken first: a second start on the same data ends here, having changed
        // nothing.
        let doing = format!("listening on {}", self.listen);
        let listener = server::listen(self.listen);
        let listener = listener.map_err(|source| CliError::Io { doing: doing.clone(), source })?;
        let address = listener.local_addr().map_err(|source| CliError::Io { doing, source })?;
        let shutdown = shutdown()?;
        let (registry, accounts) = Registry::open(&self.data.data, config).await?;
        for account in accounts {
            let password = String::from_utf8_lossy(account.password.expose());
            print(&["account", &account.name, &password])?;
        }
        let scheme = if tls.is_some() { "https" } else { "http" };
        print(&["listening", &format!("{scheme}://{address}")])?;
        tracing::info!(%address, scheme, "listening");
        let served = match tls {
            Some(tls) => server::run_with_tls(listener, tls, registry, shutdown).await,
            None => server::run(listener, registry, shutdown).await,
        };
        served.map_err(|source| CliError::Io { doing: "serving".to_owned(), source })
    }
}

/// The configuration that is named, or the one of the folder, where there is one.
pub(super) fn read_config(data: &Path, named: Option<&Path>) -> Result<Config, CliError> {
    let path = named.map_or_else(|| DataDir::config(data), Path::to_owned);
    match std::fs::read_to_string(&path) {
        Ok(text) => Config::parse(&text).map_err(|source| CliError::Config { path, source }),
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {
            Ok(Config::default())
        }
        Err(source) => Err(CliError::File { path, source }),
    }
}

/// Passwords and pages do not travel between computers in clear; and no browser ever lets a page
/// that came by http from another computer speak to a helper.
fn check_privacy(listen: SocketAddr, config: &Config) -> Result<(), CliError> {
    match listen.ip().is_loopback() || !config.proxies.is_empty() {
        true => Ok(()),
        false => Err(CliError::Refused(format!(
            "other computers reach {listen}: give --tls-cert and --tls-key, or listen on 127.0.0.1, \
             or name in the configuration the proxies that speak https for the registry: proxies \
             = [\"10.0.0.5\"]"
        ))),
    }
}

/// Ready at the first Ctrl-C or SIGTERM.
pub(super) fn shutdown() -> Result<impl Future<Output = ()> + Send + 'static, CliError> {
    #[cfg(unix)]
    let mut terminated = {
        use tokio::signal::unix::{SignalKind, signal};
        let doing = "waiting for SIGTERM".to_owned();
        signal(SignalKind::terminate()).map_err(|source| CliError::Io { doing, source })?
    };
    Ok(async move {
        #[cfg(unix)]
        let terminated = terminated.recv();
        #[cfg(not(unix))]
        let terminated = std::future::pending::<Option<()>>();
        tokio::select! {
            _ = terminated => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    })
}
