//! What must be true after a case, whatever happened in it.

use crate::{Chip, Error, Escrowed, Lane, Place, database, escrowed};
use anyhow::{Context as _, ensure};
use cardwright_protocol::domain::{CardState, ProcessState};
use cardwright_protocol::ids::JobId;
use cardwright_protocol::outcome::Receipt;
use cardwright_virtual_card::{CardOptions, Tries};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, QueryResult, Statement};
use std::path::Path;

/// The counters of a chip from which no try is missing.
const ALL_TRIES: Tries = Tries { pin: 3, puk: 3 };

/// Checks the card, its history and its chip, which is taken out for it. `accepted` are the jobs
/// that a helper accepted for it.
///
/// # Errors
/// What is not as it must be.
pub async fn check(lane: &mut Lane, place: &Place, accepted: &[JobId]) -> anyhow::Result<()> {
    lane.start_all()?;
    check_card(lane, place).await.context("the card")?;
    let database = database(&lane.desk.registry_data()).await?;
    let settled = check_history(&database, &place.card.0).await.context("the history")?;
    database.close().await?;
    lane.remove(place);
    check_chip(&lane.desk.registry_data(), &place.card.0, lane.kept_chip(place)).await?;
    let lost: Vec<_> = accepted.iter().filter(|job| !settled.contains(job)).collect();
    ensure!(lost.is_empty(), "nobody knows what became of {lost:?} of {accepted:?}");
    check_untouched(lane, lane.foreign_index(place)).context("the other chip")
}

/// Checks that a card is *unassigned*, and its chip, which is taken out for it.
///
/// # Errors
/// What is not as it must be.
pub async fn check_card_and_chip(lane: &Lane, place: &Place) -> anyhow::Result<()> {
    check_card(lane, place).await.context("the card")?;
    lane.remove(place);
    check_chip(&lane.desk.registry_data(), &place.card.0, lane.kept_chip(place)).await
}

/// Checks that a chip is as its profile and the last job that was finished say, byte for byte
/// where they fix the bytes; that the escrow opens it; and that no try is missing. No reader has it.
///
/// # Errors
/// What is not as it must be.
pub async fn check_chip(data: &Path, card: &str, chip: CardOptions) -> anyhow::Result<()> {
    let database = database(data).await?;
    let job = jobs(&database, card).await?.finished.pop().context("no job is finished")?;
    database.close().await?;
    let held = escrowed(data, card).await?;
    check_bytes_and_secrets(&job, &held, Chip::open(&chip)?).context("the chip")
}

async fn check_card(lane: &Lane, place: &Place) -> Result<(), Error> {
    let card = lane.site.card(&place.card).await?;
    let is_done = card.row.state == CardState::Unassigned
        && !card.row.interrupted
        && card.process.is_none()
        && card.guid.is_some();
    match is_done {
        true => Ok(()),
        false => Err(Error::NotUnderstood(format!("the card is not done: {card:#?}"))),
    }
}

/// The job whose receipt was taken.
struct FinishedJob {
    receipt: Receipt,
    fasc_n: Vec<u8>,
    expires_on: String,
}

/// What became of the jobs of a card.
struct Jobs {
    /// Oldest first.
    finished: Vec<FinishedJob>,
    failed: usize,
    /// All jobs whose outcome the registry has.
    settled: Vec<JobId>,
}

async fn jobs(database: &DatabaseConnection, card: &str) -> anyhow::Result<Jobs> {
    let rows = rows(
        database,
        "SELECT jobs.name AS name, jobs.state AS state, jobs.outcome AS outcome, \
         jobs.fasc_n AS fasc_n, jobs.expires_on AS expires_on FROM jobs \
         JOIN processes ON processes.id = jobs.process_id \
         JOIN cards ON cards.id = processes.card_id WHERE cards.number = ? ORDER BY jobs.id",
        card,
    )
    .await?;
    let mut jobs = Jobs { finished: Vec::new(), failed: 0, settled: Vec::new() };
    for row in &rows {
        let outcome = row.try_get::<Option<String>>("", "outcome")?;
        if outcome.is_some() {
            jobs.settled.push(JobId(text(row, "name")?));
        }
        match (text(row, "state")?.as_str(), outcome) {
            ("finished", Some(receipt)) => jobs.finished.push(FinishedJob {
                receipt: serde_json::from_str(&receipt)?,
                fasc_n: row.try_get("", "fasc_n")?,
                expires_on: text(row, "expires_on")?,
            }),
            ("failed", Some(_)) => jobs.failed += 1,
            (state, outcome) => {
                ensure!(
                    outcome.is_none() && ["superseded", "never-began"].contains(&state),
                    "a job is {state}: {outcome:?}"
                );
            }
        }
    }
    Ok(jobs)
}

