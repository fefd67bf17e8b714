//! The key pair that a session is: made at each login, kept by the browser, shared by all pages of
//! one origin. Its private half never leaves the browser's cryptography: neither this program nor
//! anything else in the page can read it.

mod keyring;
mod store;

pub(crate) use keyring::Keyring;

use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::registry::proof;
use leptos::prelude::window;
use thiserror::Error;
use wasm_bindgen_futures::JsFuture;
use web_sys::js_sys::{Array, Promise, Uint8Array};
use web_sys::wasm_bindgen::{JsCast, JsValue};
use web_sys::{CryptoKey, CryptoKeyPair, SubtleCrypto};

/// The name of Ed25519 (RFC 8032) in the Web Cryptography API.
const ALGORITHM: &str = "Ed25519";

/// Why this browser can make no session key here: what it is, then what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum NoKey {
    /// The page is no secure context, so that it gets no cryptography.
    #[error("This page came over plain http. Browsers keep such pages from cryptography.")]
    Insecure,
    /// The browser does not know Ed25519.
    #[error("This browser is too old: it cannot make the key of a session (Ed25519).")]
    NotSupported,
}

impl NoKey {
    /// What to do about it.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Insecure => "Open the registry by its https address.",
            Self::NotSupported => {
                "Use Chrome or Edge from version 137, Firefox from version 129, or Safari from \
                 version 17."
            }
        }
    }
}

/// A session key.
#[derive(Clone)]
pub(crate) struct SessionKey {
    /// Signs, and cannot be taken out.
    private: CryptoKey,
    /// 32 bytes as upper-case hexadecimal digits: the name of the session.
    public: String,
}

impl SessionKey {
    /// Makes a key.
    pub(crate) async fn generate() -> Result<Self, NoKey> {
        let subtle = subtle()?;
        let uses = Array::of1(&"sign".into());
        let pair = settled(subtle.generate_key_with_str(ALGORITHM, false, &uses)).await;
        let pair: CryptoKeyPair = pair.map_err(|_| NoKey::NotSupported)?.unchecked_into();
        let public = settled(subtle.export_key("raw", &pair.get_public_key())).await;
        let public = hex(&public.map_err(|_| NoKey::NotSupported)?);
        Ok(Self { private: pair.get_private_key(), public })
    }

    /// The value of `Authorization` that proves a request. `target` is path and query as sent.
    pub(crate) async fn authorization(
        &self,
        method: &str,
        target: &str,
        body: &str,
    ) -> Result<String, NoKey> {
        let subtle = subtle()?;
        let hash = subtle.digest_with_str_and_u8_array("SHA-256", body.as_bytes());
        let hash = hex(&settled(hash).await.map_err(|_| NoKey::NotSupported)?);
        let message = proof::message(method, target, &hash);
        let signature =
            subtle.sign_with_str_and_u8_array(ALGORITHM, &self.private, message.as_bytes());
        let signature = hex(&settled(signature).await.map_err(|_| NoKey::NotSupported)?);
        Ok(proof::authorization(&self.public, &signature))
    }
}

/// The browser's cryptography, which is there in secure contexts only.
fn subtle() -> Result<SubtleCrypto, NoKey> {
    if !window().is_secure_context() {
        return Err(NoKey::Insecure);
    }
    Ok(window().crypto().map_err(|_| NoKey::NotSupported)?.subtle())
}

async fn settled(promise: Result<Promise, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise?).await
}

/// The bytes of an `ArrayBuffer` as upper-case hexadecimal digits.
fn hex(buffer: &JsValue) -> String {
    HexBytes(Uint8Array::new(buffer).to_vec()).to_string()
}
