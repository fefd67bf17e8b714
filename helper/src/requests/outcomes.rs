use crate::desk::Desk;
use cardwright_protocol::helper::Message;

/// `outcomes`: all that no registry acknowledged.
pub(super) fn answer(desk: &Desk, id: u64) -> Message {
    Message::Outcomes { id, outcomes: desk.state().journal.waiting() }
}
