use crate::registry::Registry;
use crate::routes::{Origins, router};
use std::net::{Ipv4Addr, SocketAddr};
use std::{future::Future, io, time::Duration};
use tokio::net::TcpListener;

/// How long requests that run may take when the registry is to end.
const GRACE: Duration = Duration::from_secs(5);

/// Serves the registry on a listener until `shutdown` is ready, then lets running requests end
/// and closes the database.
///
/// # Errors
/// [`io::Error`] when the listener's address cannot be read.
pub async fn run(
    listener: TcpListener,
    registry: Registry,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let origins = registry.config.origins.clone().unwrap_or_else(|| own_origins(address));
    let origins = Origins::new(origins);
    let (ending, ended) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async move {
        shutdown.await;
        // Nobody waits when the server ended by itself.
        let _ = ending.send(());
    };
    let app = router(registry.clone(), origins);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, app).with_graceful_shutdown(shutdown);
    let out_of_patience = async {
        let _ = ended.await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        result = async { server.await } => result?,
        () = out_of_patience => tracing::warn!("requests that still ran were cut off"),
    }
    if let Err(error) = registry.close().await {
        tracing::warn!(%error, "the database was not closed cleanly");
    }
    Ok(())
}

/// What pages of this computer call the address. Other computers are to come by https, and the
/// configuration names their origins.
fn own_origins(address: SocketAddr) -> Vec<String> {
    let port = address.port();
    let ip = match address.ip() {
        ip if ip.is_loopback() => ip,
        _ => Ipv4Addr::LOCALHOST.into(),
    };
    vec![format!("http://{}", SocketAddr::new(ip, port)), format!("http://localhost:{port}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_address_is_an_origin_as_it_is_printed() {
        for (address, origin) in [
            ("127.0.0.1:8420", "http://127.0.0.1:8420"),
            ("127.0.0.2:8420", "http://127.0.0.2:8420"),
            ("[::1]:8420", "http://[::1]:8420"),
            ("0.0.0.0:8420", "http://127.0.0.1:8420"),
            ("192.0.2.7:8420", "http://127.0.0.1:8420"),
        ] {
            let own = own_origins(address.parse().unwrap());
            assert_eq!(own, [origin, "http://localhost:8420"]);
        }
    }
}
