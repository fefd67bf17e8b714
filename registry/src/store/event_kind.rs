//! Every kind of audit event.

macro_rules! kinds {
    ($($variant:ident = $name:literal, $title:literal;)+) => {
        /// Kind of an audit event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum EventKind { $(#[doc = $title] $variant,)+ }

        impl EventKind {
            /// All of them, in the order of the story of a card.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in the database, on wires and in exports.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The words that people see.
            pub(crate) fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }
        }
    };
}

kinds! {
    FirstStart = "registry.first-start", "First start";
    LoggedIn = "session.logged-in", "Logged in";
    LoginRefused = "session.refused", "Login refused";
    LoggedOut = "session.logged-out", "Logged out";
    AddressLocked = "session.address-locked", "Address locked";
    AccountAdded = "account.added", "Account added";
    AccountChanged = "account.changed", "Account changed";
    AccountLocked = "account.locked", "Account locked";
    AccountUnlocked = "account.unlocked", "Account unlocked";
    PermissionGranted = "account.permission-granted", "Permission granted";
    PermissionTaken = "account.permission-taken", "Permission taken away";
    PasswordChanged = "account.password-changed", "Password changed";
    PasswordRefused = "account.password-refused", "Change of a password refused";
    PasswordSet = "account.password-set", "Password set by an admin";
    WorkstationAdded = "workstation.added", "Workstation added";
    WorkstationInvited = "workstation.code-given", "One-time code given";
    WorkstationEnrolled = "workstation.enrolled", "Workstation enrolled";
    WorkstationRenamed = "workstation.renamed", "Workstation renamed";
    WorkstationRevoked = "workstation.revoked", "Workstation revoked";
    WorkstationUsed = "workstation.used", "Workstation used";
    EnrolmentRefused = "enrolment.refused", "Enrolment refused";
    TemplateChanged = "template.changed", "Template changed";
    CardImported = "card.imported", "Card imported";
    CardChanged = "card.changed", "Card changed";
    ProcessStarted = "process.started", "Process started";
    ProcessCanceled = "process.canceled", "Process canceled";
    ProcessCompleted = "process.completed", "Process completed";
    ProcessFailed = "process.failed", "Process failed";
    ProcessTakenOver = "process.taken-over", "Process taken over";
    ChipBound = "chip.bound", "Chip bound";
    ChipAdopted = "chip.adopted", "Chip adopted";
    ErasePermitted = "chip.erase-permitted", "Erasing permitted";
    JobIssued = "job.issued", "Job issued";
    JobSuperseded = "job.superseded", "Job superseded";
    JobNeverBegan = "job.never-began", "Job never began";
    JobFailed = "job.failed", "Job failed";
    ReceiptTaken = "receipt.taken", "Receipt taken";
    StrayOutcome = "outcome.stray", "Outcome of an unknown or ended job";
    RefusedByHelper = "refusal.by-helper", "Job refused by a helper";
    StatementRefused = "refusal.by-registry", "Statement of a helper refused";
    SecretRevealed = "secret.revealed", "Secret revealed";
    RevealRefused = "secret.reveal-refused", "Reveal refused";
    BackupBegun = "registry.backup-begun", "Copy of the database begun";
    Restored = "registry.restored", "Restored from a copy";
    KeysExported = "registry.keys-exported", "Keys exported";
    KeysImported = "registry.keys-imported", "Keys brought back";
    RootKeyAdded = "registry.root-key-added", "Root key added";
    ChainBegun = "audit.chain-begun", "Chain of the audit log begun";
    AuditExported = "audit.exported", "Audit log exported";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_has_a_word_and_a_title_of_its_own() {
        let names: HashSet<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
        let titles: HashSet<_> = EventKind::ALL.iter().map(|kind| kind.title()).collect();
        assert_eq!((names.len(), titles.len()), (EventKind::ALL.len(), EventKind::ALL.len()));
        let plain = |c: char| c.is_ascii_lowercase() || c == '-' || c == '.';
        assert!(names.iter().all(|name| name.contains('.') && name.chars().all(plain)));
    }

    /// What an auditor asks for first has events.
    #[test]
    fn whatever_matters_has_a_kind() {
        for begins in [
            "session.logged-in",
            "session.refused",
            "account.",
            "template.",
            "process.",
            "job.",
            "receipt.",
            "refusal.",
            "secret.revealed",
            "workstation.enrolled",
            "enrolment.refused",
            "audit.exported",
            "registry.restored",
        ] {
            assert!(EventKind::ALL.iter().any(|kind| kind.name().starts_with(begins)), "{begins}");
        }
    }
}
