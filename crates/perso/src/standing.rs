//! What a chip is to a job: decided here, and nowhere else.

use crate::Cause;

/// What is known of a chip before anything is written to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// What the chip cannot do, in words.
    pub(crate) lacks: Option<&'static str>,
    /// What became of the management keys that it may have.
    pub(crate) management_key: Opened,
    /// The PUK, where it was proved, or says itself that it cannot be what it should.
    pub(crate) puk: Proof,
    /// Its CCC has the wanted card id.
    pub(crate) is_ours: bool,
    /// The plan has nothing to write.
    pub(crate) is_complete: bool,
}

/// What became of the management keys that a chip may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    /// None was tried yet.
    NotTried,
    /// One opened the chip.
    Yes,
    /// None did.
    No,
    /// The chip takes none any more.
    Blocked,
}

/// Whether a PUK is one that the chip may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It is, or nothing speaks against it.
    Right,
    /// It is none of them.
    Wrong,
    /// Too few tries are left to find out.
    Blocked,
}

/// What a chip is to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing speaks against it; its values are to be found out.
    Unopened,
    /// It has values that are known, and none of ours of this generation.
    Virgin,
    /// It is ours, and something is to be written.
    PartlyWritten,
    /// It is ours, and as it should be.
    Whole,
    /// It has a value of somebody else.
    Foreign(&'static str),
    /// Too few tries are left to open it.
    Blocked(&'static str),
    /// It cannot be what is wanted.
    NotSupported(&'static str),
}

/// What cannot be is said first, then what stands in the way.
pub(crate) fn standing(evidence: &Evidence) -> Standing {
    let Evidence { lacks, management_key, puk, is_ours, is_complete } = *evidence;
    if let Some(what) = lacks {
        return Standing::NotSupported(what);
    }
    match (management_key, puk) {
        (Opened::NotTried, _) => Standing::Unopened,
        (Opened::No, _) => Standing::Foreign("management key"),
        (Opened::Blocked, _) => Standing::Blocked("management key"),
        (Opened::Yes, Proof::Wrong) => Standing::Foreign("PUK"),
        (Opened::Yes, Proof::Blocked) => Standing::Blocked("PUK"),
        (Opened::Yes, Proof::Right) => match (is_ours, is_complete) {
            (false, _) => Standing::Virgin,
            (true, false) => Standing::PartlyWritten,
            (true, true) => Standing::Whole,
        },
    }
}

impl Standing {
    /// Why a job ends here; `None` where it goes on.
    pub(crate) fn refusal(self) -> Option<Cause> {
        match self {
            Self::Unopened | Self::Virgin | Self::PartlyWritten | Self::Whole => None,
            Self::Foreign(what) => Some(Cause::Foreign { what }),
            Self::Blocked(what) => Some(Cause::Blocked { what }),
            Self::NotSupported(what) => Some(Cause::NotSupported { what }),
        }
    }

    /// Whether erasing the chip would make it one that can be written.
    pub(crate) fn can_be_erased(self) -> bool {
        matches!(self, Self::Foreign(_) | Self::Blocked(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Proof::{Right, Wrong};

    #[test]
    fn the_evidence_decides() {
        let evidence = |management_key, puk, is_ours, is_complete| Evidence {
            lacks: None,
            management_key,
            puk,
            is_ours,
            is_complete,
        };
        let table = [
            (evidence(Opened::NotTried, Right, false, false), Standing::Unopened, false),
            (evidence(Opened::NotTried, Right, true, false), Standing::Unopened, false),
            (evidence(Opened::Yes, Right, false, false), Standing::Virgin, false),
            (evidence(Opened::Yes, Right, true, false), Standing::PartlyWritten, false),
            (evidence(Opened::Yes, Right, true, true), Standing::Whole, false),
            (evidence(Opened::No, Right, false, false), Standing::Foreign("management key"), true),
            (evidence(Opened::No, Wrong, true, false), Standing::Foreign("management key"), true),
            (
                evidence(Opened::Blocked, Right, true, false),
                Standing::Blocked("management key"),
                true,
            ),
            (evidence(Opened::Yes, Wrong, true, false), Standing::Foreign("PUK"), true),
            (evidence(Opened::Yes, Proof::Blocked, false, false), Standing::Blocked("PUK"), true),
            (
                Evidence { lacks: Some("x"), ..evidence(Opened::No, Wrong, false, false) },
                Standing::NotSupported("x"),
                false,
            ),
        ];
        for (evidence, expected, can_be_erased) in table {
            let found = standing(&evidence);
            assert_eq!((found, found.can_be_erased()), (expected, can_be_erased), "{evidence:?}");
        }
    }
}
