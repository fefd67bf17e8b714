//! A card that is torn out and left alone is found again, and finished, by whoever comes next.

use crate::{CARD_WITH_CHIP, CARD_WITHOUT_CHIP, at_the_pin};
use anyhow::ensure;
use cardwright_e2e::{OPERATOR, card};

#[tokio::test]
async fn an_interrupted_card_is_found_by_the_filter_and_finished() -> anyhow::Result<()> {
    let mut story = at_the_pin().await?;
    // Nobody is there to carry the news.
    story.kill_browser().await?;
    story.office.remove(0)?;

    story.log_in(OPERATOR).await?;
    let page = &story.browser;
    story.search_interrupted().await?;
    page.see("1 interrupted card").await?;
    page.see(CARD_WITH_CHIP).await?;
    ensure!(!page.text().await?.contains(CARD_WITHOUT_CHIP), "exactly this one");
    page.choose("Chip", "Any chip").await?;
    page.click("Search").await?;
    page.see("of 40").await?;
    let list = page.text().await?;
    let badges = list.lines().filter(|line| *line == "interrupted").count();
    ensure!(badges == 1, "one has the badge: {list}");

    page.click(CARD_WITH_CHIP).await?;
    page.see("Interrupted: an encoding was begun and not finished.").await?;
    page.see("put the same chip into a reader").await?;
    page.see("The card came out of the reader").await?;
    story.office.insert(0, card(0))?;
    page.click("Go on").await?;
    page.see("An encoding of this chip was begun and not finished.").await?;
    page.click("Next").await?;
    page.see(&format!("{CARD_WITH_CHIP} is now unassigned")).await?;

    story.search_interrupted().await?;
    page.see("No interrupted card was found").await?;
    page.go(&format!("/cards/{CARD_WITH_CHIP}")).await?;
    page.see("Unassigned").await?;
    page.see_no("Interrupted: an encoding").await
}
