//! The job runs in the helper and outlives the page.

use crate::{CARD_WITH_CHIP, READY};
use cardwright_e2e::{OPERATOR, Story, slow_card};

#[tokio::test]
async fn reloading_in_the_middle_loses_nothing() -> anyhow::Result<()> {
    let story = Story::begin(2).await?;
    story.enable_initialize().await?;
    story.log_in(OPERATOR).await?;
    story.office.remove(0)?;
    story.office.insert(0, slow_card(0))?;
    story.start_initializing(CARD_WITH_CHIP).await?;
    let page = &story.browser;
    page.see(READY).await?;
    page.reload().await?;
    page.see(READY).await?;
    page.click("Next").await?;
    page.see("step").await?;
    page.reload().await?;
    page.see("step").await?;
    page.see("is now unassigned").await?;

    // The end of a process is there to be read later, too.
    page.reload().await?;
    page.see("is now unassigned").await?;
    Ok(())
}

#[tokio::test]
async fn a_job_that_ends_while_no_page_is_open_is_taken_later() -> anyhow::Result<()> {
    let story = Story::begin(2).await?;
    story.enable_initialize().await?;
    story.log_in(OPERATOR).await?;
    story.office.remove(0)?;
    story.office.insert(0, slow_card(0))?;
    story.start_initializing(CARD_WITH_CHIP).await?;
    let page = &story.browser;
    page.see(READY).await?;
    page.click("Next").await?;
    page.see("step").await?;
    let process = page.path().await?;
    // An answer of the registry as the browser shows it: nothing of the app runs.
    page.go("/api/v1/session").await?;
    let logs = "the helper's log says that the job is finished";
    page.wait(logs, async || Ok(story.logs()?.contains("finished"))).await?;
    page.go(&process).await?;
    page.see("is now unassigned").await?;
    Ok(())
}

#[tokio::test]
async fn a_session_that_ends_in_the_middle_loses_nothing() -> anyhow::Result<()> {
    let story = Story::begin(2).await?;
    story.enable_initialize().await?;
    story.log_in(OPERATOR).await?;
    story.office.remove(0)?;
    story.office.insert(0, slow_card(0))?;
    story.start_initializing(CARD_WITH_CHIP).await?;
    let page = &story.browser;
    page.see(READY).await?;
    page.click("Next").await?;
    page.see("step").await?;
    let process = page.path().await?;
    // The page does not know it before it brings the receipt.
    page.script("return fetch('/api/v1/session', { method: 'DELETE' }).then(() => true)").await?;
    page.see("Password").await?;
    story.fill_in_login(OPERATOR).await?;
    page.see("is now unassigned").await?;
    assert_eq!(page.path().await?, process);
    Ok(())
}
