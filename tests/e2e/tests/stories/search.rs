//! *SEARCH*: the address is the search.

use cardwright_e2e::{OPERATOR, Story};

#[tokio::test]
async fn sorting_and_paging_are_in_the_address_and_back_undoes_them() -> anyhow::Result<()> {
    let story = Story::begin(0).await?;
    let page = &story.browser;
    story.log_in(OPERATOR).await?;
    page.click("SEARCH").await?;
    page.click("Search").await?;
    page.see("1 to 25 of 40").await?;
    let first = page.path().await?;

    page.click("Bureau order").await?;
    // The heading of the column that it is sorted by has an arrow.
    page.click("Bureau order↑").await?;
    page.see("↓").await?;
    page.click("Next").await?;
    page.see("26 to 40 of 40").await?;
    page.reload().await?;
    page.see("26 to 40 of 40").await?;
    page.see("↓").await?;
    for _ in 0..3 {
        page.back().await?;
    }
    page.see("1 to 25 of 40").await?;
    page.see("↑").await?;
    assert_eq!(page.path().await?, first);
    Ok(())
}

#[tokio::test]
async fn nothing_found_says_so() -> anyhow::Result<()> {
    let story = Story::begin(0).await?;
    let page = &story.browser;
    story.log_in(OPERATOR).await?;
    page.go("/search?type=temporary-card&status=produced&text=no-such-order&go=1").await?;
    page.see("No card was found").await?;
    page.fill("Number, order or chip", "3b1f7a029c").await?;
    page.click("Search").await?;
    page.see(crate::CARD_WITH_CHIP).await?;
    Ok(())
}