/// Exactly one receipt and one change of state, and an audit event for each job that was cut off.
/// Gives all jobs whose outcome the registry has.
async fn check_history(database: &DatabaseConnection, card: &str) -> anyhow::Result<Vec<JobId>> {
    let Jobs { finished, failed, settled } = jobs(database, card).await?;
    ensure!(finished.len() == 1, "{} jobs are finished", finished.len());

    let events = rows(
        database,
        "SELECT kind, audit_events.state AS state FROM audit_events \
         JOIN cards ON cards.id = audit_events.card_id WHERE cards.number = ?",
        card,
    )
    .await?;
    let kinds: Vec<String> =
        events.iter().map(|row| text(row, "kind")).collect::<Result<_, _>>()?;
    let count = |kind: &str| kinds.iter().filter(|found| *found == kind).count();
    ensure!(count("receipt.taken") == 1, "receipts taken: {kinds:?}");
    ensure!(count("process.completed") == 1, "processes completed: {kinds:?}");
    ensure!(count("job.failed") == failed, "{failed} jobs failed: {kinds:?}");
    let changes = events
        .iter()
        .map(|row| row.try_get::<Option<String>>("", "state"))
        .collect::<Result<Vec<_>, _>>()?;
    let changes = changes.iter().flatten().filter(|state| *state == "unassigned").count();
    ensure!(changes == 1, "{changes} changes to unassigned");

    let processes = rows(
        database,
        "SELECT processes.state AS state FROM processes \
         JOIN cards ON cards.id = processes.card_id WHERE cards.number = ?",
        card,
    )
    .await?;
    let states: Vec<String> =
        processes.iter().map(|row| text(row, "state")).collect::<Result<_, _>>()?;
    ensure!(states == [ProcessState::Completed.name()], "processes: {states:?}");
    Ok(settled)
}

fn check_bytes_and_secrets(
    job: &FinishedJob,
    held: &Escrowed,
    mut chip: Chip,
) -> anyhow::Result<()> {
    let tries = chip.tries()?;
    ensure!(tries == ALL_TRIES, "a try is missing: {tries:?}");

    let capability = [
        &[0xF0, 0x15, 0xA0, 0x00, 0x00, 0x01, 0x16, 0xFF, 0x02][..],
        &held.card_id,
        &[0xF1, 0x01, 0x21, 0xF2, 0x01, 0x21, 0xF3, 0x00, 0xF4, 0x01, 0x00, 0xF5, 0x01, 0x10],
        &[0xF6, 0x00, 0xF7, 0x00, 0xFA, 0x00, 0xFB, 0x00, 0xFC, 0x00, 0xFD, 0x00, 0xFE, 0x00],
    ]
    .concat();
    ensure!(chip.card_capability()? == capability, "the CCC is not the job's");
    let holder = [
        &[0x30, 0x19][..],
        &job.fasc_n,
        &[0x34, 0x10],
        &held.guid,
        &[0x35, 0x08],
        job.expires_on.as_bytes(),
        &[0x3E, 0x00, 0xFE, 0x00],
    ]
    .concat();
    ensure!(chip.card_holder()? == holder, "the CHUID is not the job's");

    ensure!(chip.has_management_key(&held.management_key)?, "the management key is not ours");
    ensure!(chip.has_puk(&held.puk)?, "the PUK is not the escrowed one");
    ensure!(chip.has_pin(&held.pin)?, "the PIN is not the escrowed one");
    let [key] = &job.receipt.keys[..] else { anyhow::bail!("one key: {:?}", job.receipt.keys) };
    ensure!(key.reference.0 == [0x9A], "the key is 9A");
    ensure!(chip.has_authentication_key(&key.public_key.0)?, "9A is not the receipt's key");
    ensure!(chip.tries()? == ALL_TRIES, "the checks spend no try");
    Ok(())
}

/// Only what asks, and spends no try, was ever sent to this chip.
fn check_untouched(lane: &Lane, index: u16) -> anyhow::Result<()> {
    // Mostly there was no such chip.
    let trace = std::fs::read_to_string(lane.trace(index)).unwrap_or_default();
    let commands = trace.lines().filter_map(|line| line.trim_start().split_once("> "));
    for (_, command) in commands {
        let command = hex::decode(command)?;
        let [_, instruction, _, _, rest @ ..] = &command[..] else {
            anyhow::bail!("a command of {} bytes", command.len())
        };
        let asks = match instruction {
            // SELECT, GET DATA (both), GET VERSION, GET SERIAL, GET METADATA, GET RESPONSE.
            0xA4 | 0xCA | 0xCB | 0xFD | 0xF8 | 0xF7 | 0xC0 => true,
            // VERIFY without a PIN asks for the tries.
            0x20 => rest.is_empty() || rest == [0x00],
            _ => false,
        };
        ensure!(asks, "it was sent the instruction {instruction:02X}");
    }
    Ok(())
}

async fn rows(
    database: &DatabaseConnection,
    query: &str,
    card: &str,
) -> anyhow::Result<Vec<QueryResult>> {
    let query = Statement::from_sql_and_values(DbBackend::Sqlite, query, [card.into()]);
    Ok(database.query_all_raw(query).await?)
}

fn text(row: &QueryResult, column: &str) -> Result<String, sea_orm::DbErr> {
    row.try_get("", column)
}
