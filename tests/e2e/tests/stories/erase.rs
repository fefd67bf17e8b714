//! A chip that somebody used is erased only where an admin allows it and the operator says yes.

use crate::tools::yubico;
use crate::{CARD_WITH_CHIP, READY, at_work};
use anyhow::ensure;
use cardwright_e2e::{OPERATOR, Story, card};
use cardwright_system::{Chip, end_state};
use cardwright_virtual_card::Tries;

const THEIR_PIN: &str = "246813";
const THEIR_PUK: &str = "86421357";
const THEIR_KEY: &str = "0102040810204080010204081020408001020408102040F7";

/// Somebody has made the chip in the reader their own, with their own tool.
pub(crate) fn somebody_uses_the_chip(story: &Story) -> anyhow::Result<()> {
    for arguments in [
        ["-a", "set-mgm-key", "-n", THEIR_KEY].as_slice(),
        &["-a", "change-pin", "-P", "123456", "-N", THEIR_PIN],
        &["-a", "change-puk", "-P", "12345678", "-N", THEIR_PUK],
    ] {
        let done = yubico(story, arguments)?;
        ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    Ok(())
}

#[tokio::test]
async fn a_chip_that_somebody_used_is_erased_by_permission_and_by_an_explicit_yes()
-> anyhow::Result<()> {
    let story = at_work(2).await?;
    let page = &story.browser;
    somebody_uses_the_chip(&story)?;
    let theirs = objects(&story)?;

    // This chip does not say that it is used; the job finds it out, and writes nothing.
    story.start_initializing(CARD_WITH_CHIP).await?;
    page.see(READY).await?;
    page.click("Next").await?;
    page.see("The chip has values of somebody else: management key.").await?;
    page.see("Nothing was written to it.").await?;
    page.see("it says whether this chip may be erased").await?;
    check_secrets_are_theirs(&story)?;
    ensure!(objects(&story)? == theirs, "no object was written");
    story.start_initializing(CARD_WITH_CHIP).await?;
    page.see("Somebody else has used this chip.").await?;
    page.see("ask an admin whether used chips may be erased").await?;
    ensure!(!page.permits("Next").await?, "there is nothing to do");
    page.click("Cancel").await?;
    page.see("What do you want to do?").await?;
    story.log_out().await?;
    story.allow_erasing().await?;

    story.log_in(OPERATOR).await?;
    story.start_initializing(CARD_WITH_CHIP).await?;
    page.see("nobody can bring them back").await?;
    ensure!(!page.permits("Erase and initialize").await?, "nobody said yes");
    page.tick("Erase this chip").await?;
    page.click("Erase and initialize").await?;
    page.see(&format!("{CARD_WITH_CHIP} is now unassigned")).await?;
    page.click("Show the card").await?;
    page.see("Unassigned").await?;
    page.see(
        "Erasing the chip, which has values of somebody else: permitted by the template Temporary \
         card, agreed to by operator",
    )
    .await?;
    ensure!(page.console_errors().await?.is_empty(), "no error in the console");

    story.office.remove(0)?;
    end_state::check_chip(&story.registry_data(), CARD_WITH_CHIP, story.kept_chip(0)).await
}

/// No secret was changed, and no try is missing.
fn check_secrets_are_theirs(story: &Story) -> anyhow::Result<()> {
    let key = format!("--key={THEIR_KEY}");
    let key = yubico(story, &["-a", "set-mgm-key", &key, "-n", THEIR_KEY])?;
    ensure!(key.status.success(), "{}", String::from_utf8_lossy(&key.stderr));
    out_of_its_reader(story, |chip| {
        ensure!(chip.tries()? == Tries { pin: 3, puk: 3 }, "{:?}", chip.tries()?);
        ensure!(chip.has_pin(THEIR_PIN)? && chip.has_puk(THEIR_PUK)?, "PIN and PUK are theirs");
        Ok(())
    })
}

/// CCC and CHUID; this kind of chip comes with some.
fn objects(story: &Story) -> anyhow::Result<[Vec<u8>; 2]> {
    out_of_its_reader(story, |chip| Ok([chip.card_capability()?, chip.card_holder()?]))
}

/// Does something with the chip while no reader has it.
fn out_of_its_reader<T>(
    story: &Story,
    with: impl FnOnce(&mut Chip) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    story.office.remove(0)?;
    let done = with(&mut Chip::open(&story.kept_chip(0))?)?;
    story.office.insert(0, card(0))?;
    Ok(done)
}
