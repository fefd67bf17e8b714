//! How this helper and a registry come to know each other, by a one-time code.
//!
//! The code never leaves this computer. Each side proves under it that it knows it, over its own
//! public keys, so that neither a listener nor a false registry learns it or can put keys of its
//! own in. An enrolment that was there before stays until the new one is proved.

mod address;
mod code;
mod error;
mod post;

pub use address::RegistryAddress;
pub use code::ask_for_code;
pub use error::EnrollError;
pub use post::Trust;

use crate::Error;
use crate::enrolment::Enrolment;
use crate::journal::Journal;
use crate::keys::Keys;
use cardwright_protocol::enrolment::{Enrol, Enrolled, HelperKeys, RegistryTerms};
use cardwright_protocol::helper::PROTOCOL_VERSION;
use cardwright_protocol::registry::API;
use cardwright_protocol::registry::problem::{Problem, ProblemCode};
use cardwright_seal::{EnrolmentCode, Side, sha256};
use std::path::Path;

/// Whether a helper runs on the data of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Running {
    /// It knows its new registry when it is started again.
    Yes,
    /// The next one that starts knows it.
    No,
}

/// Enrolls the helper with this data folder, and writes down what it knows of its registry.
///
/// # Errors
/// [`Error::Enroll`] says why not; then nothing was changed. Trying again is safe: the registry
/// answers the same as long as the code is good.
pub fn enroll(
    registry: &RegistryAddress,
    trust: &Trust,
    data: &Path,
    keys: &Keys,
    code: &EnrolmentCode,
) -> Result<(Enrolment, Running), Error> {
    let enrolment = exchange(registry, trust, keys, code)?;
    // While this is held no helper begins to run on what is replaced below.
    let journal = match Journal::open(data) {
        Ok(journal) => Some(journal),
        Err(Error::InUse { .. }) => None,
        Err(error) => return Err(error),
    };
    let before = match Enrolment::find(data) {
        // Whichever registry it was, it cannot be known any more, and only this mends it.
        Err(Error::EnrolmentMalformed { .. }) => None,
        found => found?,
    };
    let is_same = |before: &Enrolment| before.registry_key == enrolment.registry_key;
    match (&journal, before) {
        (_, Some(before)) if is_same(&before) => {}
        // A helper runs, at another registry or at one that it alone knows.
        (None, _) => return Err(Error::InUse { path: data.to_owned() }),
        (Some(journal), Some(before)) if journal.waiting_jobs() > 0 => {
            let (waiting, registry) = (journal.waiting_jobs(), before.registry);
            return Err(EnrollError::OutcomesWait { waiting, registry }.into());
        }
        (Some(_), _) => {}
    }
    enrolment.write(data)?;
    Ok((enrolment, if journal.is_some() { Running::No } else { Running::Yes }))
}

/// Says who this helper is, and believes who the registry is by its proof alone.
fn exchange(
    registry: &RegistryAddress,
    trust: &Trust,
    keys: &Keys,
    code: &EnrolmentCode,
) -> Result<Enrolment, EnrollError> {
    let statement = json(&HelperKeys {
        signing_key: keys.signing.verifying_key().to_bytes().into(),
        sealing_key: keys.opening.sealing_key().to_bytes().into(),
        protocol: PROTOCOL_VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    });
    let key = code.key();
    let proof = key.prove(Side::Helper, &statement);
    let answers = sha256(statement.as_bytes());
    let body = json(&Enrol { invitation: code.invitation(), statement, proof });
    let (status, answer) = post::post(registry, trust, &format!("{API}/enrolments"), &body)?;
    if status != 200 && status != 201 {
        return Err(refused(registry, status, &answer));
    }
    let enrolled: Enrolled = serde_json::from_str(&answer).map_err(|_| {
        let why = format!("its answer ({status}) is not of this protocol");
        EnrollError::NotARegistry { registry: registry.to_string(), why }
    })?;
    let not_proved = |why| EnrollError::NotProved { registry: registry.to_string(), why };
    if !key.is_proved(Side::Registry, &enrolled.statement, &enrolled.proof) {
        return Err(not_proved("its proof does not fit"));
    }
    let terms: RegistryTerms = serde_json::from_str(&enrolled.statement).map_err(|_| {
        let why = "its statement is not of this protocol: update the older of the two".to_owned();
        EnrollError::Version { why }
    })?;
    if terms.answers != answers {
        return Err(not_proved("it answers something else"));
    }
    let registry_key = terms.registry_key.to_string().parse();
    Enrolment {
        registry: registry.origin(),
        registry_key: registry_key.map_err(|_| not_proved("its key is none"))?,
        workstation: terms.workstation,
        name: terms.name,
        origins: terms.origins,
    }
    .check()
    .map_err(|why| EnrollError::Refused { why })
}

/// What an answer other than yes says.
fn refused(registry: &RegistryAddress, status: u16, answer: &str) -> EnrollError {
    let Ok(problem) = serde_json::from_str::<Problem>(answer) else {
        let why = format!("it answers {status}");
        return EnrollError::NotARegistry { registry: registry.to_string(), why };
    };
    let why = printable(&problem.message);
    match problem.code {
        ProblemCode::WrongCode => EnrollError::WrongCode,
        ProblemCode::ForeignOrigin => EnrollError::OtherAddress { registry: registry.to_string() },
        // The registry knows the field that tells versions apart.
        _ if problem.field.as_deref() == Some("protocol") => EnrollError::Version { why },
        ProblemCode::NotFound | ProblemCode::MethodNotAllowed => {
            EnrollError::Version { why: "it takes no helpers: update the registry".to_owned() }
        }
        ProblemCode::Malformed => EnrollError::Version {
            why: "it does not understand this helper: update the older of the two".to_owned(),
        },
        _ => EnrollError::Refused { why },
    }
}

/// Somebody else's words without what could change a terminal.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(500).collect()
}

fn json(value: &impl serde::Serialize) -> String {
    // Plain structs with text keys: writing them as JSON cannot fail.
    serde_json::to_string(value).expect("plain data can be written as JSON")
}
