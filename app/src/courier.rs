//! Carries outcomes from the helper to the registry, and acknowledgements back, whichever page is
//! open: nobody has to stay on the page of a process for its receipt to arrive.
//!
//! It makes no difference whether the helper tells of an outcome as it happens or offers it from
//! its journal when a connection is opened. While the registry cannot be reached the courier
//! keeps trying; whatever it gives up, the next connection to the helper begins again.

use crate::helper::{Helper, Link, outcome_names};
use crate::registry::{Registry, Who};
use crate::trouble::{RegistryError, Trouble};
use cardwright_protocol::ids::{JobId, ProcessId};
use cardwright_protocol::outcome::{Outcome, Refusal};
use cardwright_protocol::registry::processes::Process;
use cardwright_protocol::signed::Signed;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use std::collections::{HashMap, HashSet};
use wasm_bindgen_futures::spawn_local;

/// Time between two tries to reach the registry, in milliseconds.
const PAUSE: u32 = 2_000;

/// The courier, for the whole app.
#[derive(Clone, Copy)]
pub(crate) struct Courier {
    /// The process whose outcome the registry took last.
    pub(crate) taken: RwSignal<Option<Process>>,
    /// Why the outcome of a process does not arrive, for each that does not.
    pub(crate) stuck: RwSignal<HashMap<ProcessId, RegistryError>>,
    registry: Registry,
    helper: Helper,
    /// Jobs whose outcome is on its way.
    in_hand: StoredValue<HashSet<JobId>>,
    /// Jobs whose outcome came to its end on this connection to the helper, or was refused:
    /// carrying it again would change nothing.
    put_down: StoredValue<HashSet<JobId>>,
}

impl Courier {
    /// A courier that carries whatever the helper has, from now on.
    pub(crate) fn start(registry: Registry, helper: Helper) -> Self {
        let courier = Self {
            taken: RwSignal::new(None),
            stuck: RwSignal::new(HashMap::new()),
            registry,
            helper,
            in_hand: StoredValue::new(HashSet::new()),
            put_down: StoredValue::new(HashSet::new()),
        };
        let connection =
            Memo::new(move |_| helper.link.with(|link| link.desk().map(|desk| desk.connection)));
        let outcomes = Memo::new(move |_| helper.link.with(outcomes));
        Effect::new(move |before: Option<Option<u32>>| {
            let connection = connection.get();
            if registry.who.with(|who| !matches!(who, Who::Person(_))) {
                // Whoever logs in next has it carried again.
                courier.put_down.update_value(HashSet::clear);
                courier.stuck.set(HashMap::new());
                return connection;
            }
            if before != Some(connection) {
                courier.put_down.update_value(HashSet::clear);
            }
            for outcome in outcomes.get() {
                courier.deliver(outcome);
            }
            connection
        });
        courier
    }

    /// Carries an outcome to the registry, unless it is on its way already.
    pub(crate) fn deliver(self, outcome: Outcome) {
        let Some((job, process)) = outcome_names(&outcome) else { return };
        if self.put_down.with_value(|jobs| jobs.contains(&job)) {
            return;
        }
        let mut new = false;
        self.in_hand.update_value(|jobs| new = jobs.insert(job.clone()));
        if new {
            spawn_local(async move {
                let ended = self.carry(outcome, &job, &process).await;
                // An app that was closed has no signals any more.
                self.in_hand.try_update_value(|jobs| jobs.remove(&job));
                if ended {
                    self.put_down.try_update_value(|jobs| jobs.insert(job));
                }
            });
        }
    }

    /// Tells the registry of a job that the helper refused as not for it. Nobody waits for it: what
    /// is not told then is told by the helper's log.
    pub(crate) fn report(self, refusal: Signed<Refusal>) {
        spawn_local(async move {
            if let Err(error) = self.registry.report_refusal(&refusal).await
                && Trouble::Registry(error).may_pass()
            {
                TimeoutFuture::new(PAUSE).await;
                let _ = self.registry.report_refusal(&refusal).await;
            }
        });
    }

    /// Answers whether there is nothing more to be done on this connection to the helper.
    async fn carry(self, outcome: Outcome, job: &JobId, process: &ProcessId) -> bool {
        let taken = loop {
            match self.registry.take(&outcome).await {
                Ok(taken) => break taken,
                Err(error) => {
                    let again = Trouble::Registry(error.clone()).may_pass();
                    let process = process.clone();
                    self.stuck.try_update(|stuck| stuck.insert(process, error));
                    if !again {
                        return true;
                    }
                }
            }
            TimeoutFuture::new(PAUSE).await;
        };
        self.stuck.try_update(|stuck| stuck.remove(process));
        // First the page, then the helper: once acknowledged, the helper knows nothing of the job.
        if taken.process.is_some() {
            self.taken.try_set(taken.process);
        }
        let holds = |link: &Link| link.desk().is_some_and(|desk| desk.holds_outcome(job));
        if self.helper.link.try_with_untracked(holds) != Some(true) {
            // A job that the helper refused is not in its journal. Or it is away now: its next
            // connection offers the outcome again.
            return false;
        }
        match self.helper.acknowledge(taken.acknowledgement).await {
            Ok(()) => true,
            Err(Trouble::Helper(_)) => {
                // Another page was faster, or the acknowledgement did not fit. Either way the
                // helper says what it still has, and keeps what it needs to keep.
                let _ = self.helper.ask_for_outcomes().await;
                true
            }
            Err(_) => false,
        }
    }
}

/// What is said of an outcome that does not arrive, beside why: a heading and what to do.
pub(crate) fn stuck_words(error: &RegistryError) -> (&'static str, &'static str) {
    match Trouble::Registry(error.clone()).may_pass() {
        true => (
            "The registry has not taken the result yet.",
            "Nothing is lost: this page goes on by itself when the registry answers. The card may \
             stay in the reader or come out.",
        ),
        false => (
            "The registry did not take the result.",
            "Tell an admin. The result is kept until the registry takes it.",
        ),
    }
}

fn outcomes(link: &Link) -> Vec<Outcome> {
    link.desk().map(|desk| desk.outcomes.clone()).unwrap_or_default()
}
