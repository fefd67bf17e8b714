//! Finds the helper, stays connected to it, and finds it again for ever.

use super::away::Away;
use super::browser::{self, Barrier, Way};
use super::conversation::{Call, End, converse};
use super::link::Link;
use super::probe::look_for_helper;
use super::remembered;
use crate::registry::Registry;
use crate::trouble::Trouble;
use cardwright_protocol::helper::{HelperError, Message, Request};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::{InsertionId, JobId, ReaderId, WorkstationId};
use cardwright_protocol::job::SealedJob;
use cardwright_protocol::outcome::{Acknowledgement, ChipReport};
use cardwright_protocol::signed::Signed;
use futures_channel::{mpsc, oneshot};
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, Abortable, Either, select};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use std::pin::pin;
use wasm_bindgen_futures::spawn_local;

/// Shortest and longest time between two looks for the helper, in milliseconds.
const PAUSE: (u32, u32) = (500, 5_000);

/// The helper, for the whole app: pages come and go, the connection stays.
#[derive(Clone, Copy)]
pub(crate) struct Helper {
    /// What is known of it.
    pub(crate) link: RwSignal<Link>,
    /// What the browser does with the way to it; none before it was asked.
    pub(crate) way: RwSignal<Option<Way>>,
    line: StoredValue<Option<Line>>,
}

struct Line {
    calls: mpsc::UnboundedSender<Call>,
    wishes: mpsc::UnboundedSender<Wish>,
    end: AbortHandle,
}

/// What a person wants of the search.
enum Wish {
    /// The browser may ask now.
    AskBrowser,
    /// Another helper is to be used: look at once.
    LookAgain,
}

impl Helper {
    /// A helper that is not connected.
    pub(crate) fn new() -> Self {
        Self {
            link: RwSignal::new(Link::Searching),
            way: RwSignal::new(None),
            line: StoredValue::new(None),
        }
    }

    /// Connects to the helper of this workstation, on whichever of these ports it is, and stays
    /// connected.
    pub(crate) fn connect(self, registry: Registry, ports: Vec<u16>) {
        self.disconnect();
        let (calls, call_queue) = mpsc::unbounded();
        let (wishes, wish_queue) = mpsc::unbounded();
        let (end, registration) = AbortHandle::new_pair();
        self.line.set_value(Some(Line { calls, wishes, end }));
        let search =
            Search { helper: self, registry, ports, calls: call_queue, wishes: wish_queue };
        spawn_local(async move {
            // An abort is how it ends: there is no other result.
            let _ = Abortable::new(search.stay_connected(), registration).await;
        });
    }

    /// Ends the connection, since nobody is logged in.
    pub(crate) fn disconnect(self) {
        self.line.update_value(|line| {
            if let Some(line) = line.take() {
                line.end.abort();
            }
        });
        self.link.set(Link::Searching);
    }

    /// Connects to nobody, since whoever is logged in may not use readers.
    pub(crate) fn forbid(self) {
        self.disconnect();
        self.link.set(Link::Away(Away::NotPermitted));
    }

    /// Lets the browser ask the person for its permission.
    pub(crate) fn ask_browser(self) {
        self.wish(Wish::AskBrowser);
    }

    /// Uses this one of several helpers, now and the next time.
    pub(crate) fn choose(self, id: &WorkstationId) {
        remembered::write(id);
        self.wish(Wish::LookAgain);
    }

    fn wish(self, wish: Wish) {
        self.line.with_value(|line| {
            // Without a search there is nothing to be wished for.
            let _ = line.as_ref().map(|line| line.wishes.unbounded_send(wish));
        });
    }

    /// Inspects a chip.
    pub(crate) async fn inspect(
        self,
        reader: ReaderId,
        insertion: InsertionId,
        registry_nonce: HexBytes,
    ) -> Result<Signed<ChipReport>, Trouble> {
        match self.ask(Request::Inspect { reader, insertion, registry_nonce }).await? {
            Message::Report { report, .. } => Ok(report),
            _ => Err(Trouble::Helper(HelperError::Malformed)),
        }
    }

