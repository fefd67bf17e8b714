use super::backends::{BACKENDS, Backend, Dispatch, DispatchContext};
use littlefs2_core::PathBuf;
use rand_chacha::ChaCha8Rng;
use std::{cell::RefCell, rc::Rc};
use trussed::{
    ClientImplementation,
    pipe::{ServiceEndpoint, TrussedChannel},
    platform,
    service::Service,
    types::CoreContext,
    virt::{Store, UserInterface},
};

/// The chip under the firmware.
pub(super) struct Chip<'a> {
    pub(super) random: ChaCha8Rng,
    pub(super) store: Store<'a>,
    pub(super) user_interface: UserInterface,
}

impl<'a> platform::Platform for Chip<'a> {
    type R = ChaCha8Rng;
    type S = Store<'a>;
    type UI = UserInterface;

    fn user_interface(&mut self) -> &mut UserInterface {
        &mut self.user_interface
    }

    fn rng(&mut self) -> &mut Self::R {
        &mut self.random
    }

    fn store(&self) -> Store<'a> {
        self.store
    }
}

/// The service that the applications call, and whom it serves.
pub(super) struct Core<'a, 'channel> {
    service: Service<Chip<'a>, Dispatch>,
    endpoints: Vec<ServiceEndpoint<'channel, Backend, DispatchContext>>,
}

/// Calls the service where the firmware would switch to another task.
pub(super) struct InPlace<'a, 'channel>(Rc<RefCell<Core<'a, 'channel>>>);

impl platform::Syscall for InPlace<'_, '_> {
    fn syscall(&mut self) {
        let Core { service, endpoints } = &mut *self.0.borrow_mut();
        service.process(endpoints);
    }
}

pub(super) type Client<'a, 'channel> =
    ClientImplementation<'channel, InPlace<'a, 'channel>, Dispatch>;

impl<'a, 'channel> Core<'a, 'channel> {
    pub(super) fn new(chip: Chip<'a>) -> Rc<RefCell<Self>> {
        let service = Service::with_dispatch(chip, Dispatch::new());
        Rc::new(RefCell::new(Self { service, endpoints: Vec::new() }))
    }
}

/// A client of the service, with the files of the PIV application.
pub(super) fn piv_client<'a, 'channel>(
    core: &Rc<RefCell<Core<'a, 'channel>>>,
    channel: &'channel TrussedChannel,
) -> Client<'a, 'channel> {
    let (requester, responder) = channel.split().expect("a channel is split once, here");
    let path = PathBuf::try_from("piv").expect("a short name without NUL is a path");
    let endpoint = ServiceEndpoint::new(responder, CoreContext::new(path), BACKENDS);
    core.borrow_mut().endpoints.push(endpoint);
    ClientImplementation::new(requester, InPlace(Rc::clone(core)), None)
}
