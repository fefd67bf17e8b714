//! *Accounts*: how somebody comes to work here, and what failed logins cost.

use anyhow::{Context as _, ensure};
use cardwright_e2e::{ADMIN, Browser, OPERATOR, Story, try_to_log_in};
use std::time::Duration;

#[tokio::test]
async fn a_new_person_chooses_a_password_and_works() -> anyhow::Result<()> {
    let story = Story::begin(0).await?;
    let page = &story.browser;
    story.log_in(ADMIN).await?;
    page.go("/accounts").await?;
    page.click("Add account").await?;
    page.fill("Name", "Ada Lovelace").await?;
    page.click_in_dialog("Add account").await?;
    let wrong = page.see_wrong("Name").await?;
    ensure!(wrong.contains("lower case"), "it says {wrong:?}");
    page.click_in_dialog("Cancel").await?;

    let first = story.add_account("ada", "Operator").await?;
    ensure!(
        !page
            .script("return document.documentElement.outerHTML")
            .await?
            .to_string()
            .contains(&first)
    );
    page.see("Must choose a password").await?;
    story.log_out().await?;

    // Nothing else can be done before another one is chosen.
    try_to_log_in(page, "ada", &first).await?;
    page.see("Choose a password of your own first.").await?;
    ensure!(!page.offers("SEARCH").await?, "there is no way around it");
    page.go("/search").await?;
    page.see("Choose a password of your own first.").await?;
    story
        .choose_password("not the password", "a password of twelve", "a password of twelve")
        .await?;
    page.see_wrong("Password until now").await?;
    story.choose_password(&first, "too short", "too short").await?;
    let wrong = page.see_wrong("New password").await?;
    ensure!(wrong.contains("12 characters"), "it says {wrong:?}");
    story.choose_password(&first, "a password of twelve", "another one of twelve").await?;
    page.see_wrong("New password again").await?;
    story.choose_password(&first, "a password of twelve", "a password of twelve").await?;
    page.see("Number, order or chip").await?;
    story.log_out().await?;

    try_to_log_in(page, "ada", &first).await?;
    page.see("wrong").await?;
    try_to_log_in(page, "ada", "a password of twelve").await?;
    page.see("SEARCH").await?;
    story.search_produced().await
}

#[tokio::test]
async fn failed_logins_lock_an_account_until_an_admin_unlocks_it() -> anyhow::Result<()> {
    let story = Story::begin(0).await?;
    let page = &story.browser;
    // Between failures is a wait, which becomes longer with each.
    for _ in 0..10 {
        while let Some(seconds) = wait_told(&fail_to_log_in(page).await?)? {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
    }
    let said = fail_to_log_in(page).await?;
    ensure!(said.contains("Too many failed logins. Try again in 15 minutes."), "it says {said:?}");

    story.log_in(ADMIN).await?;
    page.go("/accounts").await?;
    page.see("Locked until").await?;
    page.click("operator").await?;
    page.click("Unlock").await?;
    page.see("operator can log in again.").await?;
    ensure!(!page.offers("Unlock").await?, "there is nothing to unlock any more");
    story.log_out().await?;
    story.log_in(OPERATOR).await
}

/// Tries a wrong password of the operator, and gives what the page says.
async fn fail_to_log_in(page: &Browser) -> anyhow::Result<String> {
    try_to_log_in(page, OPERATOR, "not the password").await?;
    let mut said = String::new();
    page.wait("an answer to a login", async || {
        said = page.text().await?;
        Ok(said.contains("wrong") || said.contains("Too many"))
    })
    .await?;
    Ok(said)
}

/// How many seconds the next login is to wait, where the page says so.
fn wait_told(said: &str) -> anyhow::Result<Option<u64>> {
    let Some((_, wait)) = said.split_once("Try again in ") else { return Ok(None) };
    let (number, unit) = wait.split_once(' ').context("a number and a unit")?;
    ensure!(unit.starts_with("second"), "a failure costs seconds, before a lock: {said:?}");
    Ok(Some(number.parse()?))
}

#[tokio::test]
async fn a_disabled_account_is_out_until_it_is_enabled() -> anyhow::Result<()> {
    let story = Story::begin(0).await?;
    let page = &story.browser;
    story.log_in(ADMIN).await?;
    page.go("/accounts/operator").await?;
    page.click("Disable").await?;
    page.see("Disable this account?").await?;
    page.click_in_dialog("Disable the account").await?;
    page.see("operator is disabled: nobody can log in to it.").await?;
    page.click("Enable").await?;
    page.see("operator is enabled: it can log in again.").await?;
    story.log_out().await?;
    story.log_in(OPERATOR).await
}
