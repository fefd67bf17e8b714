//! Carries outcomes from the helper to the registry, and acknowledgements back, whichever page is
//! open: nobody has to stay on the page of a process for its receipt to arrive.

use crate::helper::{Helper, Link, outcome_names};
use crate::registry::{Registry, Who};
use crate::trouble::{RegistryError, Trouble};
use cardwright_protocol::ids::{JobId, ProcessId};
use cardwright_protocol::outcome::Outcome;
use cardwright_protocol::registry::processes::Process;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use std::collections::HashSet;
use wasm_bindgen_futures::spawn_local;

/// Time between two tries to reach the registry, in milliseconds.
const PAUSE: u32 = 2_000;

/// The courier, for the whole app.
#[derive(Clone, Copy)]
pub(crate) struct Courier {
    /// The process whose outcome the registry took last.
    pub(crate) taken: RwSignal<Option<Process>>,
    /// Why an outcome of a process does not arrive, where one does not.
    pub(crate) stuck: RwSignal<Option<(ProcessId, RegistryError)>>,
    registry: Registry,
    helper: Helper,
    /// Jobs whose outcome is on its way, or was refused: carrying it again would change nothing.
    in_hand: StoredValue<HashSet<JobId>>,
}

impl Courier {
    /// A courier that carries whatever the helper has, from now on.
    pub(crate) fn start(registry: Registry, helper: Helper) -> Self {
        let courier = Self {
            taken: RwSignal::new(None),
            stuck: RwSignal::new(None),
            registry,
            helper,
            in_hand: StoredValue::new(HashSet::new()),
        };
        let connection =
            Memo::new(move |_| helper.link.with(|link| link.desk().map(|desk| desk.connection)));
        let outcomes = Memo::new(move |_| helper.link.with(outcomes));
        Effect::new(move |before: Option<Option<u32>>| {
            let connection = connection.get();
            if registry.who.with(|who| !matches!(who, Who::Person(_))) {
                courier.in_hand.update_value(HashSet::clear);
                // Whoever logs in next has it carried again.
                courier.stuck.set(None);
                return connection;
            }
            if before != Some(connection) {
                courier.in_hand.update_value(HashSet::clear);
            }
            for outcome in outcomes.get() {
                courier.pick_up(outcome);
            }
            connection
        });
        courier
    }

    fn pick_up(self, outcome: Outcome) {
        let Some((job, process)) = outcome_names(&outcome) else { return };
        let mut new = false;
        self.in_hand.update_value(|jobs| new = jobs.insert(job));
        if new {
            spawn_local(self.carry(outcome, process));
        }
    }

    async fn carry(self, outcome: Outcome, process: ProcessId) {
        let taken = loop {
            match self.registry.take(&outcome).await {
                Ok(taken) => break taken,
                Err(error) => {
                    let again = Trouble::Registry(error.clone()).may_pass();
                    self.stuck.try_set(Some((process.clone(), error)));
                    if !again {
                        return;
                    }
                }
            }
            TimeoutFuture::new(PAUSE).await;
        };
        self.stuck.try_set(None);
        // First the page, then the helper: once acknowledged, the helper knows nothing of the job.
        self.taken.try_set(taken.process);
        if let Err(Trouble::Helper(_)) = self.helper.acknowledge(taken.acknowledgement).await {
            // Another page was faster, or the acknowledgement did not fit. Either way the helper
            // says what it still has, and keeps what it needs to keep.
            let _ = self.helper.ask_for_outcomes().await;
        }
    }
}

fn outcomes(link: &Link) -> Vec<Outcome> {
    link.desk().map(|desk| desk.outcomes.clone()).unwrap_or_default()
}
