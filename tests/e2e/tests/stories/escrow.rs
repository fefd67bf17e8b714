//! What the registry holds for a chip, read from its files without its own code: the PIN from the
//! database, PUK and management key from the root key.

use anyhow::Context as _;
use cardwright_protocol::chip::ManagementKeyAlgorithm;
use cardwright_seal::{CARD_ID_LENGTH, RootKey, Secret};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
use std::path::Path;

/// What the registry holds for the chip of a card.
pub(crate) struct Escrowed {
    pub(crate) pin: String,
    pub(crate) puk: String,
    /// AES-256, as hexadecimal digits.
    pub(crate) management_key: String,
    pub(crate) guid: Vec<u8>,
    pub(crate) card_id: Vec<u8>,
}

/// Reads it from a registry's data folder.
pub(crate) async fn escrowed(data: &Path, number: &str) -> anyhow::Result<Escrowed> {
    let file = std::fs::read_to_string(data.join("root-key"))?;
    let (version, digits) = file.trim().split_once(' ').context("version and key")?;
    let root_key = RootKey::from_secret(version.parse()?, &Secret::new(hex::decode(digits)?))
        .context("a root key")?;

    let database = data.join("registry.sqlite");
    let database = Database::connect(format!("sqlite://{}?mode=ro", database.display())).await?;
    let query = "SELECT generations.card_id AS card_id, pin_nonce, pin_ciphertext, chips.guid AS guid \
                 FROM generations JOIN chips ON chips.id = generations.chip_id \
                 JOIN cards ON cards.id = chips.card_id \
                 WHERE cards.number = ? AND generations.state = 'whole'";
    let query = Statement::from_sql_and_values(DbBackend::Sqlite, query, [number.into()]);
    let row = database.query_one_raw(query).await?.context("a whole generation")?;
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
        management_key: hex::encode(key.expose()),
        guid: bytes("guid")?,
        card_id: card_id.to_vec(),
    })
}
