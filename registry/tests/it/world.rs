//! A registry for one test, and browsers that speak to it in verbs.

use crate::answer::Answer;
use crate::desk::Desk;
use crate::program::program;
use cardwright_protocol::domain::{CardState, Command};
use cardwright_protocol::ids::ProcessId;
use cardwright_protocol::outcome::{ChipReport, Outcome};
use cardwright_protocol::registry::cards::{Card, CardPage};
use cardwright_protocol::registry::processes::{
    AskForJob, Assessment, HandReport, IssuedJob, Nonce, OutcomeTaken, Process, StartProcess,
};
use cardwright_protocol::registry::session::{Login, Me};
use cardwright_protocol::registry::templates::{ChangeState, ChangeTemplate, Template};
use cardwright_protocol::signed::Signed;
use cardwright_registry::{Clock, Config, NewAccount, PasswordCost, Registry};
use cardwright_seal::{SigningKey, VerifyingKey, authorization};
use reqwest::{Method, header};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A clock that a test turns.
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs().try_into().unwrap(), Ordering::SeqCst);
    }

    /// Shows what the clock of this computer shows, for programs that have no other.
    pub(crate) fn set_to_now(&self) {
        self.0.store(cardwright_registry::SystemClock.now(), Ordering::SeqCst);
    }

    pub(crate) fn set_back(&self, by: Duration) {
        self.0.fetch_sub(by.as_secs().try_into().unwrap(), Ordering::SeqCst);
    }
}

