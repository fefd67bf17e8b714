//! The registry as a page speaks to it: JSON over HTTP, each request proved by the
//! browser's key.

use crate::Error;
use cardwright_protocol::domain::{CardState, Command};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::{CardNumber, ProcessId, WorkstationId};
use cardwright_protocol::job::SealedJob;
use cardwright_protocol::outcome::{ChipReport, Outcome};
use cardwright_protocol::registry::API;
use cardwright_protocol::registry::cards::Card;
use cardwright_protocol::registry::problem::Problem;
use cardwright_protocol::registry::processes::{
    AskForJob, Assessment, HandReport, IssuedJob, Nonce, OutcomeTaken, Process, StartProcess,
};
use cardwright_protocol::registry::session::{Login, Me};
use cardwright_protocol::registry::templates::{ChangeState, ChangeTemplate, Template};
use cardwright_protocol::registry::workstations::{AskForTicket, IssuedTicket};
use cardwright_protocol::signed::Signed;
use cardwright_protocol::ticket::Ticket;
use cardwright_seal::{SigningKey, authorization};
use reqwest::{Method, header};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser's side of the registry: it keeps its key, and no connection between two requests.
#[derive(Debug, Clone)]
pub struct Site {
    client: reqwest::Client,
    url: String,
    key: SigningKey,
}

impl Site {
    /// A browser without a session.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(url: &str) -> Result<Self, Error> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(PATIENCE)
            .build()
            .map_err(|error| Error::RegistryGone(error.to_string()))?;
        Ok(Self { client, url: url.to_owned(), key: SigningKey::generate() })
    }

    /// Where the pages are, which is their origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.url
    }

    /// Logs in.
    ///
    /// # Errors
    /// Those of every request: [`Error::RegistryGone`], [`Error::Problem`],
    /// [`Error::NotUnderstood`].
    pub async fn log_in(&self, name: &str, password: &str) -> Result<Me, Error> {
        let login = Login { name: name.to_owned(), password: password.into() };
        self.post("/session", &login).await
    }

    /// Enables *Initialize temporary card* for cards in state *produced*.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn enable_initialize(&self) -> Result<(), Error> {
        const PATH: &str = "/templates/temporary-card";
        let Template { version, confirm_number, allow_erase, .. } = self.get(PATH).await?;
        let enabled = vec![Command::InitializeTemporaryCard];
        let states = vec![ChangeState { state: CardState::Produced, enabled }];
        let change = ChangeTemplate { version, confirm_number, allow_erase, states };
        let _: Template = self.request(Method::PUT, PATH, Some(&change)).await?;
        Ok(())
    }

    /// A card, whole.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn card(&self, number: &CardNumber) -> Result<Card, Error> {
        self.get(&format!("/cards/{number}")).await
    }

    /// Starts *Initialize temporary card*, or goes on with it where it is open.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn start(&self, number: &CardNumber) -> Result<Process, Error> {
        let card = self.card(number).await?;
        if let Some(open) = card.process {
            return self.process(&open.id).await;
        }
        let command = Command::InitializeTemporaryCard;
        let start = StartProcess { command, version: card.version, reason: None };
        self.post(&format!("/cards/{number}/processes"), &start).await
    }

    /// A process as it is now.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn process(&self, id: &ProcessId) -> Result<Process, Error> {
        self.get(&format!("/processes/{id}")).await
    }

    /// A fresh nonce for an inspection.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn nonce(&self, id: &ProcessId) -> Result<Nonce, Error> {
        self.request(Method::POST, &format!("/processes/{id}/nonces"), None::<&()>).await
    }

    /// Hands a report over to learn what it means.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn assess(
        &self,
        id: &ProcessId,
        report: Signed<ChipReport>,
    ) -> Result<Assessment, Error> {
        self.post(&format!("/processes/{id}/reports"), &HandReport { report }).await
    }

    /// Asks for a job; the number on the card is the card's.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn job(
        &self,
        process: &Process,
        report: Signed<ChipReport>,
    ) -> Result<SealedJob, Error> {
        let confirmed_number = process.confirm_number.then(|| process.card.number.0.clone());
        let ask = AskForJob { report, confirmed_number, erase: false };
        let issued: IssuedJob = self.post(&format!("/processes/{}/jobs", process.id), &ask).await?;
        Ok(issued.job)
    }

    /// Hands an outcome over.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn take(&self, outcome: &Outcome) -> Result<OutcomeTaken, Error> {
        self.post("/outcomes", outcome).await
    }

    /// A ticket for a helper that the page has reached.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn ticket(
        &self,
        workstation: &WorkstationId,
        challenge: HexBytes,
    ) -> Result<Signed<Ticket>, Error> {
        let path = format!("/workstations/{workstation}/tickets");
        let issued: IssuedTicket = self.post(&path, &AskForTicket { challenge }).await?;
        Ok(issued.ticket)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.request(Method::GET, path, None::<&()>).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        self.request(Method::POST, path, Some(body)).await
    }

    async fn request<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Error> {
        let gone = |error: reqwest::Error| Error::RegistryGone(format!("{path}: {error}"));
        let body = body.map(serde_json::to_vec).transpose();
        let body = body.map_err(|error| Error::NotUnderstood(error.to_string()))?;
        let target = format!("{API}{path}");
        let proved = body.as_deref().unwrap_or_default();
        let proof = authorization(&self.key, method.as_str(), &target, proved);
        let mut request = self.client.request(method.clone(), format!("{}{target}", self.url));
        request = request.header(header::AUTHORIZATION, proof);
        if method != Method::GET {
            request = request.header(header::ORIGIN, &self.url);
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        let response = request.send().await.map_err(gone)?;
        let is_success = response.status().is_success();
        let text = response.text().await.map_err(gone)?;
        let not_understood = |error| Error::NotUnderstood(format!("{path}: {error}: {text}"));
        if is_success {
            return serde_json::from_str(&text).map_err(not_understood);
        }
        let problem: Problem = serde_json::from_str(&text).map_err(not_understood)?;
        Err(Error::Problem(problem))
    }
}
