//! Canceling, before and during.

use crate::{CARD_WITH_CHIP, at_the_pin, at_the_wizard, at_work};
use cardwright_e2e::card;

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
    let story = at_the_pin().await?;
    let page = &story.browser;
    page.click("Cancel").await?;
    page.click("Cancel the process").await?;
    page.see("Canceling…").await?;
    // It stops the job before the next step, once the helper was told.
    let told = "the helper's log says that it is to cancel";
    page.wait(told, async || Ok(story.logs()?.contains("cancel job="))).await?;
    story.office.let_go(0)?;
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
