//! The whole job without a mouse: Tab, Enter and typing.

use crate::{CARD_WITH_CHIP, READY};
use cardwright_e2e::{ADMIN, OPERATOR, Story};

#[tokio::test]
async fn an_operator_initializes_a_card_by_keyboard_alone() -> anyhow::Result<()> {
    let story = Story::begin(2).await?;
    let page = &story.browser;
    story.enable_initialize().await?;

    // The name has the focus from the start.
    page.press(OPERATOR).await?;
    page.tab_to("Password").await?;
    page.press(story.password(OPERATOR)?).await?;
    page.press_enter().await?;
    page.see("This workstation:").await?;

    page.tab_to("Skip to the page").await?;
    page.tab_to("SEARCH").await?;
    page.press_enter().await?;
    page.tab_to("Status").await?;
    page.press("Produced").await?;
    page.tab_to("Search").await?;
    page.press_enter().await?;
    page.see("produced cards").await?;
    page.tab_to(CARD_WITH_CHIP).await?;
    page.press_enter().await?;

    page.see("What do you want to do?").await?;
    page.tab_to("Initialize temporary card").await?;
    page.press_enter().await?;
    page.see(READY).await?;
    page.tab_to("Next").await?;
    page.press_enter().await?;
    page.see("is now unassigned").await?;
    page.tab_to("Show the card").await?;
    page.press_enter().await?;
    page.see("History").await?;
    Ok(())
}

#[tokio::test]
async fn the_focus_comes_back_from_a_dialog_to_where_it_was() -> anyhow::Result<()> {
    let story = Story::begin(0).await?;
    let page = &story.browser;
    story.log_in(ADMIN).await?;
    page.go("/workstations").await?;
    page.see("Enrolled").await?;
    for (opens, title, leaves) in [
        ("Add workstation", "It gets a one-time code", "Cancel"),
        ("Rename: desk-1", "Its helper and its jobs go on", "Cancel"),
        ("Revoke: desk-1", "Revoke this workstation?", "Leave it"),
    ] {
        page.tab_to(opens).await?;
        page.press_enter().await?;
        page.see(title).await?;
        page.tab_to(leaves).await?;
        page.press_enter().await?;
        page.see_no(title).await?;
        anyhow::ensure!(page.focused().await? == opens, "after {leaves}");
    }
    page.tab_to("New code: desk-1").await?;
    page.press_enter().await?;
    page.shown_once("One-time code").await?;
    page.tab_to("Close").await?;
    page.press_enter().await?;
    page.see_no("It asks for this one-time code").await?;
    anyhow::ensure!(page.focused().await? == "New code: desk-1", "after Close");
    Ok(())
}
