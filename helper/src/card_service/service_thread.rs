//! The thread of a link: every call that may block is made here.

use super::link::Sharing;
use super::transport_error;
use cardwright_card::TransportError;
use pcsc::{Context, Disposition, Protocols, Scope, ShareMode, Transaction};
use std::ffi::CStr;
use std::sync::mpsc::{Receiver, Sender};
use zeroize::Zeroizing;

/// What a link orders.
pub(super) enum Order {
    /// Send a command APDU.
    Transmit(Zeroizing<Vec<u8>>),
    /// Reset the chip.
    Reset,
}

/// What comes back: a response APDU; the answer to reset; nothing.
pub(super) type Answer = Result<Zeroizing<Vec<u8>>, TransportError>;

/// Connects (first answer, empty), begins a transaction (second answer, the answer to reset where
/// the chip is shared), then answers every order until nobody orders any more. Ends with a reset of
/// the chip (last answer, empty).
///
/// Each link has a context of its own: one that another call is stuck in, or that is from before a
/// restart of the service, is no good, and asking it whether it is valid does not help.
pub(super) fn serve(
    reader: &CStr,
    sharing: Sharing,
    orders: &Receiver<Order>,
    answers: &Sender<Answer>,
) {
    if let Err(error) = try_to_serve(reader, sharing, orders, answers) {
        // Nobody listens any more when the link was given up.
        let _ = answers.send(Err(transport_error(error)));
    }
}

fn try_to_serve(
    reader: &CStr,
    sharing: Sharing,
    orders: &Receiver<Order>,
    answers: &Sender<Answer>,
) -> Result<(), pcsc::Error> {
    let mode = match sharing {
        Sharing::Shared => ShareMode::Shared,
        Sharing::Exclusive => ShareMode::Exclusive,
    };
    let context = Context::establish(Scope::User)?;
    let mut card = context.connect(reader, mode, Protocols::ANY)?;
    // From here on the card's destructor leaves the chip with a reset, whatever happens.
    let connected = answers.send(Ok(Zeroizing::default())).is_ok();
    let mut transaction = card.transaction()?;
    // A job asks for nothing of this, and the service takes four messages to tell it.
    let answer_to_reset = match sharing {
        Sharing::Shared => transaction.status2_owned()?.atr().to_vec(),
        Sharing::Exclusive => Vec::new(),
    };
    if connected && answers.send(Ok(Zeroizing::new(answer_to_reset))).is_ok() {
        let mut buffer = Zeroizing::new(vec![0; pcsc::MAX_BUFFER_SIZE_EXTENDED]);
        while let Ok(order) = orders.recv() {
            let answer = match order {
                Order::Transmit(command) => transmit(&transaction, &command, &mut buffer),
                Order::Reset => reset(&mut transaction, mode),
            };
            if answers.send(answer).is_err() {
                break;
            }
        }
    }
    // Resetting ends the security status in the same breath as the transaction; an error says that
    // the chip is gone, and its status with it.
    drop(transaction.end(Disposition::ResetCard));
    drop(card.disconnect(Disposition::LeaveCard));
    // The chip is left: nobody has to wait until the service is, too.
    let _ = answers.send(Ok(Zeroizing::default()));
    drop(context);
    Ok(())
}

fn transmit(transaction: &Transaction<'_>, command: &[u8], buffer: &mut [u8]) -> Answer {
    let answer = transaction.transmit(command, buffer).map_err(transport_error)?;
    // A card torn out inside a command can give an empty answer and no error.
    match answer.len() {
        0 | 1 => Err(TransportError::Removed),
        _ => Ok(Zeroizing::new(answer.to_vec())),
    }
}

fn reset(transaction: &mut Transaction<'_>, mode: ShareMode) -> Answer {
    transaction
        .reconnect(mode, Protocols::ANY, Disposition::ResetCard)
        .map(|()| Zeroizing::default())
        .map_err(transport_error)
}
