//! Where the session key of this browser is.

use super::{SessionKey, store};
use futures_channel::oneshot;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::wasm_bindgen::closure::Closure;
use web_sys::wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};

/// Name of the channel by which pages of this origin tell each other that the key is another one.
const CHANNEL: &str = "cardwright-session";

/// The session key, for the whole app. It is read for each request: somebody may log in or out on
/// another page of this origin at any time.
#[derive(Clone, Copy)]
pub(crate) struct Keyring {
    /// The key, where the browser keeps nothing: this page alone has it then, until it is closed.
    memory: StoredValue<Option<SessionKey>, LocalStorage>,
    channel: StoredValue<Option<Channel>, LocalStorage>,
}

/// Open as long as the app is.
struct Channel {
    channel: BroadcastChannel,
    _listener: Closure<dyn FnMut(MessageEvent)>,
}

impl Keyring {
    /// The key of this browser.
    pub(crate) fn new() -> Self {
        Self { memory: StoredValue::new_local(None), channel: StoredValue::new_local(None) }
    }

    /// Has itself told when another page of this origin logs in or out, until the app is closed.
    pub(crate) fn on_change(self, told: impl Fn() + 'static) {
        // A browser without channels notices at the next request.
        let Ok(channel) = BroadcastChannel::new(CHANNEL) else { return };
        let listener = Closure::new(move |_| told());
        channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        self.channel.set_value(Some(Channel { channel, _listener: listener }));
        on_cleanup(move || {
            self.channel.try_update_value(|open| {
                if let Some(open) = open.take() {
                    open.channel.close();
                }
            });
        });
    }

    /// The key, where somebody logged in.
    pub(crate) async fn key(self) -> Option<SessionKey> {
        match self.memory.try_get_value().flatten() {
            Some(key) => Some(key),
            None => undisturbed(store::load()).await.ok().flatten(),
        }
    }

    /// Whether the key is still the one that was used for something.
    pub(crate) async fn is_still(self, used: Option<&SessionKey>) -> bool {
        let now = self.key().await;
        now.as_ref().map(|key| &key.public) == used.map(|key| &key.public)
    }

    /// Keeps the key of somebody who has just logged in.
    pub(crate) async fn keep(self, key: SessionKey) {
        let copy = key.clone();
        if undisturbed(async move { store::save(&copy).await }).await.is_err() {
            self.memory.try_set_value(Some(key));
        }
        self.tell();
    }

    /// Forgets the key: nobody has it from then on.
    pub(crate) async fn forget(self) {
        self.memory.try_set_value(None);
        // Where the browser keeps nothing there is nothing to be removed.
        let _ = undisturbed(store::remove()).await;
        self.tell();
    }

    fn tell(self) {
        self.channel.try_with_value(|open| {
            // A page that hears nothing notices at its next request.
            let _ = open.as_ref().map(|open| open.channel.post_message(&JsValue::NULL));
        });
    }
}

/// Does something to its end, even where whoever asked goes meanwhile: what is broken off would
/// leave the database open.
async fn undisturbed<T: 'static>(
    work: impl Future<Output = Result<T, JsValue>> + 'static,
) -> Result<T, JsValue> {
    let (answer, answered) = oneshot::channel();
    spawn_local(async move {
        // Whoever asked may have gone: then nobody needs the answer.
        let _ = answer.send(work.await);
    });
    answered.await.unwrap_or(Err(JsValue::UNDEFINED))
}
