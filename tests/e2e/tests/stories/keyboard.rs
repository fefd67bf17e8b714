//! The whole job without a mouse: Tab, Enter and typing.

use crate::{CARD_WITH_CHIP, READY};
use cardwright_e2e::{ADMIN, OPERATOR, Story};

#[tokio::test]
async fn an_operator_initializes_a_card_by_keyboard_alone() -> anyhow::Result<()> {
    let story = Story::begin(2).await?;
    let page = &story.browser;
    story.enable_initialize().await?;

    // The name has the focus from the start.
    let is_there = async || Ok(page.focused().await? == "Name");
    page.wait("the focus on the name", is_there).await?;
    page.press(OPERATOR).await?;
    page.tab_to("Password").await?;
    page.press(story.password(OPERATOR)?).await?;
    page.press_enter().await?;
    page.see("This workstation:").await?;

    page.tab_to("Skip to the page").await?;
    page.tab_to("SEARCH").await?;
    page.press_enter().await?;
    page.tab_to("Status").await?;
    // Whether browsers take two keys for one beginning or, a second apart, for two: the second one
    // that begins with it, behind Processing.
    page.press("PP").await?;
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
        let is_back = async || Ok(page.focused().await? == opens);
        page.wait(&format!("the focus on {opens} after {leaves}"), is_back).await?;
    }
    page.tab_to("New code: desk-1").await?;
    page.press_enter().await?;
    page.shown_once("One-time code").await?;
    page.tab_to("Close").await?;
    page.press_enter().await?;
    page.see_no("It asks for this one-time code").await?;
    let is_back = async || Ok(page.focused().await? == "New code: desk-1");
    page.wait("the focus on New code after Close", is_back).await
}
