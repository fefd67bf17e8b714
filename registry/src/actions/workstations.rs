//! Workstations, for admins.

use super::{ActionError, Person, invalid, refused, stale_version};
use crate::clock::timestamp;
use crate::escrow::random_bytes;
use crate::store::{
    CODE_LIFETIME, Event, EventKind, KeyState, Snapshot, Store, StoreError, Transaction,
    WorkstationRecord,
};
use crate::text::is_unseen;
use cardwright_protocol::ids::{WorkstationId, WorkstationName};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::workstations::{
    ChangeWorkstation, Invitation, Workstation, WorkstationState,
};
use cardwright_protocol::secret_text::SecretText;
use cardwright_seal::EnrolmentCode;

/// Longest name, in characters.
const MAX_NAME: usize = 64;

/// Who manages workstations, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manager<'a> {
    pub(crate) store: &'a Store,
    pub(crate) by: By<'a>,
    /// In seconds since 1970.
    pub(crate) now: i64,
}

/// Somebody who manages workstations.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By<'a> {
    Person(&'a Person),
    CommandLine,
}

/// A code that was just made. Shown once, kept nowhere.
#[derive(Debug)]
pub(crate) struct Invited {
    pub(crate) workstation: Workstation,
    pub(crate) code: EnrolmentCode,
}

/// For how many minutes a code is good.
pub(crate) const MINUTES: u32 = (CODE_LIFETIME / 60) as u32;

impl From<Invited> for Invitation {
    fn from(invited: Invited) -> Self {
        let code = SecretText::from(invited.code.grouped().as_str());
        Self { workstation: invited.workstation, code, minutes: MINUTES }
    }
}

/// The workstation is not one of this registry.
pub(crate) fn unknown_workstation() -> ActionError {
    let message = "This helper is not one of this registry. Ask an admin to add the workstation.";
    refused(ProblemCode::NotFound, message)
}

impl Manager<'_> {
    /// All workstations by name, revoked ones included.
    pub(crate) async fn list(self) -> Result<Vec<Workstation>, ActionError> {
        let snapshot = self.store.read().await?;
        let invitations = snapshot.unused_invitations().await?;
        let code_until = |record: &WorkstationRecord| {
            let mut fresh = invitations.iter().filter(|code| code.is_fresh(self.now));
            let own = fresh.find(|code| code.workstation == record.id);
            own.map(|code| code.made_at.saturating_add(CODE_LIFETIME))
        };
        let records = snapshot.workstations().await?;
        Ok(records.iter().map(|record| whole(record, code_until(record))).collect())
    }

    /// Adds a workstation and makes its first code.
    pub(crate) async fn add(self, name: &WorkstationName) -> Result<Invited, ActionError> {
        let name = check_name(name)?;
        let transaction = self.begin().await?;
        let invited = self.add_named(&transaction, &name).await?;
        transaction.commit().await?;
        Ok(invited)
    }

    /// As [`add`](Self::add); a workstation that is there gets a new code.
    pub(crate) async fn add_or_invite(
        self,
        name: &WorkstationName,
    ) -> Result<Invited, ActionError> {
        let name = check_name(name)?;
        let transaction = self.begin().await?;
        let invited = match transaction.workstation_named(&name).await? {
            Some(record) => self.invite_anew(&transaction, &record).await?,
            None => self.add_named(&transaction, &name).await?,
        };
        transaction.commit().await?;
        Ok(invited)
    }

    /// Makes a new code, with which a helper enrolls anew; the one before cannot be used any more.
    pub(crate) async fn new_code(self, id: &str) -> Result<Invited, ActionError> {
        let transaction = self.begin().await?;
        let record = usable(&transaction, id).await?;
        let invited = self.invite_anew(&transaction, &record).await?;
        transaction.commit().await?;
        Ok(invited)
    }

    /// Gives a workstation another name.
    pub(crate) async fn rename(
        self,
        id: &str,
        request: &ChangeWorkstation,
    ) -> Result<Workstation, ActionError> {
        let name = check_name(&request.name)?;
        let transaction = self.begin().await?;
        let record = usable(&transaction, id).await?;
        if record.version != request.version {
            return Err(stale_version());
        }
        match transaction.rename_workstation(&record.id, &name).await {
            Err(StoreError::Taken) => return Err(name_taken()),
            other => other?,
        }
        let what = format!("Workstation {} renamed to {name}", record.name);
        self.record(&transaction, EventKind::WorkstationRenamed, what).await?;
        let renamed = read(&transaction, &record.id, self.now).await?;
        transaction.commit().await?;
        Ok(renamed)
    }

    /// Revokes a workstation for good. Its code ends, and what its helper signs from now on, or
    /// signed before and has not delivered, moves no card. Revoking it again changes nothing.
    pub(crate) async fn revoke(self, id: &str) -> Result<Workstation, ActionError> {
        let transaction = self.begin().await?;
        let record = transaction.workstation(id).await?.ok_or_else(unknown_workstation)?;
        self.revoke_record(transaction, &record).await
    }

    /// As [`revoke`](Self::revoke), by name.
    pub(crate) async fn revoke_named(
        self,
        name: &WorkstationName,
    ) -> Result<Workstation, ActionError> {
        let transaction = self.begin().await?;
        let record = transaction.workstation_named(name).await?;
        let record = record.ok_or_else(|| {
            refused(ProblemCode::NotFound, format!("There is no workstation {name}."))
        })?;
        self.revoke_record(transaction, &record).await
    }

    async fn revoke_record(
        self,
        transaction: Transaction,
        record: &WorkstationRecord,
    ) -> Result<Workstation, ActionError> {
        if record.state != WorkstationState::Revoked {
            transaction.mark_revoked(&record.id).await?;
            transaction.end_keys(&record.id, KeyState::Revoked).await?;
            transaction.end_invitation(&record.id).await?;
            let what = format!("Workstation {} revoked", record.name);
            self.record(&transaction, EventKind::WorkstationRevoked, what).await?;
        }
        let revoked = read(&transaction, &record.id, self.now).await?;
        transaction.commit().await?;
        Ok(revoked)
    }

    async fn add_named(
        self,
        transaction: &Transaction,
        name: &WorkstationName,
    ) -> Result<Invited, ActionError> {
        let id = WorkstationId(random_bytes::<8>().map(hex::encode)?);
        match transaction.insert_workstation(&id, name, self.now).await {
            Err(StoreError::Taken) => return Err(name_taken()),
            other => other?,
        }
        let what = format!("Workstation {name} added");
        self.record(transaction, EventKind::WorkstationAdded, what).await?;
        self.invite(transaction, &id).await
    }

    async fn invite_anew(
        self,
        transaction: &Transaction,
        record: &WorkstationRecord,
    ) -> Result<Invited, ActionError> {
        let what = format!("New one-time code for workstation {}", record.name);
        self.record(transaction, EventKind::WorkstationInvited, what).await?;
        self.invite(transaction, &record.id).await
    }

    async fn invite(
        self,
        transaction: &Transaction,
        id: &WorkstationId,
    ) -> Result<Invited, ActionError> {
        let code = transaction.make_invitation(id, self.now).await?;
        Ok(Invited { workstation: read(transaction, id, self.now).await?, code })
    }

    async fn begin(self) -> Result<Transaction, ActionError> {
        match self.by {
            By::Person(person) => person.begin(self.store).await,
            By::CommandLine => Ok(self.store.begin().await?),
        }
    }

    async fn record(
        self,
        transaction: &Transaction,
        kind: EventKind,
        what: String,
    ) -> Result<(), ActionError> {
        let event = match self.by {
            By::Person(person) => Event::apart(self.now, &person.name, kind, what),
            By::CommandLine => Event::at_command_line(self.now, kind, what),
        };
        Ok(transaction.record(event).await?)
    }
}

