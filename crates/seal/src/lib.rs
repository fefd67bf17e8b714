//! What a sealed job holds, sealing and signing, and the derivation of a chip's secrets.
//!
//! The registry seals a job to one helper and signs it; the helper signs what it found and did.
//! Everybody in between, the page above all, only carries. No input or output of its own: keys
//! come in as bytes, randomness from the operating system.
//!
//! ```
//! use cardwright_seal::{SigningKey, sign, verify};
//! use cardwright_protocol::outcome::Acknowledgement;
//!
//! let registry = SigningKey::generate();
//! let statement = Acknowledgement { job: "7f".into(), outcome_hash: vec![1, 2].into() };
//! let signed = sign(&registry, &statement);
//! assert_eq!(verify(&registry.verifying_key(), &signed), Ok(statement));
//! ```

mod contents;
mod derive;
mod enrolment_code;
mod job;
mod keys;
mod request_proof;
mod root_keys;
mod secret;
mod signature;

pub use contents::{Candidates, JobContents, ManagementKeySecret, PukFirst, TriesAllowed};
pub use derive::{CARD_ID_LENGTH, RootKey};
pub use enrolment_code::{EnrolmentCode, EnrolmentKey, NotACode, Side};
pub use job::{NotForUs, open_job, seal_job};
pub use keys::{BadKey, OpeningKey, SealingKey, SigningKey, VerifyingKey};
pub use request_proof::{authorization, prover};
pub use root_keys::RootKeys;
pub use secret::Secret;
pub use signature::{BadSignature, sha256, sign, verify};
