//! The registry's door: TLS, connections and their limits, and the end of all of it.

mod connections;
mod door;
mod exchange;
mod http;
mod limits;
mod origins;
mod proxies;
mod tls;

pub use door::Door;
pub use limits::Limits;
pub use tls::{Tls, TlsError};

use crate::registry::Registry;
use std::{future::Future, io, time::Duration};
use tokio::net::TcpListener;

/// How long requests that run may take when the registry is to end.
const GRACE: Duration = Duration::from_secs(5);

/// How long nobody is accepted when the computer has no room for another connection.
const BREATH: Duration = Duration::from_millis(100);

/// Serves the registry in clear on a listener until `shutdown` is ready, then lets running
/// requests end and closes the database. Only peers on this computer and the configured proxies
/// are served.
///
/// # Errors
/// [`io::Error`] when the listener's address cannot be read.
pub async fn run(
    listener: TcpListener,
    registry: Registry,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let door = Door::in_clear(registry.clone(), listener.local_addr()?);
    serve(listener, door, registry, shutdown).await;
    Ok(())
}

/// As [`run`], by https, for everybody.
///
/// # Errors
/// As [`run`].
pub async fn run_with_tls(
    listener: TcpListener,
    tls: Tls,
    registry: Registry,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let door = Door::with_tls(registry.clone(), tls.clone(), listener.local_addr()?);
    tokio::select! {
        () = serve(listener, door, registry, shutdown) => {}
        () = tls.follow_files() => {}
    }
    Ok(())
}

async fn serve(
    listener: TcpListener,
    door: Door,
    registry: Registry,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let mut shutdown = std::pin::pin!(shutdown);
    let mut round = tokio::time::interval(registry.config.limits.round());
    let (end, ending) = tokio::sync::watch::channel(false);
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    door.let_in(&mut tasks, stream, peer, ending.clone());
                    // Whoever said already what it wants is read before the next may cut it.
                    tokio::task::yield_now().await;
                }
                // The peer itself went away.
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted");
                    door.make_room();
                    tokio::time::sleep(BREATH).await;
                }
            },
            _ = round.tick() => door.cut_overdue(),
            // Its error is told where it happened.
            Some(_) = tasks.join_next() => {}
        }
    }
    drop(listener);
    door.cut_silent();
    // Everybody may be gone.
    let _ = end.send(true);
    let all_ended = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all_ended).await.is_err() {
        tracing::warn!("requests that still ran were cut off");
        tasks.shutdown().await;
    }
    drop(door);
    if let Err(error) = registry.close().await {
        tracing::warn!(%error, "the database was not closed cleanly");
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
