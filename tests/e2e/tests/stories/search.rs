//! *SEARCH*: the address is the search.

use cardwright_e2e::{Browser, OPERATOR, Story};

#[tokio::test]
async fn sorting_and_paging_are_in_the_address_and_back_undoes_them() -> anyhow::Result<()> {
    let story = Story::begin(0).await?;
    let page = &story.browser;
    story.log_in(OPERATOR).await?;
    page.click("SEARCH").await?;
    page.click("Search").await?;
    page.see("1 to 25 of 40").await?;
    let mut before = vec![page.path().await?];

    page.click("Bureau order").await?;
    before.push(at(page, "sort=order&order=asc").await?);
    // The heading of the column that it is sorted by has an arrow.
    page.click("Bureau order↑").await?;
    page.see("↓").await?;
    before.push(at(page, "sort=order&order=desc").await?);
    page.click("Next").await?;
    page.see("26 to 40 of 40").await?;
    page.reload().await?;
    page.see("26 to 40 of 40").await?;
    page.see("↓").await?;
    for path in before.iter().rev() {
        page.back().await?;
        at(page, path).await?;
    }
    page.see("1 to 25 of 40").await?;
    page.see("↑").await
}

/// Waits until the address has this in it, and gives all of its path and query.
async fn at(page: &Browser, part: &str) -> anyhow::Result<String> {
    let mut path = String::new();
    page.wait(&format!("an address with {part}"), async || {
        path = page.path().await?;
        Ok(path.contains(part))
    })
    .await?;
    Ok(path)
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
