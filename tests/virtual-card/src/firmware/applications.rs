use super::{
    flash::Mounted,
    platform::{Chip, Client, Core, piv_client},
};
use crate::{
    card::Tries,
    dialect::{Dialected, with_expected_length},
    domain,
    options::Dialect,
    worker::Request,
};
use apdu_dispatch::{App, dispatch::ApduDispatch, interchanges};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use sha2::{Digest, Sha256};
use std::sync::mpsc::Receiver;
use trussed::{pipe::TrussedChannel, virt::UserInterface};
use trussed_auth::{AuthClient, PinId};
use trussed_core::try_syscall;
use zeroize::Zeroizing;

/// Why a chip stopped running.
pub(crate) enum Ended {
    /// Power goes off and comes back.
    PowerCycle,
    /// Nobody holds the card any more.
    Dropped,
}

/// Runs the chip from power on until it loses power. `seed` is the card's, and how often it was
/// powered on since.
pub(crate) fn power_on(
    flash: Mounted<'_>,
    seed: (u64, u64),
    index: u16,
    dialect: Dialect,
    requests: &Receiver<Request>,
) -> Ended {
    let random =
        Sha256::new().chain_update(seed.0.to_be_bytes()).chain_update(seed.1.to_be_bytes());
    let mut random = ChaCha8Rng::from_seed(random.finalize().into());
    flash
        .powered(|store| {
            loop {
                let chip =
                    Chip { random: random.clone(), store, user_interface: UserInterface::new() };
                match run(chip, index, dialect, requests) {
                    Left::ToDomain => {}
                    Left::Power(ended) => return ended,
                }
                // A new start of the service must not draw what the one before drew.
                random.set_stream(random.get_stream() + 1);
            }
        })
        .unwrap_or(Ended::Dropped)
}

/// Why the PIV application lost its security status.
enum Left {
    /// Another application was selected (SP 800-73-5, part 2, 3.1.1). The firmware keeps its
    /// status then, real cards do not: it is started anew.
    ToDomain,
    Power(Ended),
}

/// Which application the next command goes to.
enum Selected {
    Domain,
    Piv,
}

/// Runs the applications. The issuer security domain is the one selected at power on
/// (GlobalPlatform Card Specification 2.3.1, 6.4.1).
fn run(chip: Chip<'_>, index: u16, dialect: Dialect, requests: &Receiver<Request>) -> Left {
    let channels = [TrussedChannel::new(), TrussedChannel::new()];
    let [contact, contactless] = [interchanges::Channel::new(), interchanges::Channel::new()];
    let core = Core::new(chip);
    let mut observer = piv_client(&core, &channels[1]);
    let options =
        piv_authenticator::Options::new().storage(trussed_core::types::Location::External);
    let piv = piv_authenticator::Authenticator::new(piv_client(&core, &channels[0]), options);
    let mut applets =
        Applets::new(Dialected { application: piv, dialect, index }, &contact, &contactless);
    let mut selected = Selected::Domain;

    while let Ok(request) = requests.recv() {
        match request {
            Request::PowerCycle { done } => {
                let _ = done.send(());
                return Left::Power(Ended::PowerCycle);
            }
            Request::Tries { answer } => {
                let _ = answer.send(tries(&mut observer));
            }
            Request::Execute { command, answer } => {
                if domain::is_select(&command) {
                    let _ = answer.send(Zeroizing::new(domain::select()));
                    match selected {
                        Selected::Domain => continue,
                        Selected::Piv => return Left::ToDomain,
                    }
                }
                let is_select = matches!(command[..], [_, 0xA4, 0x04, ..]);
                let response = match selected {
                    Selected::Domain if !is_select => domain::call(index, &command),
                    _ => applets.execute(&with_expected_length(dialect, &command)),
                };
                if is_select && matches!(response[..], [.., 0x90 | 0x61, _]) {
                    selected = Selected::Piv;
                }
                let _ = answer.send(Zeroizing::new(response));
            }
        }
    }
    Left::Power(Ended::Dropped)
}

/// The firmware's dispatcher with the one applet behind it.
struct Applets<'channel, A> {
    piv: A,
    dispatch: ApduDispatch<'channel>,
    requester: interchanges::Requester<'channel>,
}

impl<'channel, A: App> Applets<'channel, A> {
    fn new(
        piv: A,
        contact: &'channel interchanges::Channel,
        contactless: &'channel interchanges::Channel,
    ) -> Self {
        let (requester, responder) = contact.split().expect("a channel is split once, here");
        let (_, silent) = contactless.split().expect("a channel is split once, here");
        Self { piv, dispatch: ApduDispatch::new(responder, silent), requester }
    }

    fn execute(&mut self, command: &[u8]) -> Vec<u8> {
        let Ok(command) = interchanges::Data::from_slice(command) else {
            return vec![0x67, 0x00];
        };
        if self.requester.request(command).is_err() {
            return vec![0x6F, 0x00];
        }
        self.dispatch.poll(&mut [&mut self.piv]);
        self.requester.take_response().map_or(vec![0x6F, 0x00], |answer| answer.to_vec())
    }
}

/// The counters in the firmware's own files, where the PIN is 0 and the PUK is 1.
fn tries(observer: &mut Client<'_, '_>) -> Option<Tries> {
    let mut left = |pin: u8| try_syscall!(observer.pin_retries(PinId::from(pin))).ok()?.retries;
    Some(Tries { pin: left(0)?, puk: left(1)? })
}