/// The workstation of this id, unless it was revoked.
async fn usable(snapshot: &Snapshot, id: &str) -> Result<WorkstationRecord, ActionError> {
    let record = snapshot.workstation(id).await?.ok_or_else(unknown_workstation)?;
    match record.state {
        WorkstationState::Invited | WorkstationState::Enrolled => Ok(record),
        WorkstationState::Revoked => Err(refused(
            ProblemCode::WrongState,
            format!("{} was revoked for good. Add a new workstation.", record.name),
        )),
    }
}

async fn read(
    snapshot: &Snapshot,
    id: &WorkstationId,
    now: i64,
) -> Result<Workstation, ActionError> {
    let record = snapshot.workstation(&id.0).await?.ok_or_else(unknown_workstation)?;
    let invitations = snapshot.unused_invitations().await?;
    let own = invitations.iter().find(|code| code.workstation == *id && code.is_fresh(now));
    Ok(whole(&record, own.map(|code| code.made_at.saturating_add(CODE_LIFETIME))))
}

fn whole(record: &WorkstationRecord, code_until: Option<i64>) -> Workstation {
    Workstation {
        id: record.id.clone(),
        name: record.name.clone(),
        version: record.version,
        state: record.state,
        helper_version: record.helper_version.clone(),
        enrolled_at: record.enrolled_at.map(timestamp),
        code_until: code_until.map(timestamp),
        used_at: record.used_at.map(timestamp),
    }
}

fn check_name(name: &WorkstationName) -> Result<WorkstationName, ActionError> {
    let name = name.0.trim();
    // One kind of space, and one at a time: no two names look alike by them.
    let has_odd_space =
        name.contains("  ") || name.contains(|c: char| c != ' ' && c.is_whitespace());
    let is_seen = !name.contains(is_unseen) && !has_odd_space;
    match (1..=MAX_NAME).contains(&name.chars().count()) && is_seen {
        true => Ok(WorkstationName(name.to_owned())),
        false => Err(invalid(
            "name",
            "A name has 1 to 64 characters that can be seen, with single spaces between.",
        )),
    }
}

fn name_taken() -> ActionError {
    invalid("name", "There is a workstation of this name already. Give it a new code instead.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_a_name_can_be_seen() {
        for name in ["desk-1", " Büro 3 ", "第一", "مكتب ١", "Schalter (links)"] {
            assert!(check_name(&name.into()).is_ok(), "{name}");
        }
        for unseen in
            ['\n', '\u{1B}', '\u{AD}', '\u{200B}', '\u{202E}', '\u{2066}', '\u{3164}', '\u{E0041}']
        {
            let name = format!("desk{unseen}-1");
            assert!(check_name(&name.as_str().into()).is_err(), "{name:?}");
        }
        let spaces = ["desk  1", "desk\u{A0}1", "desk\u{2003}1", "desk\u{3000}1"];
        for name in ["", " ", "\u{200B}", "\u{FEFF}", "\u{2800}"].into_iter().chain(spaces) {
            assert!(check_name(&name.into()).is_err(), "{name:?}");
        }
    }
}
