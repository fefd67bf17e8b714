//! Every page, wide and narrow: nothing runs out of the window. The pictures are in
//! `target/e2e/look/`, for people to look at.

use crate::erase::somebody_uses_the_chip;
use crate::{
    CARD_WITH_CHIP, CARD_WITHOUT_CHIP, READY, at_the_pin, at_the_wizard, at_work,
    next_until_the_pin,
};
use anyhow::ensure;
use cardwright_e2e::{ADMIN, OPERATOR, Story, card};
use cardwright_virtual_card::Gate;

/// The instruction byte (INS) of the command that sets a chip back to its maker's.
const RESET_APPLICATION: u8 = 0xFB;

/// Widths in pixels.
const WIDTHS: [u32; 2] = [1280, 600];

pub(crate) async fn look(story: &Story, name: &str) -> anyhow::Result<()> {
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
    story.save().await?;
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

    story.office.swap(0, card(0))?;
    at_the_wizard(&story).await?;
    look(&story, "wizard-ready").await?;
    next_until_the_pin(&story).await?;
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

#[tokio::test]
async fn what_an_interruption_leaves_fits_wide_and_narrow() -> anyhow::Result<()> {
    let story = at_the_pin().await?;
    let page = &story.browser;
    story.office.remove(0)?;
    page.see("The card came out of the reader").await?;
    story.search_interrupted().await?;
    page.see("1 interrupted card").await?;
    look(&story, "search-interrupted").await?;
    page.go(&format!("/cards/{CARD_WITH_CHIP}")).await?;
    page.see("The card came out of the reader").await?;
    look(&story, "card-interrupted").await?;
    story.log_out().await?;

    story.log_in(ADMIN).await?;
    page.go(&format!("/cards/{CARD_WITH_CHIP}")).await?;
    page.see("was started by operator").await?;
    look(&story, "card-of-operator").await?;
    page.click("Take over").await?;
    page.see("Take over this process?").await?;
    look(&story, "card-take-over").await?;
    page.click("Leave it").await?;
    page.see_no("Take over this process?").await?;
    page.click("Take over").await?;
    page.click("Take over the process").await?;
    page.see("No card in the reader").await?;
    look(&story, "wizard-taken-over").await?;
    let process = page.path().await?;
    story.log_out().await?;

    story.log_in(OPERATOR).await?;
    page.go(&process).await?;
    page.see("admin has this process").await?;
    look(&story, "wizard-of-admin").await?;
    page.click("SEARCH").await?;
    page.choose("Chip", "Not interrupted").await?;
    page.click("Search").await?;
    page.see("not interrupted").await?;
    look(&story, "search-not-interrupted").await?;
    story.log_out().await?;

    story.log_in(ADMIN).await?;
    page.go(&process).await?;
    page.click("Cancel").await?;
    page.see("Cancel this process?").await?;
    look(&story, "wizard-cancel-interrupted").await?;
    page.click("Cancel the process").await?;
    page.see("Initialize temporary card").await?;
    page.see("Interrupted: an encoding").await?;
    look(&story, "card-interrupted-closed").await?;
    story.log_out().await?;

    story.log_in(OPERATOR).await?;
    story.start_initializing(CARD_WITH_CHIP).await?;
    page.see("An encoding of this card's chip was begun and not finished.").await?;
    look(&story, "wizard-begun").await
}

#[tokio::test]
async fn erasing_fits_wide_and_narrow() -> anyhow::Result<()> {
    let story = at_work(2).await?;
    let page = &story.browser;
    somebody_uses_the_chip(&story)?;
    at_the_wizard(&story).await?;
    page.click("Next").await?;
    page.see("The chip has values of somebody else").await?;
    look(&story, "wizard-foreign").await?;
    story.start_initializing(CARD_WITH_CHIP).await?;
    page.see("Somebody else has used this chip.").await?;
    look(&story, "wizard-used").await?;
    page.click("Cancel").await?;
    page.see("What do you want to do?").await?;
    story.log_out().await?;

    story.allow_erasing().await?;
    story.log_in(ADMIN).await?;
    page.go("/templates/temporary-card").await?;
    page.see("Operators may erase").await?;
    look(&story, "template-general").await?;
    story.log_out().await?;

    story.log_in(OPERATOR).await?;
    story.start_initializing(CARD_WITH_CHIP).await?;
    page.see("Erase this chip").await?;
    look(&story, "wizard-erase").await?;
    page.tick("Erase this chip").await?;
    look(&story, "wizard-erase-agreed").await?;
    story.office.hold_at(0, Gate::before_instruction(RESET_APPLICATION, 1))?;
    page.click("Erase and initialize").await?;
    page.see("Erasing what somebody else left").await?;
    look(&story, "wizard-erasing").await?;
    story.office.let_go(0)?;
    page.see("is now unassigned").await
}
