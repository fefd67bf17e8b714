use crate::registry::Registry;
use crate::routes::{Origins, router};
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
    let port = listener.local_addr()?.port();
    let own = || vec![format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")];
    let origins = Origins::new(registry.config.origins.clone().unwrap_or_else(own));
    let (ending, ended) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async move {
        shutdown.await;
        // Nobody waits when the server ended by itself.
        let _ = ending.send(());
    };
    let app = router(registry.clone(), origins);
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
