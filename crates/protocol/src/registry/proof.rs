//! Who sends a request: no cookie, but a signature by a key that only one origin's pages can use.
//!
//! At each login the page makes an Ed25519 key pair (RFC 8032) whose private half the browser does
//! not let out, and keeps it in the storage of its origin. A session is the public half. Every
//! request carries, in `Authorization`, [`SCHEME`], a space, the public key, a colon and the
//! signature over [`message`], both as upper-case hexadecimal digits. Cookies would not do: a
//! browser sends those of `127.0.0.1` to every port of it, whoever listens there.

/// The scheme of the `Authorization` header.
pub const SCHEME: &str = "Cardwright";

/// Digits of a public key (32 bytes) and of a signature (64 bytes).
const KEY_DIGITS: usize = 64;
const SIGNATURE_DIGITS: usize = 128;

/// What is signed: context, method, target (path and query as sent) and the SHA-256 of the body
/// (of no bytes where there is none) as upper-case hexadecimal digits.
#[must_use]
pub fn message(method: &str, target: &str, body_hash: &str) -> String {
    format!("cardwright request 1\0{method} {target}\n{body_hash}")
}

/// The value of the header.
#[must_use]
pub fn authorization(key: &str, signature: &str) -> String {
    format!("{SCHEME} {key}:{signature}")
}

/// Key and signature in the value of the header, where it is written as [`authorization`] writes it:
/// a request has one form.
#[must_use]
pub fn parse(value: &str) -> Option<(&str, &str)> {
    let (key, signature) = value.strip_prefix(SCHEME)?.strip_prefix(' ')?.split_once(':')?;
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'A'..=b'F'))
    };
    (is_hex(key, KEY_DIGITS) && is_hex(signature, SIGNATURE_DIGITS)).then_some((key, signature))
}
