use super::{CliError, DataArgument, print};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::registry::Registry;
use crate::server;
use clap::Args;
use std::{io, net::SocketAddr, path::PathBuf};
use tokio::net::TcpListener;

#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    data: DataArgument,
    /// Configuration file [default: registry.toml in DIR, where there is one].
    ///
    /// It names the helper_ports of 127.0.0.1 on which the page looks for a helper, and the origins
    /// of the pages that may change something.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420")]
    listen: SocketAddr,
    /// Folder of the built app.
    #[arg(long, value_name = "DIR")]
    app: Option<PathBuf>,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let mut config = self.config()?;
        if let Some(app) = &self.app {
            // Without its page nothing of the app can be opened, and no answer would say why.
            let page = app.join("index.html");
            std::fs::metadata(&page).map_err(|source| CliError::File { path: page, source })?;
        }
        config.app = self.app;
        // The address is taken first: a second start on the same data ends here, having changed
        // nothing.
        let doing = format!("listening on {}", self.listen);
        let listener = TcpListener::bind(self.listen).await;
        let listener = listener.map_err(|source| CliError::Io { doing: doing.clone(), source })?;
        let address = listener.local_addr().map_err(|source| CliError::Io { doing, source })?;
        let shutdown = shutdown()?;
        let (registry, accounts) = Registry::open(&self.data.data, config).await?;
        for account in accounts {
            let password = String::from_utf8_lossy(account.password.expose());
            print(&["account", &account.name, &password])?;
        }
        print(&["listening", &format!("http://{address}")])?;
        tracing::info!(%address, "listening");
        let served = server::run(listener, registry, shutdown).await;
        served.map_err(|source| CliError::Io { doing: "serving".to_owned(), source })
    }

    fn config(&self) -> Result<Config, CliError> {
        let usual = DataDir::config(&self.data.data);
        let path = self.config.clone().unwrap_or_else(|| usual.clone());
        match std::fs::read_to_string(&path) {
            Ok(text) => Config::parse(&text).map_err(|source| CliError::Config { path, source }),
            Err(error) if self.config.is_none() && error.kind() == io::ErrorKind::NotFound => {
                Ok(Config::default())
            }
            Err(source) => Err(CliError::File { path, source }),
        }
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