pub(crate) struct TestRegistry {
    pub(crate) folder: TempDir,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) desk: Desk,
    /// Another workstation of this registry.
    pub(crate) other_desk: Desk,
    pub(crate) key: VerifyingKey,
    pub(crate) address: String,
    accounts: Vec<NewAccount>,
    app: Option<PathBuf>,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl TestRegistry {
    /// A registry at its first start, without cards.
    pub(crate) async fn empty() -> Self {
        Self::new(None).await
    }

    /// A registry with these cards: number, state, order, produced_on, chip id.
    pub(crate) async fn with(cards: &[[&str; 5]]) -> Self {
        let registry = Self::empty().await;
        registry.import(cards).await;
        registry
    }

    /// A registry with one produced card, TC-1, and *Initialize temporary card* enabled.
    pub(crate) async fn with_one_card() -> Self {
        let registry = Self::with(&[["TC-1", "produced", "B-1", "2026-11-02", ""]]).await;
        let admin = registry.log_in("admin").await;
        admin.enable(CardState::Produced, &[Command::InitializeTemporaryCard]).await;
        registry
    }

    /// A registry that serves this app.
    pub(crate) async fn with_app(app: PathBuf) -> Self {
        Self::new(Some(app)).await
    }

    async fn new(app: Option<PathBuf>) -> Self {
        let nobody = [Desk::new(""), Desk::new("")];
        let mut registry = Self::in_folder(TempDir::new().unwrap(), nobody, app).await;
        let admin = registry.log_in("admin").await;
        registry.desk = admin.add_desk("desk-1").await;
        registry.other_desk = admin.add_desk("desk-2").await;
        registry
    }

    async fn in_folder(folder: TempDir, desks: [Desk; 2], app: Option<PathBuf>) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(1_795_330_800)));
        let config = config(&clock, app.clone());
        let (registry, accounts) = Registry::open(folder.path(), config).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let key = registry.public_key();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let served = tokio::spawn(cardwright_registry::run(listener, registry, shutdown));
        let [desk, other_desk] = desks;
        let stop = Some(stop);
        Self { folder, clock, desk, other_desk, key, address, accounts, app, stop, served }
    }

    /// Ends it and starts it again on the same data. Passwords stay known to the test.
    pub(crate) async fn restart(self) -> Self {
        self.restart_after(async |_| {}).await
    }

    /// As [`TestRegistry::restart`]; meanwhile something is done to the data.
    pub(crate) async fn restart_after(self, meanwhile: impl AsyncFnOnce(&Path)) -> Self {
        let accounts = self.accounts.clone();
        let (folder, desks, app) = self.end().await;
        meanwhile(folder.path()).await;
        let again = Self::in_folder(folder, desks, app).await;
        assert!(again.accounts.is_empty(), "accounts are made once");
        Self { accounts, ..again }
    }

    /// Ends it and leaves its data.
    pub(crate) async fn end(mut self) -> (TempDir, [Desk; 2], Option<PathBuf>) {
        self.stop.take().unwrap().send(()).unwrap();
        self.served.await.unwrap().unwrap();
        (self.folder, [self.desk, self.other_desk], self.app)
    }

    /// A registry in a folder that has a copy of this one's database.
    pub(crate) async fn copied_to(&self, folder: TempDir) -> Self {
        let copied =
            Self::in_folder(folder, [self.desk.clone(), self.other_desk.clone()], None).await;
        assert!(copied.accounts.is_empty(), "accounts are made once");
        Self { accounts: self.accounts.clone(), ..copied }
    }

    pub(crate) fn password(&self, name: &str) -> String {
        let account = self.accounts.iter().find(|account| account.name == name).unwrap();
        String::from_utf8(account.password.expose().to_vec()).unwrap()
    }

    /// A browser without a session.
    pub(crate) fn browser(&self) -> Browser {
        Browser::at(&self.address)
    }

    /// A browser with a session.
    pub(crate) async fn log_in(&self, name: &str) -> Browser {
        let browser = self.browser();
        let _: Me = browser.log_in(name, &self.password(name)).await.ok();
        browser
    }

    /// Imports cards by the command line while the registry runs.
    pub(crate) async fn import(&self, cards: &[[&str; 5]]) {
        let mut csv = String::from("number,state,order,produced_on,expires_on,chip_id\n");
        for [number, state, order, produced_on, chip] in cards {
            csv += &format!("{number},{state},{order},{produced_on},2032-11-01,{chip}\n");
        }
        let file = self.folder.path().join("cards.csv");
        std::fs::write(&file, csv).unwrap();
        let output =
            program(&["import-cards"], self.folder.path()).arg(&file).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn config(clock: &Arc<TestClock>, app: Option<PathBuf>) -> Config {
    Config {
        helper_ports: vec![18_421],
        app,
        password_cost: PasswordCost { memory: 8, passes: 1 },
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        ..Config::default()
    }
}

#[derive(Clone)]
pub(crate) struct Browser {
    client: reqwest::Client,
    base: String,
    /// Proves its requests; once it logs in, it is its session.
    pub(crate) key: SigningKey,
    pub(crate) origin: Option<String>,
}

impl Browser {
    /// A browser without a session, at the registry of this address.
    pub(crate) fn at(address: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let (base, origin) = (address.to_owned(), Some(address.to_owned()));
        Self { client, base, key: SigningKey::generate(), origin }
    }

    /// The same browser at another address.
    pub(crate) fn moved_to(&self, registry: &TestRegistry) -> Self {
        let base = registry.address.clone();
        Self { base: base.clone(), origin: Some(base), ..self.clone() }
    }

    /// Any request: path below the server, headers, body. It is proved by the browser's key unless
    /// a header says otherwise.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.base));
        if let Some(origin) = self.origin.as_ref().filter(|_| method != Method::GET) {
            request = request.header(header::ORIGIN, origin);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.build().unwrap();
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            let body = body.as_deref().unwrap_or_default().as_bytes();
            let target = request.url().as_str().strip_prefix(&self.base).unwrap();
            let proof = authorization(&self.key, method.as_str(), target, body);
            request.headers_mut().insert(header::AUTHORIZATION, proof.parse().unwrap());
        }
        *request.body_mut() = body.map(Into::into);
        let response = self.client.execute(request).await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, &format!("/api/v1{path}"), &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.json(Method::POST, path, serde_json::to_string(body).unwrap()).await
    }

    pub(crate) async fn post_nothing(&self, path: &str) -> Answer {
        self.send(Method::POST, &format!("/api/v1{path}"), &[], None).await
    }

    pub(crate) async fn json(&self, method: Method, path: &str, body: String) -> Answer {
        let headers = [("content-type", "application/json")];
        self.send(method, &format!("/api/v1{path}"), &headers, Some(body)).await
    }

    pub(crate) async fn log_in(&self, name: &str, password: &str) -> Answer {
        self.post("/session", &Login { name: name.into(), password: password.into() }).await
    }

    pub(crate) async fn template(&self) -> Template {
        self.get("/templates/temporary-card").await.ok()
    }

    pub(crate) async fn change_template(&self, change: &ChangeTemplate) -> Answer {
        let body = serde_json::to_string(change).unwrap();
        self.json(Method::PUT, "/templates/temporary-card", body).await
    }

    /// Enables exactly these commands in a state.
    pub(crate) async fn enable(&self, state: CardState, commands: &[Command]) {
        let Template { version, confirm_number, allow_erase, .. } = self.template().await;
        let states = vec![ChangeState { state, enabled: commands.to_vec() }];
        let change = ChangeTemplate { version, confirm_number, allow_erase, states };
        let _: Template = self.change_template(&change).await.ok();
    }

    /// Whether the printed number is to be confirmed.
    pub(crate) async fn confirm_number(&self, confirm_number: bool) {
        let Template { version, allow_erase, .. } = self.template().await;
        let change = ChangeTemplate { version, confirm_number, allow_erase, states: vec![] };
        let _: Template = self.change_template(&change).await.ok();
    }

    /// Whether used chips may be erased.
    pub(crate) async fn allow_erase(&self, allow_erase: bool) {
        let Template { version, confirm_number, .. } = self.template().await;
        let change = ChangeTemplate { version, confirm_number, allow_erase, states: vec![] };
        let _: Template = self.change_template(&change).await.ok();
    }

    pub(crate) async fn search(&self, query: &str) -> CardPage {
        self.get(&format!("/cards?{query}")).await.ok()
    }

    pub(crate) async fn card(&self, number: &str) -> Card {
        self.get(&format!("/cards/{number}")).await.ok()
    }

    /// What the card page says happened, newest first.
    pub(crate) async fn history(&self, number: &str) -> Vec<String> {
        let entry = |entry: cardwright_protocol::registry::cards::HistoryEntry| {
            let state = entry.state.map(|state| format!(" -> {}", state.name()));
            format!("{}: {}{}", entry.by, entry.what, state.unwrap_or_default())
        };
        self.card(number).await.history.into_iter().map(entry).collect()
    }

    /// Asks for a command on the card as it is now.
    pub(crate) async fn try_start(
        &self,
        number: &str,
        command: Command,
        reason: Option<&str>,
    ) -> Answer {
        let version = self.card(number).await.version;
        let request = StartProcess { command, version, reason: reason.map(str::to_owned) };
        self.post(&format!("/cards/{number}/processes"), &request).await
    }

    /// Starts *Initialize temporary card*.
    pub(crate) async fn start(&self, number: &str) -> Process {
        self.try_start(number, Command::InitializeTemporaryCard, None).await.ok()
    }

    pub(crate) async fn process(&self, id: &ProcessId) -> Process {
        self.get(&format!("/processes/{id}")).await.ok()
    }

    pub(crate) async fn nonce(&self, id: &ProcessId) -> Nonce {
        self.post_nothing(&format!("/processes/{id}/nonces")).await.ok()
    }

    pub(crate) async fn try_assess(&self, id: &ProcessId, report: &Signed<ChipReport>) -> Answer {
        let request = HandReport { report: report.clone() };
        self.post(&format!("/processes/{id}/reports"), &request).await
    }

    pub(crate) async fn assess(&self, id: &ProcessId, report: &Signed<ChipReport>) -> Assessment {
        self.try_assess(id, report).await.ok()
    }

    pub(crate) async fn try_job(
        &self,
        id: &ProcessId,
        report: &Signed<ChipReport>,
        number: Option<&str>,
    ) -> Answer {
        let confirmed_number = number.map(str::to_owned);
        let request = AskForJob { report: report.clone(), confirmed_number, erase: false };
        self.post(&format!("/processes/{id}/jobs"), &request).await
    }

    pub(crate) async fn job(
        &self,
        id: &ProcessId,
        report: &Signed<ChipReport>,
        number: &str,
    ) -> IssuedJob {
        self.try_job(id, report, Some(number)).await.ok()
    }

    /// Asks for a job that erases the chip.
    pub(crate) async fn try_erase(
        &self,
        id: &ProcessId,
        report: &Signed<ChipReport>,
        number: &str,
    ) -> Answer {
        let confirmed_number = Some(number.to_owned());
        let request = AskForJob { report: report.clone(), confirmed_number, erase: true };
        self.post(&format!("/processes/{id}/jobs"), &request).await
    }

    pub(crate) async fn try_take_over(&self, id: &ProcessId) -> Answer {
        self.post_nothing(&format!("/processes/{id}/take-over")).await
    }

    pub(crate) async fn try_hand_over(&self, outcome: &Outcome) -> Answer {
        self.post("/outcomes", outcome).await
    }

    pub(crate) async fn hand_over(&self, outcome: &Outcome) -> OutcomeTaken {
        self.try_hand_over(outcome).await.ok()
    }

    pub(crate) async fn try_cancel(&self, id: &ProcessId) -> Answer {
        self.post_nothing(&format!("/processes/{id}/cancel")).await
    }
}
