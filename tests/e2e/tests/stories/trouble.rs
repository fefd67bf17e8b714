//! What can be wrong at a desk: each has its own message, and the page recovers by itself.

use crate::{CARD_WITH_CHIP, READY, at_the_pin, at_the_wizard, at_work};
use cardwright_e2e::{OtherProgram, card};

#[tokio::test]
async fn helper_absent_then_back() -> anyhow::Result<()> {
    let mut story = at_work(2).await?;
    story.desk.stop_helper();
    story.start_initializing(CARD_WITH_CHIP).await?;
    story.browser.see("No helper answers on this workstation").await?;
    story.desk.start_helper()?;
    story.browser.see(READY).await?;
    Ok(())
}

#[tokio::test]
async fn no_card_and_wrong_card() -> anyhow::Result<()> {
    let story = at_work(2).await?;
    story.office.remove(0)?;
    story.start_initializing(CARD_WITH_CHIP).await?;
    story.browser.see("No card in the reader").await?;
    // Chip 1 is another card's by the bureau's word, chip 2 nobody's.
    story.office.insert(1, card(1))?;
    story.browser.see("This is the chip of another card").await?;
    story.office.swap(1, card(2))?;
    story.browser.see("This is not the chip of this card").await?;
    story.office.remove(1)?;
    story.browser.see("No card in the reader").await?;
    story.office.insert(0, card(0))?;
    story.browser.see(READY).await?;
    story.browser.click("Next").await?;
    story.browser.see("is now unassigned").await?;
    Ok(())
}

#[tokio::test]
async fn service_stopped_then_started() -> anyhow::Result<()> {
    let story = at_work(2).await?;
    at_the_wizard(&story).await?;
    story.office.stop_service()?;
    story.browser.see("The smart card service of this computer is stopped").await?;
    story.office.start_service()?;
    story.browser.see(READY).await?;
    story.browser.click("Next").await?;
    story.browser.see("is now unassigned").await?;
    Ok(())
}

#[tokio::test]
async fn card_pulled_out_in_the_middle() -> anyhow::Result<()> {
    let story = at_the_pin().await?;
    story.office.remove(0)?;
    story.browser.see("The card came out of the reader").await?;
    story.office.insert(0, card(0))?;
    story.browser.see("was begun and not finished").await?;
    story.browser.click("Next").await?;
    story.browser.see("is now unassigned").await?;
    Ok(())
}

#[tokio::test]
async fn another_program_has_the_chip() -> anyhow::Result<()> {
    let story = at_work(2).await?;
    at_the_wizard(&story).await?;
    let other = OtherProgram::occupy(story.office.csock_name(), "Virtual PCD 00 00")?;
    story.browser.see("Another program is using the chip").await?;
    other.release()?;
    story.browser.see(READY).await?;
    Ok(())
}

#[tokio::test]
async fn no_reader_at_all() -> anyhow::Result<()> {
    let story = at_work(0).await?;
    story.start_initializing(CARD_WITH_CHIP).await?;
    story.browser.see("No reader is connected").await?;
    Ok(())
}

#[tokio::test]
async fn the_registry_is_gone_when_the_result_is_there() -> anyhow::Result<()> {
    let mut story = at_the_pin().await?;
    story.desk.stop_registry();
    story.office.let_go(0)?;
    story.browser.see("The registry has not taken the result yet").await?;
    story.desk.start_registry()?;
    story.browser.see("is now unassigned").await
}

#[tokio::test]
async fn the_helper_is_killed_in_the_middle() -> anyhow::Result<()> {
    let mut story = at_the_pin().await?;
    story.desk.kill_helper()?;
    story.office.let_go(0)?;
    story.browser.see("The helper does not answer now").await?;
    story.desk.start_helper()?;
    story.browser.see("was begun and not finished").await?;
    story.browser.click("Next").await?;
    story.browser.see("is now unassigned").await
}
