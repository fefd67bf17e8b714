//! The words of the domain: states, commands, permissions, roles.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $wire:literal, $title:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $wire)] $variant,)+ }

        impl $name {
            /// All of them, in the order that people see.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word on wires, in URLs and in the database.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $wire,)+ }
            }

            /// The words that people see.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// Finds one by its word on wires.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($wire => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// State of a temporary card.
    CardState {
        /// Ordered here, waiting for the batch sync with the bureau.
        Processing = "processing", "Processing";
        /// The bureau has the order.
        Ordered = "ordered", "Ordered";
        /// The bureau makes the card.
        InProduction = "in-production", "In production";
        /// The card is here, and its chip is as the bureau left it.
        Produced = "produced", "Produced";
        /// The chip is initialized; the card can be handed out.
        Unassigned = "unassigned", "Unassigned";
        /// Somebody has the card.
        Assigned = "assigned", "Assigned";
        /// The validity of the assignment is over.
        Expired = "expired", "Expired";
        /// The card came back without its chip at hand, or with secrets that somebody knows.
        Returned = "returned", "Returned";
        /// Final: lost or broken while in use.
        Locked = "locked", "Locked";
        /// Final: lost in the post or in the office.
        Lost = "lost", "Lost";
        /// Final: it does not work.
        Defective = "defective", "Defective";
        /// The bureau could not make it.
        Failed = "failed", "Failed";
        /// Final: the order was taken back before the bureau had it.
        Aborted = "aborted", "Aborted";
    }
}

words! {
    /// A process that can be started on a card; its word on wires is the symbolic name.
    Command {
        /// Encodes the chip; *produced* becomes *unassigned*.
        InitializeTemporaryCard = "TempCardsAddonExtProdInitialize", "Initialize temporary card";
        /// *Produced* or *unassigned* becomes *defective*, with a reason.
        MarkAsDefective = "TempCardsProcMarkDefective", "Mark as defective";
        /// *Ordered*, *in production* or *produced* becomes *lost*, with a reason.
        MarkAsLost = "TempCardsProcMarkLost", "Mark as lost";
    }
}

impl Permission {
    /// Those that no role has, and that an admin grants to one account at a time.
    pub const GRANTABLE: &'static [Self] = &[Self::RevealPin, Self::RevealPuk];
}

impl Command {
    /// One sentence for whoever is about to click it.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::InitializeTemporaryCard => "Encode the chip with its profile, PIN and PUK",
            Self::MarkAsDefective => "Take it out of stock for good, with a reason",
            Self::MarkAsLost => "It never arrived or cannot be found, with a reason",
        }
    }
}

words! {
    /// State of a process.
    ProcessState {
        /// Open; nothing is being written.
        Started = "started", "Started";
        /// Open; a job was issued and its outcome is not known.
        Encoding = "encoding", "Encoding";
        /// Ended as wished.
        Completed = "completed", "Completed";
        /// Ended by a person.
        Canceled = "canceled", "Canceled";
        /// Ended by a failure that nobody at the desk can mend.
        Failed = "failed", "Failed";
    }
}

impl ProcessState {
    /// Whether the process still holds its card.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Started | Self::Encoding)
    }
}

words! {
    /// A group of permissions. Which permissions, the registry says.
    Role {
        /// Configures; sees everything that operators see.
        Admin = "admin", "Admin";
        /// Works with cards.
        Operator = "operator", "Operator";
        /// Reads everything, the audit log above all, and changes nothing.
        Auditor = "auditor", "Auditor";
    }
}

words! {
    /// Something that a person may do.
    Permission {
        /// Search and read cards and their history.
        ReadCards = "cards.read", "Read cards";
        /// *Initialize temporary card*.
        InitializeCards = "cards.initialize", "Initialize temporary cards";
        /// *Mark as defective* and *Mark as lost*.
        WithdrawStock = "cards.mark", "Mark cards as defective or lost";
        /// Close or take over a process that somebody else started.
        CloseForeignProcesses = "processes.close-foreign", "Close processes of others";
        /// Configure templates.
        ConfigureTemplates = "templates.configure", "Configure templates";
        /// Use the readers of a workstation.
        UseWorkstations = "workstations.use", "Use the readers of a workstation";
        /// Add, rename and revoke workstations.
        ManageWorkstations = "workstations.manage", "Add, rename and revoke workstations";
        /// Add accounts, set their passwords, disable them, grant permissions.
        ManageAccounts = "accounts.manage", "Manage accounts";
        /// Search and export the audit log.
        ReadAudit = "audit.read", "Read the audit log";
        /// *Reveal PIN*. In no role: granted to one account at a time.
        RevealPin = "secrets.reveal-pin", "Reveal PIN";
        /// *Reveal PUK*. In no role: granted to one account at a time.
        RevealPuk = "secrets.reveal-puk", "Reveal PUK";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_by_its_name() {
        for state in CardState::ALL {
            assert_eq!(CardState::from_name(state.name()), Some(*state));
            let wire = serde_json::to_string(state).unwrap();
            assert_eq!(wire, format!("{:?}", state.name()));
        }
        assert_eq!(CardState::from_name("Produced"), None);
    }
}
