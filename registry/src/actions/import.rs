use super::ActionError;
use super::binding::cplc_ids;
use super::first_start::TEMPLATE;
use crate::clock::is_day;
use crate::store::{Event, EventKind, NewCard, Store, StoreError, search_key};
use cardwright_protocol::domain::CardState;
use serde::Deserialize;
use std::collections::HashMap;
use std::fmt;

/// Longest number and bureau order, in characters.
const MAX_LENGTH: usize = 40;

/// What is wrong with a file of cards: every line that is, by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistakes(pub(crate) Vec<(u64, String)>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> =
            self.0.iter().map(|(line, mistake)| format!("line {line}: {mistake}")).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// Why no card of a file was taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    /// The file is wrong.
    #[error("{0}")]
    Mistakes(Mistakes),
    /// The registry failed.
    #[error(transparent)]
    Action(#[from] ActionError),
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Action(error.into())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    number: String,
    state: String,
    order: String,
    produced_on: String,
    expires_on: String,
    chip_id: String,
}

/// Takes all cards of a file, or none; returns how many.
pub(crate) async fn import(store: &Store, now: i64, csv: &[u8]) -> Result<usize, ImportError> {
    let cards = parse(csv).map_err(ImportError::Mistakes)?;
    let transaction = store.begin().await?;
    let template = transaction.template(TEMPLATE).await?.ok_or(ActionError::Inconsistent(
        "the registry has no template yet: start it once before importing cards",
    ))?;
    let mut mistakes = Vec::new();
    let count = cards.len();
    for (line, card) in cards {
        let (number, state) = (card.number.clone(), card.state);
        if transaction.is_taken(&card).await? {
            mistakes.push((line, format!("{number}, or its chip, is in the registry already")));
            continue;
        }
        let event = Event {
            at: now,
            by: "registry".to_owned(),
            kind: EventKind::CardImported,
            card: Some(transaction.insert_card(template.id, card).await?),
            process: None,
            what: "Imported from the bureau's list".to_owned(),
            state: Some(state),
        };
        transaction.record(event).await?;
    }
    if !mistakes.is_empty() {
        return Err(ImportError::Mistakes(Mistakes(mistakes)));
    }
    transaction.commit().await?;
    Ok(count)
}

/// Reads the whole file and says all that is wrong with it.
fn parse(csv: &[u8]) -> Result<Vec<(u64, NewCard)>, Mistakes> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(csv);
    let mut cards = Vec::new();
    let mut mistakes = Vec::new();
    let mut numbers: HashMap<String, u64> = HashMap::new();
    let mut chips: HashMap<Vec<u8>, u64> = HashMap::new();
    let mut records = reader.records();
    let mut line = 1;
    while let Some(record) = records.next() {
        let headers = records.reader_mut().headers().cloned();
        let position = match &record {
            Ok(record) => record.position(),
            Err(error) => error.position(),
        };
        line = position.map_or(line + 1, csv::Position::line);
        let row = record.and_then(|record| record.deserialize::<Row>(Some(&headers?)));
        let card = row.map_err(|error| shape(&error)).and_then(Row::check);
        match card {
            Err(mistake) => mistakes.push((line, mistake)),
            Ok(card) => {
                if let Some(first) = numbers.insert(search_key(&card.number), line) {
                    mistakes.push((line, format!("the number is that of line {first}")));
                }
                let chip = card.expected_cplc.clone();
                if let Some(first) = chip.and_then(|chip| chips.insert(chip, line)) {
                    mistakes.push((line, format!("the chip id is that of line {first}")));
                }
                cards.push((line, card));
            }
        }
    }
    if cards.is_empty() && mistakes.is_empty() {
        mistakes.push((1, "there are no cards".to_owned()));
    }
    match mistakes.is_empty() {
        true => Ok(cards),
        false => Err(Mistakes(mistakes)),
    }
}

fn shape(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.kind().to_string(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} columns instead of {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        _ => "not CSV".to_owned(),
    }
}

