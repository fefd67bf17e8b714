//! Every page, wide and narrow: nothing runs out of the window. The pictures are in
//! `target/e2e/look/`, for people to look at.

use crate::{CARD_WITH_CHIP, CARD_WITHOUT_CHIP, READY, SLOW, at_the_wizard};
use anyhow::ensure;
use cardwright_e2e::{ADMIN, OPERATOR, Story, card, slow_card};

/// Widths in pixels.
const WIDTHS: [u32; 2] = [1280, 600];

async fn look(story: &Story, name: &str) -> anyhow::Result<()> {
    let folder = xtask::sh::root().join("target/e2e/look");
    std::fs::create_dir_all(&folder)?;
    for width in WIDTHS {
        story.browser.resize(width, 900).await?;
        let script = "return document.scrollingElement.scrollWidth - window.innerWidth";
        let beyond = story.browser.script(script).await?;
        ensure!(beyond.as_i64() <= Some(0), "{name} is {beyond} px too wide at {width}");
        story.browser.picture(&folder.join(format!("{name}-{width}.png"))).await?;
    }
    Ok(())
}

#[tokio::test]
async fn every_page_fits_wide_and_narrow() -> anyhow::Result<()> {
    let story = Story::begin(2).await?;
    let page = &story.browser;
    page.see("Password").await?;
    look(&story, "login").await?;
    story.enable_initialize().await?;
    story.log_in(ADMIN).await?;
    look(&story, "home").await?;
    page.go("/templates").await?;
    page.see("Temporary card").await?;
    look(&story, "templates").await?;
    page.go("/templates/temporary-card?state=produced").await?;
    page.choose("Choose a command to add", "Mark as defective").await?;
    page.see("Unsaved changes").await?;
    look(&story, "template").await?;
    page.click("Save").await?;
    page.see_no("Unsaved changes").await?;
    story.log_out().await?;

    story.log_in(OPERATOR).await?;
    page.go("/workstation").await?;
    page.see("Virtual PCD 00 00").await?;
    look(&story, "workstation").await?;
    story.search_produced().await?;
    look(&story, "search").await?;
    page.go("/search?status=lost&text=nothing-like-it&go=1").await?;
    page.see("No card").await?;
    look(&story, "search-nothing").await?;
    page.go(&format!("/cards/{CARD_WITH_CHIP}")).await?;
    page.see("What do you want to do?").await?;
    look(&story, "card").await?;
    page.click("Mark as defective").await?;
    page.see("Reason").await?;
    look(&story, "card-reason").await?;

    story.start_initializing(CARD_WITHOUT_CHIP).await?;
    page.see("This is the chip of another card").await?;
    look(&story, "wizard-other-card").await?;
    story.office.swap(0, card(2))?;
    page.see(READY).await?;
    look(&story, "wizard-number").await?;
    page.click("Cancel").await?;
    page.see("What do you want to do?").await?;

    story.office.swap(0, slow_card(0, SLOW))?;
    at_the_wizard(&story).await?;
    look(&story, "wizard-ready").await?;
    page.click("Next").await?;
    page.see("Setting the PIN").await?;
    look(&story, "wizard-encoding").await?;
    story.office.remove(0)?;
    page.see("The card came out of the reader").await?;
    look(&story, "wizard-interrupted").await?;
    story.office.insert(0, card(0))?;
    page.see("was begun and not finished").await?;
    page.click("Next").await?;
    page.see("is now unassigned").await?;
    look(&story, "wizard-done").await?;
    page.go(&format!("/cards/{CARD_WITH_CHIP}")).await?;
    page.see("Unassigned").await?;
    look(&story, "card-unassigned").await
}
