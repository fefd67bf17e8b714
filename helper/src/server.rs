use crate::config::Config;
use crate::connection;
use crate::desk::Desk;
use crate::door::Door;
use crate::frame::Ending;
use crate::journal::Journal;
use crate::keys::Keys;
use crate::{Error, card_service};
use std::{future::Future, io, net::Ipv4Addr, sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// How many connections may be in their handshake; one more is dropped at once.
const MAX_HANDSHAKES: usize = 32;

/// How many pages may be connected; one more is told so and closed.
const MAX_CONNECTIONS: usize = 32;

/// How long the first look at the readers may keep pages waiting.
const FIRST_LOOK_TIME: Duration = Duration::from_secs(1);

/// How often an outcome that the disk did not take is written again.
const WRITE_AGAIN_TIME: Duration = Duration::from_secs(2);

/// How long running jobs may take to stop between two steps at the end. RSA generation takes
/// longer; the chip says afterwards how far it came.
const ENDING_TIME: Duration = Duration::from_secs(20);

/// How long connections may take to read what they are told at the end.
const CLOSING_TIME: Duration = Duration::from_secs(5);

/// Serves a listener on 127.0.0.1 until `shutdown` is done. Then running jobs are stopped between
/// two steps, their outcomes are told, and all connections are closed.
///
/// # Errors
/// [`Error::NotLoopback`] when the listener can be reached from elsewhere, [`Error::Thread`] when
/// the thread that watches the readers cannot be started.
pub async fn run(
    listener: TcpListener,
    config: Config,
    keys: Keys,
    journal: Journal,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let address = listener.local_addr().map_err(|cause| Error::Bind {
        address: (Ipv4Addr::LOCALHOST, config.port).into(),
        cause,
    })?;
    if address.ip() != Ipv4Addr::LOCALHOST {
        return Err(Error::NotLoopback { address });
    }
    let door = Arc::new(Door::new(&config, address));
    let desk = Arc::new(Desk::new(config, keys, journal));
    let watch_ends = card_service::watch_readers(Arc::clone(&desk)).map_err(Error::Thread)?;
    // A page that comes in the first moment should not see a stopped service that is not.
    let _ = tokio::time::timeout(FIRST_LOOK_TIME, desk.first_look()).await;

    let (end, ending) = watch::channel(false);
    let handshakes = Arc::new(Semaphore::new(MAX_HANDSHAKES));
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    let mut again = tokio::time::interval(WRITE_AGAIN_TIME);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = again.tick() => {
                if desk.state().journal.is_behind() {
                    let desk = Arc::clone(&desk);
                    tokio::task::spawn_blocking(move || desk.write_again());
                }
                continue;
            }
            () = &mut shutdown => break,
        };
        while connections.try_join_next().is_some() {}
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                wait_after(&error).await;
                continue;
            }
        };
        let Ok(handshake) = Arc::clone(&handshakes).try_acquire_owned() else {
            tracing::warn!("dropped a connection: too many are in their handshake");
            continue;
        };
        let (door, desk, ending) = (Arc::clone(&door), Arc::clone(&desk), ending.clone());
        let places = Arc::clone(&places);
        connections.spawn(async move {
            let mut ends = ending.clone();
            let admitted = tokio::select! {
                admitted = admit(&door, stream) => admitted,
                () = connection::ended(&mut ends) => None,
            };
            drop(handshake);
            let Some(socket) = admitted else { return };
            match places.try_acquire() {
                Ok(_place) => connection::serve(socket, desk, ending).await,
                Err(_) => connection::close(socket, Ending::TooMany).await,
            }
        });
    }

    tracing::info!("ending: running jobs stop before their next step");
    drop(listener);
    drop(watch_ends);
    if tokio::time::timeout(ENDING_TIME, desk.stop_jobs()).await.is_err() {
        tracing::error!("a job did not stop in time; its chip is in the middle of a command");
    }
    // The last try; one that fails was logged before.
    let last = Arc::clone(&desk);
    drop(
        tokio::time::timeout(CLOSING_TIME, tokio::task::spawn_blocking(move || last.write_again()))
            .await,
    );
    end.send_replace(true);
    let closed = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(CLOSING_TIME, closed).await.is_err() {
        tracing::warn!("dropped connections that do not read what they are told at the end");
    }
    Ok(())
}

async fn admit(
    door: &Door,
    stream: TcpStream,
) -> Option<tokio_tungstenite::WebSocketStream<TcpStream>> {
    // Frames are small and answers are awaited: none should wait for a fuller packet.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection went away at once");
        return None;
    }
    door.admit(stream).await
}

/// The system has no file for a new connection (EMFILE) until one is closed: trying again at once
/// would only spin.
async fn wait_after(error: &io::Error) {
    tracing::warn!(%error, "cannot accept a connection");
    tokio::time::sleep(Duration::from_millis(100)).await;
}