impl Row {
    fn check(self) -> Result<NewCard, String> {
        let state = CardState::from_name(&self.state);
        let state = state.ok_or_else(|| format!("{:?} is not a state", self.state))?;
        if !is_name(&self.number) || self.number.contains(' ') {
            return Err("the number is not 1 to 40 letters, digits and hyphens".to_owned());
        }
        if !self.order.is_empty() && !is_name(&self.order) {
            return Err("the order is not up to 40 letters, digits, hyphens and spaces".to_owned());
        }
        if !self.produced_on.is_empty() && !is_day(&self.produced_on) {
            return Err("produced_on is not a day, YYYY-MM-DD".to_owned());
        }
        if !is_day(&self.expires_on) {
            return Err("expires_on is not a day, YYYY-MM-DD".to_owned());
        }
        if self.produced_on.is_empty() && must_be_produced(state) {
            return Err(format!("a card in state {} has a day of production", self.state));
        }
        if self.produced_on >= self.expires_on {
            return Err("the card expires before it is produced".to_owned());
        }
        let filled = |text: String| (!text.is_empty()).then_some(text);
        let expected_cplc = filled(self.chip_id).map(|text| chip_id(&text)).transpose()?;
        Ok(NewCard {
            number: self.number,
            state,
            bureau_order: filled(self.order),
            produced_on: filled(self.produced_on),
            expires_on: self.expires_on,
            chip_name: expected_cplc.as_deref().and_then(|cplc| cplc_ids(cplc).short_name()),
            expected_cplc,
        })
    }
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == ' ';
    (1..=MAX_LENGTH).contains(&text.len()) && text.chars().all(plain)
}

fn chip_id(text: &str) -> Result<Vec<u8>, String> {
    match hex::decode(text) {
        Ok(bytes) if bytes.len() == 12 && bytes[6..].iter().all(|byte| *byte == 0) => {
            Err("the chip id has no serial number: leave it out".to_owned())
        }
        Ok(bytes) if bytes.len() == 12 => Ok(bytes),
        _ => Err("the chip id is not 24 hexadecimal digits".to_owned()),
    }
}

fn must_be_produced(state: CardState) -> bool {
    use CardState::{Assigned, Defective, Expired, Locked, Produced, Returned, Unassigned};
    matches!(state, Produced | Unassigned | Assigned | Expired | Returned | Locked | Defective)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const HEADER: &str = "number,state,order,produced_on,expires_on,chip_id\n";

    fn check(rows: &str, expected: Expect) {
        let text = match parse((HEADER.to_owned() + rows).as_bytes()) {
            Ok(cards) => format!("{} cards", cards.len()),
            Err(mistakes) => mistakes.to_string(),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn every_mistake_is_named_with_its_line() {
        check("", expect!["line 1: there are no cards"]);
        check("TC-1,produced,B-1,2026-11-02,2032-11-01,\n", expect!["1 cards"]);
        check(
            "TC-1,made,B-1,2026-11-02,2032-11-01,\n\
             TC 1,produced,B-1,2026-11-02,2032-11-01,\n\
             TC-2,produced,B_1,2026-11-02,2032-11-01,\n\
             TC-2,produced,B-1,2026-11-31,2032-11-01,\n\
             TC-2,produced,B-1,,2032-11-01,\n\
             TC-2,produced,B-1,2026-11-02,2026-11-01,\n\
             TC-2,produced,B-1,2026-11-02,2032-11-01,4790\n\
             TC-2,produced,B-1,2026-11-02\n\
             TC-2,produced,B-1,2026-11-02,2032-11-01,479051670001000000000000\n",
            expect![[r#"
                line 2: "made" is not a state
                line 3: the number is not 1 to 40 letters, digits and hyphens
                line 4: the order is not up to 40 letters, digits, hyphens and spaces
                line 5: produced_on is not a day, YYYY-MM-DD
                line 6: a card in state produced has a day of production
                line 7: the card expires before it is produced
                line 8: the chip id is not 24 hexadecimal digits
                line 9: 4 columns instead of 6
                line 10: the chip id has no serial number: leave it out"#]],
        );
        check(
            "TC-1,produced,,2026-11-02,2032-11-01,4790516700013B1F7A029C41\n\
             tc-1,produced,,2026-11-02,2032-11-01,4790516700013b1f7a029c41\n",
            expect![[r#"
                line 3: the number is that of line 2
                line 3: the chip id is that of line 2"#]],
        );
    }
}
