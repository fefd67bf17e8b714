//! What the app asks of the registry, one function per route.

mod request;

use crate::search::{Search, escape};
use crate::session_key::{Keyring, SessionKey};
use crate::trouble::RegistryError;
use cardwright_protocol::domain::Permission;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::{CardNumber, ProcessId, WorkstationId};
use cardwright_protocol::outcome::{ChipReport, Outcome, Refusal};
use cardwright_protocol::registry::cards::{Card, CardPage};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::{
    AskForJob, Assessment, HandReport, IssuedJob, Nonce, OutcomeTaken, Process, StartProcess,
};
use cardwright_protocol::registry::session::{ChangePassword, Login, Me};
use cardwright_protocol::registry::templates::{ChangeTemplate, Template, TemplateSummary};
use cardwright_protocol::registry::workstations::{AskForTicket, IssuedTicket};
use cardwright_protocol::signed::Signed;
use gloo_net::http::{Method, Response};
use leptos::prelude::*;
use request::{answer, prepare, read};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::spawn_local;

/// Who is at the desk, as far as the page knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// The registry was not asked yet.
    Unknown,
    /// Nobody is logged in: nobody was, or the session ended by itself.
    Nobody,
    /// Somebody logged out, here or on another page of this browser: whoever comes next begins at
    /// home.
    LoggedOut,
    /// This person.
    Person(Me),
    /// The registry could not be asked.
    Unreachable(RegistryError),
}

/// The registry, for the whole app.
#[derive(Clone, Copy)]
pub(crate) struct Registry {
    /// Who is logged in. Any answer that says *nobody* sets it, wherever it was asked.
    pub(crate) who: RwSignal<Who>,
    /// What proves who asks.
    keys: Keyring,
}

impl Registry {
    /// A registry that was not asked yet.
    pub(crate) fn new() -> Self {
        let registry = Self { who: RwSignal::new(Who::Unknown), keys: Keyring::new() };
        registry.keys.on_change(move || spawn_local(registry.follow_another_page()));
        registry
    }

    /// Whether somebody is logged in who may do something. A page that asks is drawn anew for
    /// everybody who logs in, so that it need not follow.
    pub(crate) fn may(self, permission: Permission) -> bool {
        self.who.with_untracked(|who| matches!(who, Who::Person(me) if me.may(permission)))
    }

    /// Finds out who is logged in.
    pub(crate) async fn find_out_who(self) {
        let asked = self.who.try_get_untracked();
        let who = match self.get::<Me>("/session").await {
            Ok(me) => Who::Person(me),
            Err(error) if error.is(ProblemCode::NotLoggedIn) => Who::Nobody,
            Err(error) => Who::Unreachable(error),
        };
        self.now(asked, who);
    }

    /// Who is logged in, as the registry has it now, for what changes meanwhile.
    pub(crate) async fn me(self) -> Result<Me, RegistryError> {
        self.get("/session").await
    }

    /// Logs in: makes a key, and proves the login by it. The password is wiped before the
    /// answer comes.
    pub(crate) async fn log_in(self, login: Login) -> Result<(), RegistryError> {
        let key = SessionKey::generate().await;
        let request = match &key {
            Ok(key) => prepare(Method::POST, "/session", Some(&login), Some(key)).await,
            Err(no_key) => Err((*no_key).into()),
        };
        drop(login);
        let (key, request) = (key?, request?);
        let me = read(answer(request).await?).await?;
        self.keys.keep(key).await;
        self.who.try_set(Who::Person(me));
        Ok(())
    }

    /// Logs out: at once on this computer, whenever the registry can be reached there.
    pub(crate) async fn log_out(self) -> Result<(), RegistryError> {
        let key = self.keys.key().await;
        let request = prepare(Method::DELETE, "/session", None::<&()>, key.as_ref()).await;
        self.keys.forget().await;
        self.who.try_set(Who::LoggedOut);
        answer(request?).await.map(drop)
    }

    /// Chooses another password for whoever is logged in.
    pub(crate) async fn change_password(self, change: ChangePassword) -> Result<(), RegistryError> {
        let me = self.put("/session/password", &change).await?;
        self.who.try_set(Who::Person(me));
        Ok(())
    }

    /// Searches cards.
    pub(crate) async fn cards(self, search: &Search) -> Result<CardPage, RegistryError> {
        self.get(&format!("/cards?{}", search.wire_query())).await
    }

    /// Reads a card.
    pub(crate) async fn card(self, number: &CardNumber) -> Result<Card, RegistryError> {
        self.get(&format!("/cards/{}", escape(&number.0))).await
    }

    /// Starts a process on a card.
    pub(crate) async fn start(
        self,
        number: &CardNumber,
        start: &StartProcess,
    ) -> Result<Process, RegistryError> {
        self.post(&format!("/cards/{}/processes", escape(&number.0)), start).await
    }

    /// Reads a process.
    pub(crate) async fn process(self, id: &ProcessId) -> Result<Process, RegistryError> {
        self.get(&format!("/processes/{}", escape(&id.0))).await
    }

