//! What helpers and the registry refused, for the audit log.

use super::verified::verified;
use super::{ActionError, Person};
use crate::registry::Registry;
use crate::store::{Bound, Event, EventKind};
use crate::text::one_line;
use cardwright_protocol::outcome::Refusal;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::signed::Signed;

/// A page can make its helper refuse as much as it likes.
const BY_HELPER: Bound = Bound { most: 10, within: 10 * 60 };

/// A page can hand over what it likes: one event a minute of a kind and a person.
const BY_REGISTRY: Bound = Bound { most: 1, within: 60 };

/// Longest reason that is recorded, in characters.
const MAX_REASON: usize = 200;

/// Records that a helper refused what it was given, once for each thing that was refused. The key
/// may be one of before: it is only a word in the log.
pub(crate) async fn take_refusal(
    registry: &Registry,
    person: &Person,
    signed: &Signed<Refusal>,
) -> Result<(), ActionError> {
    let transaction = registry.store.begin().await?;
    let verified = verified(&transaction, signed, |refusal: &Refusal| &refusal.workstation).await?;
    let doubt = if verified.is_doubted() { ", with a key of before" } else { "" };
    let (refusal, workstation) = (verified.statement, verified.workstation);
    if transaction.has_helper_refusal(&refusal.refused_hash.0).await? {
        return Ok(());
    }
    let now = registry.now();
    let why: String = one_line(&refusal.why).chars().take(MAX_REASON).collect();
    let what = format!(
        "{} refused{doubt}: {why}; what it refused has the SHA-256 {}",
        workstation.name, refusal.refused_hash
    );
    let event = Event::apart(now, &person.name, EventKind::RefusedByHelper, what);
    let scope = format!("refused by {}", workstation.id);
    if transaction.record_bounded(&scope, BY_HELPER, event).await? {
        let hash = &refusal.refused_hash.0;
        transaction.insert_helper_refusal(hash, &workstation.id, now).await?;
    }
    Ok(transaction.commit().await?)
}

/// What a page handed over for a helper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handed {
    Report,
    Outcome,
    Refusal,
}

impl Handed {
    fn in_words(self) -> &'static str {
        match self {
            Self::Report => "A report",
            Self::Outcome => "An outcome",
            Self::Refusal => "A refusal",
        }
    }

    /// Whether it was not what a helper of this registry says of one of its jobs, rather than a
    /// mistake of the person.
    fn is_suspect(self, code: ProblemCode) -> bool {
        match code {
            ProblemCode::BadSignature | ProblemCode::StaleReport => true,
            ProblemCode::Invalid => self == Self::Outcome,
            _ => false,
        }
    }
}

/// Records that something was refused which no honest page and helper hand over; whatever becomes
/// of that, the answer stays.
pub(crate) async fn audited<T>(
    registry: &Registry,
    person: &Person,
    handed: Handed,
    result: Result<T, ActionError>,
) -> Result<T, ActionError> {
    if let Err(ActionError::Refused(problem)) = &result
        && handed.is_suspect(problem.code)
        && let Err(error) = record(registry, person, handed, problem.code).await
    {
        tracing::warn!(%error, "a refusal was not written down");
    }
    result
}

async fn record(
    registry: &Registry,
    person: &Person,
    handed: Handed,
    code: ProblemCode,
) -> Result<(), ActionError> {
    let why = match code {
        ProblemCode::BadSignature => "its signature is not by a current key of its workstation",
        ProblemCode::StaleReport => "it answers no nonce, or one that was used",
        _ => "it does not fit its job",
    };
    let what = format!("{} was refused: {why}", handed.in_words());
    let event = Event::apart(registry.now(), &person.name, EventKind::StatementRefused, what);
    // One kind hides no other.
    let scope = format!("statement refused {handed:?} {code:?} {}", person.name);
    let transaction = registry.store.begin().await?;
    transaction.record_bounded(&scope, BY_REGISTRY, event).await?;
    Ok(transaction.commit().await?)
}
