//! Carries out what the wizard wants, and tells it what became of it.

use crate::courier::Courier;
use crate::helper::Helper;
use crate::registry::Registry;
use crate::search::escape;
use crate::trouble::{RegistryError, Trouble};
use crate::wizard::{Effect as Task, Event, Wizard};
use cardwright_protocol::helper::HelperError;
use cardwright_protocol::ids::{InsertionId, JobId, ProcessId, ReaderId};
use cardwright_protocol::job::JobHeader;
use cardwright_protocol::outcome::{ChipReport, Outcome};
use cardwright_protocol::registry::processes::{AskForJob, Assessment, Process};
use cardwright_protocol::signed::Signed;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen_futures::spawn_local;

/// Time before something is tried again, in milliseconds.
const PAUSE: u32 = 2_000;

/// The wizard of the open page, and the hands that do its work. Work that was begun goes on when
/// the page is left; then nobody is told.
#[derive(Clone, Copy)]
pub(crate) struct Driver {
    /// The wizard.
    pub(crate) wizard: RwSignal<Wizard>,
    registry: Registry,
    helper: Helper,
    courier: Courier,
    process: StoredValue<ProcessId>,
    leave: Callback<()>,
}

impl Driver {
    /// A driver that follows the helper and the courier from now on.
    pub(crate) fn start(process: Process) -> Self {
        let helper = expect_context::<Helper>();
        let courier = expect_context::<Courier>();
        let navigate = use_navigate();
        let card = format!("/cards/{}", escape(&process.card.number.0));
        let id = process.id.clone();
        let (wizard, tasks) = Wizard::new(process, helper.link.get_untracked());
        let driver = Self {
            wizard: RwSignal::new(wizard),
            registry: expect_context::<Registry>(),
            helper,
            courier,
            process: StoredValue::new(id.clone()),
            leave: Callback::new(move |()| navigate(&card, NavigateOptions::default())),
        };
        driver.carry_out(tasks);
        Effect::watch(
            move || helper.link.get(),
            move |link, _, _| driver.apply(Event::Helper(link.clone())),
            // Whatever came since the wizard was made.
            true,
        );
        Effect::watch(
            move || courier.taken.get(),
            move |process, _, _| {
                if let Some(process) = process.clone().filter(|process| process.id == id) {
                    driver.apply(Event::Settled(process));
                }
            },
            false,
        );
        driver
    }

    /// Tells the wizard what happened, and does what follows.
    pub(crate) fn apply(self, event: Event) {
        let mut tasks = Vec::new();
        // Nothing follows for a page that is gone.
        self.wizard.try_update(|wizard| tasks = wizard.apply(event));
        self.carry_out(tasks);
    }

    fn carry_out(self, tasks: Vec<Task>) {
        let Some(id) = self.process.try_get_value() else { return };
        for task in tasks {
            let id = id.clone();
            match task {
                Task::Assess { attempt, reader, insertion } => spawn_local(async move {
                    let result = self.assess(&id, reader, insertion).await;
                    self.apply(Event::Assessed { attempt, result });
                }),
                Task::Encode { attempt, reader, insertion, confirmed_number, erase } => {
                    spawn_local(async move {
                        let begun = match self.inspect(&id, reader, insertion).await {
                            Ok(report) => {
                                let ask = AskForJob { report, confirmed_number, erase };
                                self.encode(attempt, &id, &ask).await
                            }
                            Err(trouble) => Err(trouble),
                        };
                        if let Err(trouble) = begun {
                            self.apply(Event::JobRefused { attempt, trouble });
                        }
                    });
                }
                Task::Stop(job) => spawn_local(self.stop(job)),
                Task::Close => spawn_local(async move {
                    self.apply(Event::Closed(self.registry.cancel(&id).await));
                }),
                Task::Load => spawn_local(async move {
                    self.apply(Event::Loaded(self.registry.process(&id).await));
                }),
                Task::Wait { attempt } => spawn_local(async move {
                    TimeoutFuture::new(PAUSE).await;
                    self.apply(Event::Again { attempt });
                }),
                Task::Leave => self.leave.run(()),
            }
        }
    }

    async fn assess(
        self,
        id: &ProcessId,
        reader: ReaderId,
        insertion: InsertionId,
    ) -> Result<Assessment, Trouble> {
        let report = self.inspect(id, reader, insertion).await?;
        Ok(self.registry.assess(id, report).await?)
    }

    async fn encode(self, attempt: u64, id: &ProcessId, ask: &AskForJob) -> Result<(), Trouble> {
        let job = self.registry.job(id, ask).await?.job;
        let header: JobHeader =
            serde_json::from_str(&job.header).map_err(|_| RegistryError::NotUnderstood)?;
        self.apply(Event::JobIssued { attempt, job: header.job });
        match self.helper.execute(job).await {
            // The registry waits for this job: it is told that it ended, and the wizard by that.
            Err(Trouble::Helper(HelperError::JobRefused {
                failure: Some(failure),
                because,
                ..
            })) => {
                if let Some(because) = because {
                    let trouble = Trouble::Helper(because.error());
                    self.apply(Event::JobTurnedDown { attempt, trouble });
                }
                self.courier.deliver(Outcome::Failed(*failure));
                Ok(())
            }
            Err(Trouble::Helper(HelperError::JobNotForUs { refusal })) => {
                self.courier.report((*refusal).clone());
                Err(Trouble::Helper(HelperError::JobNotForUs { refusal }))
            }
            begun => begun,
        }
    }

    async fn inspect(
        self,
        id: &ProcessId,
        reader: ReaderId,
        insertion: InsertionId,
    ) -> Result<Signed<ChipReport>, Trouble> {
        let nonce = self.registry.nonce(id).await?.nonce;
        self.helper.inspect(reader, insertion, nonce).await
    }

    async fn stop(self, job: JobId) {
        match self.helper.cancel(job).await {
            Ok(()) => {}
            Err(Trouble::Helper(HelperError::NoSuchJob)) => self.apply(Event::NothingToStop),
            Err(trouble) => self.apply(Event::StopRefused(trouble)),
        }
    }
}