    /// Gets a nonce for an inspection.
    pub(crate) async fn nonce(self, id: &ProcessId) -> Result<Nonce, RegistryError> {
        self.post_nothing(&format!("/processes/{}/nonces", escape(&id.0))).await
    }

    /// Has a report judged.
    pub(crate) async fn assess(
        self,
        id: &ProcessId,
        report: Signed<ChipReport>,
    ) -> Result<Assessment, RegistryError> {
        self.post(&format!("/processes/{}/reports", escape(&id.0)), &HandReport { report }).await
    }

    /// Gets a job for the chip of a report.
    pub(crate) async fn job(
        self,
        id: &ProcessId,
        ask: &AskForJob,
    ) -> Result<IssuedJob, RegistryError> {
        self.post(&format!("/processes/{}/jobs", escape(&id.0)), ask).await
    }

    /// Cancels a process.
    pub(crate) async fn cancel(self, id: &ProcessId) -> Result<Process, RegistryError> {
        self.post_nothing(&format!("/processes/{}/cancel", escape(&id.0))).await
    }

    /// Makes the process of somebody else one's own.
    pub(crate) async fn take_over(self, id: &ProcessId) -> Result<Process, RegistryError> {
        self.post_nothing(&format!("/processes/{}/take-over", escape(&id.0))).await
    }

    /// Hands over an outcome.
    pub(crate) async fn take(self, outcome: &Outcome) -> Result<OutcomeTaken, RegistryError> {
        self.post("/outcomes", outcome).await
    }

    /// Tells of a job that a helper refused as not for it.
    pub(crate) async fn report_refusal(
        self,
        refusal: &Signed<Refusal>,
    ) -> Result<(), RegistryError> {
        self.send(Method::POST, "/refusals", Some(refusal)).await.map(drop)
    }

    /// Gets a ticket for a helper that the page has reached.
    pub(crate) async fn ticket(
        self,
        workstation: &WorkstationId,
        challenge: HexBytes,
    ) -> Result<IssuedTicket, RegistryError> {
        let path = format!("/workstations/{}/tickets", escape(&workstation.0));
        self.post(&path, &AskForTicket { challenge }).await
    }

    /// All templates.
    pub(crate) async fn templates(self) -> Result<Vec<TemplateSummary>, RegistryError> {
        self.get("/templates").await
    }

    /// One template.
    pub(crate) async fn template(self, name: &str) -> Result<Template, RegistryError> {
        self.get(&format!("/templates/{}", escape(name))).await
    }

    /// Changes a template.
    pub(crate) async fn change_template(
        self,
        name: &str,
        change: &ChangeTemplate,
    ) -> Result<Template, RegistryError> {
        self.put(&format!("/templates/{}", escape(name)), change).await
    }

    /// Reads what is at a path.
    pub(crate) async fn get<T: DeserializeOwned>(self, path: &str) -> Result<T, RegistryError> {
        read(self.open(path).await?).await
    }

    /// Opens what is at a path, for reading piece by piece.
    pub(crate) async fn open(self, path: &str) -> Result<Response, RegistryError> {
        self.send(Method::GET, path, None::<&()>).await
    }

    /// Adds something, or has something done.
    pub(crate) async fn post<T: DeserializeOwned>(
        self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, RegistryError> {
        read(self.send(Method::POST, path, Some(body)).await?).await
    }

    /// Has something done that the path says wholly.
    pub(crate) async fn post_nothing<T: DeserializeOwned>(
        self,
        path: &str,
    ) -> Result<T, RegistryError> {
        read(self.send(Method::POST, path, None::<&()>).await?).await
    }

    /// Changes what is at a path.
    pub(crate) async fn put<T: DeserializeOwned>(
        self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, RegistryError> {
        read(self.send(Method::PUT, path, Some(body)).await?).await
    }

    /// Asks as whoever is logged in in this browser.
    async fn send(
        self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Response, RegistryError> {
        let asked = self.who.try_get_untracked();
        let key = self.keys.key().await;
        let result = answer(prepare(method, path, body, key.as_ref()).await?).await;
        if let Err(error) = &result {
            // Another page may have logged in meanwhile: this answer says nothing of its key.
            if error.is(ProblemCode::NotLoggedIn) && self.keys.is_still(key.as_ref()).await {
                self.now(asked.clone(), Who::Nobody);
            }
            if error.is(ProblemCode::PasswordChangeNeeded)
                && let Some(Who::Person(me)) = asked.clone()
            {
                self.now(asked, Who::Person(Me { must_change_password: true, ..me }));
            }
        }
        result
    }

    /// Another page of this browser logged in or out.
    async fn follow_another_page(self) {
        match self.keys.key().await {
            Some(_) => self.find_out_who().await,
            None => {
                self.who.try_set(Who::LoggedOut);
            }
        }
    }

    /// Takes what an answer says of who is logged in, unless somebody logged in or out since it
    /// was asked for.
    fn now(self, asked: Option<Who>, who: Who) {
        // That nobody is logged in says less than that somebody logged out.
        if asked == Some(Who::LoggedOut) && who == Who::Nobody {
            return;
        }
        // An app that was closed has no signals any more.
        if self.who.try_get_untracked() == asked {
            self.who.try_set(who);
        }
    }
}
