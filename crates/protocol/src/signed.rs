//! Statements that one program signs for another, carried by the app unread.

use crate::hex::HexBytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt, marker::PhantomData};

/// A kind of statement. Its context goes into the signature, so that a statement of one kind is
/// never taken for another.
pub trait Statement: Serialize + DeserializeOwned {
    /// Domain separation, such as `cardwright receipt 1`.
    const CONTEXT: &'static str;
}

/// A statement and its signature.
///
/// The text is kept as it was signed: nobody needs to agree on how JSON is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed<T> {
    /// The statement as JSON.
    pub statement: String,
    /// Ed25519 (RFC 8032) over context, one zero byte, and the statement's UTF-8: 64 bytes.
    pub signature: HexBytes,
    #[serde(skip)]
    kind: PhantomData<fn() -> T>,
}

impl<T> Signed<T> {
    /// Puts a statement and its signature together; whether they belong together is for the
    /// reader to verify.
    #[must_use]
    pub fn from_parts(statement: String, signature: HexBytes) -> Self {
        Self { statement, signature, kind: PhantomData }
    }
}

impl<T> Clone for Signed<T> {
    fn clone(&self) -> Self {
        Self::from_parts(self.statement.clone(), self.signature.clone())
    }
}

impl<T> PartialEq for Signed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.statement == other.statement && self.signature == other.signature
    }
}

impl<T> Eq for Signed<T> {}

impl<T> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed").field("statement", &self.statement).finish_non_exhaustive()
    }
}
