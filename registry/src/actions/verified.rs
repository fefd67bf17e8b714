//! What helpers signed, and what their signatures are worth.

use super::{ActionError, refused};
use crate::store::{HelperKeyRecord, KeyState, Snapshot, WorkstationRecord};
use cardwright_protocol::ids::WorkstationId;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::signed::{Signed, Statement};
use cardwright_seal::verify;
use serde::Deserialize;

/// A statement that a key of the workstation which it names signed.
#[derive(Debug)]
pub(crate) struct Verified<T> {
    pub(crate) statement: T,
    pub(crate) workstation: WorkstationRecord,
    pub(crate) key: HelperKeyRecord,
}

/// All that is looked at before a signature is verified: whose keys it may be by.
#[derive(Deserialize)]
struct Claim {
    workstation: WorkstationId,
}

/// Verifies a statement with the keys that the workstation which it names has or had.
pub(crate) async fn verified<T: Statement>(
    snapshot: &Snapshot,
    signed: &Signed<T>,
    names: impl Fn(&T) -> &WorkstationId,
) -> Result<Verified<T>, ActionError> {
    let Ok(Claim { workstation }) = serde_json::from_str(&signed.statement) else {
        return Err(bad_signature());
    };
    let record = snapshot.workstation(&workstation.0).await?.ok_or_else(bad_signature)?;
    for key in snapshot.keys_of_workstation(&record.id).await? {
        let statement = verify(&key.signing_key, signed);
        if let Ok(statement) = statement
            && *names(&statement) == record.id
        {
            return Ok(Verified { statement, workstation: record, key });
        }
    }
    Err(bad_signature())
}

impl<T> Verified<T> {
    /// Refuses what was signed with a key that the workstation had before, or that was revoked
    /// with it.
    pub(crate) fn require_current(&self) -> Result<(), ActionError> {
        let name = &self.workstation.name;
        let message = match self.key.state {
            KeyState::Current => return Ok(()),
            KeyState::Replaced => format!(
                "{name} was enrolled anew, and this helper has the keys of before. Start the \
                 helper again; if that does not help, ask an admin for a new one-time code."
            ),
            KeyState::Revoked => format!(
                "{name} was revoked: it gets no job any more. Put the card in at another \
                 workstation, or ask an admin to add this one anew."
            ),
        };
        Err(refused(ProblemCode::BadSignature, message))
    }

    /// Whether the key is no longer the workstation's: what it says is recorded, and relied on by
    /// nobody.
    pub(crate) fn is_doubted(&self) -> bool {
        self.key.state != KeyState::Current
    }
}

fn bad_signature() -> ActionError {
    refused(
        ProblemCode::BadSignature,
        "This helper is not one of this registry. Ask an admin to add the workstation.",
    )
}
