//! From enabling the command to the unassigned card.

use crate::{CARD_WITH_CHIP, CARD_WITHOUT_CHIP, READY, at_work};
use cardwright_e2e::{ADMIN, OPERATOR, Story, card};

#[tokio::test]
async fn an_operator_initializes_a_temporary_card() -> anyhow::Result<()> {
    let story = Story::begin(2).await?;
    let page = &story.browser;

    // Disabled by default: nobody is offered the command.
    story.log_in(OPERATOR).await?;
    page.go(&format!("/cards/{CARD_WITH_CHIP}")).await?;
    page.see("What do you want to do?").await?;
    assert!(!page.offers("Initialize temporary card").await?);
    story.log_out().await?;

    story.enable_initialize().await?;

    story.log_in(OPERATOR).await?;
    story.search_produced().await?;
    page.see(CARD_WITH_CHIP).await?;
    page.is_at("/search?").await?;
    assert!(page.path().await?.contains("status=produced"), "the query is in the URL");
    page.click(CARD_WITH_CHIP).await?;
    page.see("History").await?;
    page.back().await?;
    page.see("produced cards").await?;
    page.reload().await?;
    page.see("produced cards").await?;
    page.click(CARD_WITH_CHIP).await?;

    page.click("Initialize temporary card").await?;
    page.see(READY).await?;
    page.click("Next").await?;
    page.see("is now unassigned").await?;
    let done = page.text().await?;
    for written in ["GUID", "FASC-N", "AES-256", "P-256"] {
        assert!(done.contains(written), "the page says what was written: {written}\n{done}");
    }
    page.see("Next card: TC-").await?;

    page.go(&format!("/cards/{CARD_WITH_CHIP}")).await?;
    page.see("Unassigned").await?;
    assert!(!page.offers("Initialize temporary card").await?);
    assert_eq!(page.console_errors().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn without_a_chip_id_the_printed_number_is_confirmed() -> anyhow::Result<()> {
    let story = at_work(2).await?;
    story.office.swap(0, card(2))?;
    story.start_initializing(CARD_WITHOUT_CHIP).await?;
    let page = &story.browser;

    page.fill("Number printed on the card", "TC-2026-000000").await?;
    page.see("This is not the number of this card").await?;
    page.fill("Number printed on the card", &CARD_WITHOUT_CHIP.to_lowercase()).await?;
    page.click("Next").await?;
    page.see("is now unassigned").await?;

    // The chip is this card's now, and no other's.
    let other = "TC-2026-004104";
    story.start_initializing(other).await?;
    page.see(CARD_WITHOUT_CHIP).await?;
    page.see("This is the chip of another card").await?;
    Ok(())
}

#[tokio::test]
async fn leaving_unsaved_changes_asks_first() -> anyhow::Result<()> {
    let story = Story::begin(2).await?;
    let page = &story.browser;
    story.log_in(ADMIN).await?;
    page.go("/templates/temporary-card?state=produced").await?;
    page.choose("Choose a command to add", "Mark as lost").await?;
    page.choose("Choose a command to add", "Initialize temporary card").await?;
    page.click("Move up: Initialize temporary card").await?;
    page.click("SEARCH").await?;
    page.see("Leave without saving").await?;
    page.click("Stay here").await?;
    page.click("Remove: Mark as lost").await?;
    story.save().await?;
    page.reload().await?;
    page.see("TempCardsAddonExtProdInitialize").await?;
    page.see_no("TempCardsProcMarkLost").await?;
    Ok(())
}

#[tokio::test]
async fn a_card_is_marked_as_defective_with_a_reason() -> anyhow::Result<()> {
    let story = Story::begin(0).await?;
    let page = &story.browser;
    story.log_in(ADMIN).await?;
    page.go("/templates/temporary-card?state=produced").await?;
    page.choose("Choose a command to add", "Mark as defective").await?;
    story.save().await?;
    story.log_out().await?;

    story.log_in(OPERATOR).await?;
    page.go(&format!("/cards/{CARD_WITH_CHIP}")).await?;
    page.click("Mark as defective").await?;
    page.fill("Reason", "Bent in the post").await?;
    page.script("document.querySelector('dialog[open] .button.main').click()").await?;
    page.see(&format!("{CARD_WITH_CHIP} is now defective")).await?;
    page.see("Mark as defective: Bent in the post").await?;
    page.see("Nothing can be done with a card in state “Defective”").await?;
    Ok(())
}
