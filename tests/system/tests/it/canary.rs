//! A canary that knows too little proves nothing: it must know the secrets of a chip that was left
//! in the middle, which may be on it already.

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cardwright_system::operator::Operator;
use cardwright_system::{Boundary, Keying, Lane, canary, keyings};
use std::io::Write as _;
use std::path::Path;

#[tokio::test]
async fn the_secrets_of_a_chip_left_in_the_middle_are_found_in_every_form() -> anyhow::Result<()> {
    let mut lane = Lane::start(1).await?;
    let mut operator = Operator::sit_down(&mut lane).await?;
    operator.next_until(Boundary::Keys.before()).await?;
    operator.lane.desk.kill_helper()?;
    operator.tear();
    canary::check(&lane).await.context("nobody wrote a secret down")?;

    let pending = keyings(&lane.desk.registry_data()).await?;
    let [keying] = &pending[..] else { anyhow::bail!("{} keyings", pending.len()) };
    ensure!(keying.state == "pending", "the keying is {}", keying.state);
    for (place, content) in planted(keying) {
        let path = lane.desk.data().join(place);
        let before = std::fs::read(&path).unwrap_or_default();
        std::fs::File::options().create(true).append(true).open(&path)?.write_all(&content)?;
        let found = canary::check(&lane).await;
        let said = format!("{:#}", found.err().with_context(|| format!("{place} is searched"))?);
        ensure!(said.contains(place) && said.contains("(pending)"), "{said}");
        put_back(&path, &before)?;
    }
    canary::check(&lane).await.context("all is as it was")
}

/// Each secret in each form, each at a place of its own turn.
fn planted(keying: &Keying) -> Vec<(&'static str, Vec<u8>)> {
    let held = &keying.held;
    let secrets = [held.pin.as_bytes(), held.puk.as_bytes(), &held.management_key[..]];
    let places = ["helper.log", "registry.log", "helper/journal/left", "registry/core"];
    let contents = secrets.into_iter().flat_map(|secret| {
        let base64 =
            |before: &str| STANDARD.encode([before.as_bytes(), secret, &b"."[..]].concat());
        [
            [&b"left: "[..], secret, b"\n"].concat(),
            hex::encode(secret).into_bytes(),
            hex::encode_upper(secret).into_bytes(),
            format!("{secret:02X?}").into_bytes(),
            format!("{secret:?}").into_bytes(),
            base64("").into_bytes(),
            base64("a").into_bytes(),
            base64("ab").into_bytes(),
        ]
    });
    places.into_iter().cycle().zip(contents).collect()
}

/// What was there before is there again; a file that was not there is gone.
fn put_back(path: &Path, before: &[u8]) -> std::io::Result<()> {
    match before.is_empty() {
        true => std::fs::remove_file(path),
        false => std::fs::write(path, before),
    }
}
