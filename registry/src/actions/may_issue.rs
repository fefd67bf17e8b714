//! Whether a job may be issued, and if not, why not.

use super::assess::Judgement;
use super::tries::Allowance;
use super::{ActionError, invalid, refused};
use crate::store::{CardRecord, TemplateRecord, search_key};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::Verdict;

/// Refuses where the number that the operator read from the card is not the card's, or is missing.
pub(super) fn check_number(
    card: &CardRecord,
    must_confirm: bool,
    confirmed: Option<&str>,
) -> Result<(), ActionError> {
    match confirmed {
        Some(number) if search_key(number) == search_key(&card.number.0) => Ok(()),
        None if !must_confirm => Ok(()),
        _ => Err(invalid(
            "confirmed_number",
            "This is not the number of the card. Scan or type the number printed on it.",
        )),
    }
}

/// What a job may spend that leaves what the chip has; refuses where the chip cannot become the
/// card.
pub(super) fn allowed_without_erasing(judgement: &Judgement) -> Result<Allowance, ActionError> {
    let message = match &judgement.assessment.verdict {
        Verdict::Ready | Verdict::Interrupted => {
            // A chip that is ready has tries left.
            let allowance = judgement.allowance;
            return allowance.ok_or(ActionError::Inconsistent("a ready chip has no tries left"));
        }
        Verdict::UnknownKind => "This chip cannot be initialized.".to_owned(),
        Verdict::Contactless => "The chip cannot be written through this reader.".to_owned(),
        Verdict::BoundToOtherCard { card } => format!("This is the chip of card {card}."),
        Verdict::OtherChipExpected { .. } => "This card has another chip.".to_owned(),
        Verdict::Used => "This chip has values of somebody else.".to_owned(),
        Verdict::Blocked if judgement.allowance.is_none() => {
            let mut message = "Too many encodings of this chip were cut off when they may just \
                               have presented its PUK, or nobody knows how they ended: another \
                               attempt could be the PUK's last. "
                .to_owned();
            message += match judgement.assessment.erasable {
                true => "Erase the chip: then it can be initialized.",
                false => {
                    "If one of them was at another workstation, put the card in there. Otherwise \
                     ask an admin to allow that used chips are erased: then it can be initialized."
                }
            };
            message
        }
        Verdict::Blocked => "PIN or PUK of this chip is blocked.".to_owned(),
    };
    Err(refused(ProblemCode::ChipRefused, message))
}

/// What a job may spend that erases the chip; refuses where it need not be erased, or must not.
pub(super) fn allowed_by_erasing(
    judgement: &Judgement,
    template: &TemplateRecord,
) -> Result<Allowance, ActionError> {
    match &judgement.assessment.verdict {
        Verdict::Used | Verdict::Blocked if template.allow_erase => {
            judgement.erasing.ok_or_else(|| {
                let message = "This chip cannot be erased. Mark the card as defective.";
                refused(ProblemCode::ChipRefused, message)
            })
        }
        Verdict::Used | Verdict::Blocked => Err(refused(
            ProblemCode::NotEnabled,
            format!("Erasing used chips is not enabled for {}. Ask an admin.", template.title),
        )),
        Verdict::Ready | Verdict::Interrupted => Err(refused(
            ProblemCode::ChipRefused,
            "This chip needs no erasing: it can be initialized as it is.",
        )),
        Verdict::UnknownKind
        | Verdict::Contactless
        | Verdict::BoundToOtherCard { .. }
        | Verdict::OtherChipExpected { .. } => allowed_without_erasing(judgement),
    }
}