    /// Hands over a job; returns when the helper has begun it.
    pub(crate) async fn execute(self, job: SealedJob) -> Result<(), Trouble> {
        self.ask(Request::Execute { job }).await.map(drop)
    }

    /// Asks to stop a job before its next step.
    pub(crate) async fn cancel(self, job: JobId) -> Result<(), Trouble> {
        self.ask(Request::Cancel { job }).await.map(drop)
    }

    /// Hands over the registry's acknowledgement of an outcome.
    pub(crate) async fn acknowledge(
        self,
        acknowledgement: Signed<Acknowledgement>,
    ) -> Result<(), Trouble> {
        self.ask(Request::Acknowledge { acknowledgement }).await.map(drop)
    }

    /// Asks which outcomes wait for an acknowledgement; the link then has them.
    pub(crate) async fn ask_for_outcomes(self) -> Result<(), Trouble> {
        self.ask(Request::Outcomes {}).await.map(drop)
    }

    async fn ask(self, request: Request) -> Result<Message, Trouble> {
        let (answer, answered) = oneshot::channel();
        // An app that was closed has no signals any more.
        let connected = self.link.try_with_untracked(|link| link.desk().is_some());
        let send = |line: &Option<Line>| {
            let line = line.as_ref().filter(|_| connected == Some(true));
            line.is_some_and(|line| line.calls.unbounded_send(Call { request, answer }).is_ok())
        };
        let sent = self.line.try_with_value(send).unwrap_or(false);
        if !sent {
            return Err(Trouble::HelperGone);
        }
        match answered.await {
            Ok(answer) => answer.map_err(Trouble::Helper),
            Err(oneshot::Canceled) => Err(Trouble::HelperGone),
        }
    }
}

struct Search {
    helper: Helper,
    registry: Registry,
    ports: Vec<u16>,
    calls: mpsc::UnboundedReceiver<Call>,
    wishes: mpsc::UnboundedReceiver<Wish>,
}

impl Search {
    async fn stay_connected(mut self) {
        let link = self.helper.link;
        let mut pause = PAUSE.0;
        let mut connection = 0;
        loop {
            self.wait_for_the_browser().await;
            let now = match look_for_helper(self.registry, &self.ports).await {
                Ok(reached) => {
                    connection += 1;
                    let end =
                        converse(link, connection, self.registry, reached, &mut self.calls).await;
                    if link.with_untracked(|link| link.desk().is_some()) {
                        pause = PAUSE.0;
                    }
                    match end {
                        End::Gone => Link::Away(Away::NoAnswer),
                        End::Refused(away) => Link::Away(away),
                        End::NoTicket => {
                            // Where nobody is logged in any more, this answer ends the search.
                            let _ = self.registry.me().await;
                            Link::Searching
                        }
                    }
                }
                Err(away) => Link::Away(away),
            };
            if link.with_untracked(|link| *link != now) {
                link.set(now);
            }
            match select(TimeoutFuture::new(pause), self.wishes.next()).await {
                Either::Left(_) => pause = (pause * 2).min(PAUSE.1),
                Either::Right(_) => pause = PAUSE.0,
            }
        }
    }

    /// Comes back when the browser lets this page reach the helper.
    async fn wait_for_the_browser(&mut self) {
        let mut asked = false;
        loop {
            let way = browser::look().await;
            let barrier = match &way {
                Way::Barred(Barrier::AskFirst) if asked => Barrier::NoAnswer,
                Way::Barred(barrier) => barrier.clone(),
                _ => {
                    self.helper.way.set(Some(way));
                    return;
                }
            };
            let can_be_asked = barrier.wants_click();
            self.show(barrier);
            let changed = pin!(browser::changed_since(&way));
            if let Either::Right((Some(Wish::AskBrowser), _)) =
                select(changed, self.wishes.next()).await
                && can_be_asked
            {
                self.show(Barrier::Asking);
                browser::ask(&self.ports).await;
                asked = true;
            }
        }
    }

    fn show(&self, barrier: Barrier) {
        self.helper.link.set(Link::Away(Away::Browser(barrier.clone())));
        self.helper.way.set(Some(Way::Barred(barrier)));
    }
}
