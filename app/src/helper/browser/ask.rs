//! Has the browser ask the person.

use super::{Barrier, Way, changed_since};
use futures_util::SinkExt;
use futures_util::future::{join_all, poll_fn, select};
use gloo_net::websocket::futures::WebSocket;
use std::pin::pin;

/// Tries to reach a helper on any port: that is when a browser asks. Comes back when the person
/// has decided, or when there is nothing to be decided: a port where nobody listens asks nothing.
pub(in crate::helper) async fn ask(ports: &[u16]) {
    let tries = join_all(ports.iter().map(|port| open(*port)));
    let undecided = Way::Barred(Barrier::AskFirst);
    select(pin!(tries), pin!(changed_since(&undecided))).await;
}

async fn open(port: u16) {
    let Ok(mut socket) = WebSocket::open(&format!("ws://127.0.0.1:{port}")) else { return };
    // Whether it opens or not says nothing here: the permission is read afterwards.
    let _ = poll_fn(|context| socket.poll_ready_unpin(context)).await;
}
