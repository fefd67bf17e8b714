//! What a page can ask, one file per request. Each gives the message that answers it.

mod acknowledge;
mod cancel;
mod execute;
mod inspect;
mod outcomes;

use crate::desk::Desk;
use crate::frame::refused;
use cardwright_protocol::helper::{HelperError, Message, Request, RequestFrame};
use std::sync::Arc;

/// Carries out a request of a page with a ticket.
pub(crate) async fn answer(desk: &Arc<Desk>, frame: RequestFrame) -> Message {
    let id = frame.id;
    let answered = match frame.request {
        // The connection answers these itself, and does not pass them on.
        Request::Hello { .. } | Request::Authenticate { .. } => Err(HelperError::OutOfOrder),
        Request::Inspect { reader, insertion, registry_nonce } => {
            inspect::answer(desk, id, reader, insertion, registry_nonce).await
        }
        Request::Execute { job } => execute::answer(desk, id, &job).await,
        Request::Cancel { job } => cancel::answer(desk, id, job),
        Request::Outcomes {} => Ok(outcomes::answer(desk, id)),
        Request::Acknowledge { acknowledgement } => {
            acknowledge::answer(desk, id, &acknowledgement).await
        }
    };
    answered.unwrap_or_else(|error| refused(id, error))
}
