//! The app runs under the policy that the registry sends with it, and the policy holds.

use crate::{CARD_WITH_CHIP, at_the_wizard, at_work};
use anyhow::ensure;
use cardwright_e2e::{ADMIN, Browser};

/// What the browser's console said against the policy since the last call.
async fn violations(page: &Browser) -> anyhow::Result<Vec<String>> {
    let errors = page.console_errors().await?;
    Ok(errors.into_iter().filter(|error| error.contains("Content Security Policy")).collect())
}

#[tokio::test]
async fn every_page_runs_under_the_policy() -> anyhow::Result<()> {
    let story = at_work(1).await?;
    let page = &story.browser;
    page.go("/workstation").await?;
    page.see("Virtual PCD 00 00").await?;
    page.go(&format!("/cards/{CARD_WITH_CHIP}")).await?;
    page.see("What do you want to do?").await?;
    at_the_wizard(&story).await?;
    story.log_out().await?;
    story.log_in(ADMIN).await?;
    page.go("/templates/temporary-card?state=produced").await?;
    page.see("Temporary card").await?;
    ensure!(violations(page).await?.is_empty(), "the app does nothing that its policy forbids");

    page.script(
        "const script = document.createElement('script'); \
         script.textContent = 'window.ran = true'; \
         document.body.append(script); \
         try { new WebSocket('ws://127.0.0.1:1') } catch {}",
    )
    .await?;
    let ran = page.script("return window.ran === true").await?;
    ensure!(ran == false, "a script that somebody put into the page does not run");
    let mut said = Vec::new();
    page.wait("what the console says of both", async || {
        said.extend(violations(page).await?);
        Ok(said.len() >= 2)
    })
    .await?;
    ensure!(said.len() == 2, "and neither does a connection elsewhere: {said:?}");
    Ok(())
}
