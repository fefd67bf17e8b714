//! What the registry holds for chips, read from its files without its own code: PINs from the
//! database, PUKs and management keys from the root key.

use anyhow::Context as _;
use cardwright_protocol::chip::ManagementKeyAlgorithm;
use cardwright_seal::{CARD_ID_LENGTH, RootKey, RootKeys, Secret};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sea_orm::{
    ConnectionTrait as _, Database, DatabaseConnection, DbBackend, QueryResult, Statement,
};
use std::path::Path;

/// What the registry holds for one keying of a chip.
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

/// One keying of a chip, whatever became of it.
pub struct Keying {
    /// Number of the card that the chip belongs to.
    pub card: String,
    /// `pending`, `whole` or `past`. A chip may have secrets of each of them.
    pub state: String,
    /// Its secrets.
    pub held: Escrowed,
    /// The management keys for the other algorithms, which a job may hold as candidates.
    pub other_management_keys: Vec<Vec<u8>>,
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
/// When there is no whole keying, or a PIN does not open with the root key.
pub async fn escrowed(data: &Path, number: &str) -> anyhow::Result<Escrowed> {
    let keyings = keyings(data).await?.into_iter();
    let mut whole = keyings.filter(|keying| keying.card == number && keying.state == "whole");
    Ok(whole.next().context("a whole keying")?.held)
}

/// Reads all keyings in a registry's data folder, the oldest first.
///
/// # Errors
/// When a PIN does not open with the root key.
pub async fn keyings(data: &Path) -> anyhow::Result<Vec<Keying>> {
    let root_keys = root_keys(data)?;
    let database = database(data).await?;
    let query = "SELECT cards.number AS number, generations.state AS state, chips.guid AS guid, \
                 generations.card_id AS card_id, pin_nonce, pin_ciphertext \
                 FROM generations JOIN chips ON chips.id = generations.chip_id \
                 JOIN cards ON cards.id = chips.card_id ORDER BY generations.id";
    let rows = database.query_all_raw(Statement::from_string(DbBackend::Sqlite, query)).await?;
    database.close().await?;
    rows.iter().map(|row| keying(&root_keys, row)).collect()
}

fn keying(root_keys: &RootKeys, row: &QueryResult) -> anyhow::Result<Keying> {
    let bytes = |column: &str| row.try_get::<Vec<u8>>("", column);
    let card: String = row.try_get("", "number")?;
    let card_id: [u8; CARD_ID_LENGTH] =
        bytes("card_id")?.try_into().ok().context("a card id of 14 bytes")?;
    let nonce: [u8; 24] = bytes("pin_nonce")?.try_into().ok().context("a nonce of 24 bytes")?;
    let root_key = root_keys.of(&card_id).context("the root key that the card id names")?;

    let cipher = XChaCha20Poly1305::new_from_slice(root_key.escrow_key().expose())?;
    let aad = [b"cardwright PIN 1", &card_id[..], card.as_bytes()].concat();
    let pin = cipher
        .decrypt(&XNonce::from(nonce), Payload { msg: &bytes("pin_ciphertext")?, aad: &aad })
        .ok()
        .context("the PIN opens with the root key and the card's id")?;
    let key = |algorithm| root_key.management_key(&card_id, algorithm).key.expose().to_vec();
    let held = Escrowed {
        pin: String::from_utf8(pin)?,
        puk: String::from_utf8(root_key.puk(&card_id).expose().to_vec())?,
        management_key: key(ManagementKeyAlgorithm::Aes256),
        guid: bytes("guid")?,
        card_id: card_id.to_vec(),
    };
    let others = [
        ManagementKeyAlgorithm::TripleDes,
        ManagementKeyAlgorithm::Aes128,
        ManagementKeyAlgorithm::Aes192,
    ];
    let other_management_keys = others.map(key).to_vec();
    Ok(Keying { card, state: row.try_get("", "state")?, held, other_management_keys })
}

/// All versions of a folder's root key: each file has its version and the key.
fn root_keys(data: &Path) -> anyhow::Result<RootKeys> {
    let mut keys = Vec::new();
    for entry in std::fs::read_dir(data)? {
        let entry = entry?;
        let name = entry.file_name().into_string().unwrap_or_default();
        let Some(rest) = name.strip_prefix("root-key") else { continue };
        if !rest.trim_start_matches('.').bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let file = std::fs::read_to_string(entry.path())?;
        let (version, digits) = file.trim().split_once(' ').context("version and key")?;
        let key = RootKey::from_secret(version.parse()?, &Secret::new(hex::decode(digits)?));
        keys.push(key.context("a root key")?);
    }
    RootKeys::new(keys).context("a root key for each version")
}
