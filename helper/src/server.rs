use crate::config::Config;
use crate::connection;
use crate::desk::Desk;
use crate::door::{Door, Visitor};
use crate::enrolment::Enrolment;
use crate::frame::Ending;
use crate::journal::Journal;
use crate::keys::Keys;
use crate::places::{Capacity, Place, Places};
use crate::{Error, card_service};
use cardwright_protocol::helper::HELPER_PORTS;
use std::net::{Ipv4Addr, SocketAddr};
use std::{future::Future, io, sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Together they are far from 64 MB, and from the number of files that a process may have open.
const CAPACITY: Capacity = Capacity { arriving: 512, strangers: 64, guests: 32 };

/// How long the first look at the readers may keep pages waiting.
const FIRST_LOOK_TIME: Duration = Duration::from_secs(1);

/// How often an outcome that the disk did not take is written again.
const WRITE_AGAIN_TIME: Duration = Duration::from_secs(2);

/// How long running jobs may take to stop between two steps at the end. RSA generation takes
/// longer; the chip says afterwards how far it came.
const ENDING_TIME: Duration = Duration::from_secs(20);

/// How long connections may take to read what they are told at the end.
const CLOSING_TIME: Duration = Duration::from_secs(5);

/// How long nobody is accepted after the system refused to, and nobody could be sent away.
const NO_FILE_TIME: Duration = Duration::from_millis(100);

/// How many connections may wait to be accepted. Where they run out, the system lets whoever comes
/// next wait for a second, be it an honest page.
const BACKLOG: u32 = 4096;

/// Listens on the configured port of 127.0.0.1, or on the first of [`HELPER_PORTS`] that is free:
/// several people who are logged in on one computer have a helper each. Within a runtime.
///
/// # Errors
/// [`Error::Bind`], [`Error::NoPort`].
pub fn listen(port: Option<u16>) -> Result<TcpListener, Error> {
    let bind_error = |port| {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        move |cause| Error::Bind { address, cause }
    };
    if let Some(port) = port {
        return listen_on(port).map_err(bind_error(port));
    }
    for port in HELPER_PORTS {
        match listen_on(port) {
            Ok(listener) => return Ok(listener),
            Err(cause) if cause.kind() == io::ErrorKind::AddrInUse => {
                tracing::info!(port, "another program has this port");
            }
            Err(cause) => return Err(bind_error(port)(cause)),
        }
    }
    let [first, .., last] = HELPER_PORTS;
    Err(Error::NoPort { first, last })
}

fn listen_on(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // A helper that was just ended does not keep its port from the next one.
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(BACKLOG)
}

/// Serves a listener on 127.0.0.1 until `shutdown` is done. Then running jobs are stopped between
/// two steps, their outcomes are told, and all connections are closed.
///
/// # Errors
/// [`Error::NotLoopback`] when the listener can be reached from elsewhere, [`Error::Thread`] when
/// the thread that watches the readers cannot be started.
pub async fn run(
    listener: TcpListener,
    config: Config,
    enrolment: Enrolment,
    keys: Keys,
    journal: Journal,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let address = listener.local_addr().map_err(|cause| Error::Bind {
        address: (Ipv4Addr::LOCALHOST, config.port.unwrap_or_default()).into(),
        cause,
    })?;
    if address.ip() != Ipv4Addr::LOCALHOST {
        return Err(Error::NotLoopback { address });
    }
    let desk = Arc::new(Desk::new(&enrolment, config.limits, keys, journal));
    let door = Arc::new(Door::new(enrolment.origins, config.hosts, address));
    let watch_ends = card_service::watch_readers(Arc::clone(&desk)).map_err(Error::Thread)?;
    // A page that comes in the first moment should not see a stopped service that is not.
    let _ = tokio::time::timeout(FIRST_LOOK_TIME, desk.first_look()).await;

    let (end, ending) = watch::channel(false);
    let places = Places::new(CAPACITY);
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
        match accepted {
            Ok((stream, _)) => {
                let place = places.arrive();
                let (door, desk) = (Arc::clone(&door), Arc::clone(&desk));
                connections.spawn(receive(stream, place, door, desk, ending.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                // The system has no file for it (EMFILE) until one is closed: trying again at once
                // would only spin.
                match places.make_room() {
                    true => tokio::task::yield_now().await,
                    false => tokio::time::sleep(NO_FILE_TIME).await,
                }
            }
        }
    }

    tracing::info!("ending: running jobs stop before their next step");
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
    // Nobody else has the port while a connection is open: a challenge of this helper names that
    // port, and whoever took it could have a page answer it.
    connections.shutdown().await;
    drop(listener);
    Ok(())
}

/// One connection, from its first byte to its last.
async fn receive(
    stream: TcpStream,
    mut place: Place,
    door: Arc<Door>,
    desk: Arc<Desk>,
    mut ending: watch::Receiver<bool>,
) {
    // Frames are small and answers are awaited: none should wait for a fuller packet.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection went away at once");
        return;
    }
    let visitor = tokio::select! {
        visitor = door.admit(stream) => visitor,
        () = place.lost() => {
            tracing::debug!("dropped a connection: others came behind it");
            None
        }
        () = connection::ended(&mut ending) => None,
    };
    let Some(visitor) = visitor else { return };
    // Only now: who was refused takes no place from pages that wait for their tickets.
    place.become_stranger();
    match visitor {
        Visitor::Page(socket, caller) => {
            connection::serve(socket, caller, place, desk, ending).await;
        }
        Visitor::Mistaken(socket) => tokio::select! {
            () = connection::close(socket, Ending::Mistaken) => {}
            () = place.lost() => {}
        },
    }
}
