//! The job runs in the helper and outlives the page.

use crate::{READY, at_the_pin, at_the_wizard, at_work, next_until_the_pin};
use cardwright_e2e::OPERATOR;

#[tokio::test]
async fn reloading_in_the_middle_loses_nothing() -> anyhow::Result<()> {
    let story = at_work(2).await?;
    at_the_wizard(&story).await?;
    let page = &story.browser;
    page.reload().await?;
    page.see(READY).await?;
    next_until_the_pin(&story).await?;
    page.reload().await?;
    page.see("Setting the PIN").await?;
    story.office.let_go(0)?;
    page.see("is now unassigned").await?;

    // The end of a process is there to be read later, too.
    page.reload().await?;
    page.see("is now unassigned").await?;
    Ok(())
}

#[tokio::test]
async fn a_job_that_ends_while_no_page_is_open_is_taken_later() -> anyhow::Result<()> {
    let story = at_the_pin().await?;
    let page = &story.browser;
    let process = page.path().await?;
    // An answer of the registry as the browser shows it: nothing of the app runs.
    page.go("/api/v1/session").await?;
    story.office.let_go(0)?;
    let logs = "the helper's log says that the job is finished";
    page.wait(logs, async || Ok(story.logs()?.contains("finished"))).await?;
    page.go(&process).await?;
    page.see("is now unassigned").await?;
    Ok(())
}

#[tokio::test]
async fn a_session_that_ends_in_the_middle_loses_nothing() -> anyhow::Result<()> {
    let story = at_the_pin().await?;
    let page = &story.browser;
    let process = page.path().await?;
    // The page does not know it before it brings the receipt.
    story.end_sessions(OPERATOR)?;
    story.office.let_go(0)?;
    page.see("Password").await?;
    story.fill_in_login(OPERATOR).await?;
    page.see("is now unassigned").await?;
    page.is_at(&process).await
}
