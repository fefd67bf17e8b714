//! What the registry holds for a chip, read from its files without its own code: the PIN from the
//! database, PUK and management key from the root key.

use anyhow::Context as _;
use cardwright_protocol::chip::ManagementKeyAlgorithm;
use cardwright_seal::{CARD_ID_LENGTH, RootKey, Secret};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};
use std::path::Path;

/// What the registry holds for the chip of a card.
pub struct Escrowed {
    /// ASCII digits.
    pub pin: String,
    /// 8 ASCII digits.
    pub puk: String,
    /// AES-256, 32 bytes.
    pub management_key: Vec<u8>,
    /// 16 bytes.
    pub guid: Vec<u8>,
    /// 14 bytes.
    pub card_id: Vec<u8>,
}

/// Opens a registry's database to read it; the registry may run.
///
/// # Errors
/// When it cannot be opened.
pub async fn database(data: &Path) -> anyhow::Result<DatabaseConnection> {
    let file = data.join("registry.sqlite");
    Ok(Database::connect(format!("sqlite://{}?mode=ro", file.display())).await?)
}

/// Reads what a registry's data folder holds for the whole keying of a card's chip.
///
/// # Errors
/// When there is no whole keying, or its PIN does not open with the root key.
pub async fn escrowed(data: &Path, number: &str) -> anyhow::Result<Escrowed> {
    let file = std::fs::read_to_string(data.join("root-key"))?;
    let (version, digits) = file.trim().split_once(' ').context("version and key")?;
    let root_key = RootKey::from_secret(version.parse()?, &Secret::new(hex::decode(digits)?))
        .context("a root key")?;

    let database = database(data).await?;
    let query = "SELECT generations.card_id AS card_id, pin_nonce, pin_ciphertext, chips.guid AS guid \
                 FROM generations JOIN chips ON chips.id = generations.chip_id \
                 JOIN cards ON cards.id = chips.card_id \
                 WHERE cards.number = ? AND generations.state = 'whole'";
    let query = Statement::from_sql_and_values(DbBackend::Sqlite, query, [number.into()]);
    let row = database.query_one_raw(query).await?.context("a whole generation")?;
    database.close().await?;
    let bytes = |column: &str| row.try_get::<Vec<u8>>("", column);
    let card_id: [u8; CARD_ID_LENGTH] =
        bytes("card_id")?.try_into().ok().context("a card id of 14 bytes")?;
    let nonce: [u8; 24] = bytes("pin_nonce")?.try_into().ok().context("a nonce of 24 bytes")?;

    let cipher = XChaCha20Poly1305::new_from_slice(root_key.escrow_key().expose())?;
    let aad = [b"cardwright PIN 1", &card_id[..], number.as_bytes()].concat();
    let pin = cipher
        .decrypt(&XNonce::from(nonce), Payload { msg: &bytes("pin_ciphertext")?, aad: &aad })
        .ok()
        .context("the PIN opens with the root key and the card's id")?;
    let key = root_key.management_key(&card_id, ManagementKeyAlgorithm::Aes256).key;
    Ok(Escrowed {
        pin: String::from_utf8(pin)?,
        puk: String::from_utf8(root_key.puk(&card_id).expose().to_vec())?,
        management_key: key.expose().to_vec(),
        guid: bytes("guid")?,
        card_id: card_id.to_vec(),
    })
}
