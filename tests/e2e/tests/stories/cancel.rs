//! Canceling, before and during.

use crate::{CARD_WITH_CHIP, at_the_wizard, at_work};
use cardwright_e2e::{card, slow_card};
use std::time::Duration;

/// A command takes so long that the four phases between *Setting the PIN* and the last one, which
/// a cancel can still stop, leave a person time to change their mind, on a busy machine, too.
const PATIENT: Duration = Duration::from_millis(800);

#[tokio::test]
async fn cancel_before_anything_is_written_leaves_the_card_produced() -> anyhow::Result<()> {
    let story = at_work(2).await?;
    let page = &story.browser;
    at_the_wizard(&story).await?;
    page.click("Cancel").await?;
    page.see("What do you want to do?").await?;
    page.see("Produced").await?;
    assert!(page.offers("Initialize temporary card").await?, "the card is free again");
    Ok(())
}

#[tokio::test]
async fn cancel_during_asks_and_the_chip_can_be_finished_later() -> anyhow::Result<()> {
    let story = at_work(2).await?;
    story.office.swap(0, slow_card(0, PATIENT))?;
    at_the_wizard(&story).await?;
    let page = &story.browser;
    page.click("Next").await?;
    page.see("Setting the PIN").await?;
    page.click("Cancel").await?;
    page.click("Cancel the process").await?;
    page.see("What do you want to do?").await?;
    page.see("interrupted").await?;

    story.office.remove(0)?;
    story.office.insert(0, card(0))?;
    story.start_initializing(CARD_WITH_CHIP).await?;
    let page = &story.browser;
    page.see("was begun and not finished").await?;
    page.click("Next").await?;
    page.see("is now unassigned").await?;
    Ok(())
}
