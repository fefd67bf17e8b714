//! The registry, as the app asks it: who is logged in, and requests in their name. What there is to
//! be asked is in [`registry_calls`](crate::registry_calls).

mod request;

use crate::session_key::{Keyring, SessionKey};
use crate::trouble::RegistryError;
use cardwright_protocol::domain::Permission;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::{ChangePassword, Login, Me};
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

    /// Tells something, which is answered by nothing.
    pub(crate) async fn tell(self, path: &str, body: &impl Serialize) -> Result<(), RegistryError> {
        self.send(Method::POST, path, Some(body)).await.map(drop)
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
