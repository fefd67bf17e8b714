//! Pages and dialogs of workstations, accounts, audit and secrets, wide and narrow: as in
//! [`crate::look`].

use crate::look::look;
use crate::{CARD_WITH_CHIP, at_the_wizard, at_work};
use cardwright_e2e::{ADMIN, OPERATOR, SecondHelper, Story, try_to_log_in};

#[tokio::test]
async fn workstations_fit_wide_and_narrow() -> anyhow::Result<()> {
    let mut story = Story::begin(0).await?;
    story.log_in(ADMIN).await?;
    story.browser.go("/workstations").await?;
    let page = &story.browser;
    page.see("Enrolled").await?;
    look(&story, "workstations-first").await?;
    page.click("Add workstation").await?;
    page.fill("Name", "desk-1").await?;
    look(&story, "workstations-add").await?;
    page.click_in_dialog("Add workstation").await?;
    page.see_wrong("Name").await?;
    look(&story, "workstations-add-wrong").await?;
    page.fill("Name", "desk-2").await?;
    page.click_in_dialog("Add workstation").await?;
    let code = page.shown_once("One-time code").await?;
    look(&story, "workstations-code").await?;
    let mut second = SecondHelper::enroll(&story, "second-helper", &code, "desk-2")?;
    page.see("desk-2 is enrolled.").await?;
    look(&story, "workstations-enrolled").await?;
    page.click_in_dialog("Close").await?;
    page.click("Add workstation").await?;
    page.fill("Name", "desk-3").await?;
    page.click_in_dialog("Add workstation").await?;
    page.shown_once("One-time code").await?;
    page.click_in_dialog("Close").await?;
    page.see("Waits for its helper").await?;
    page.click("Rename: desk-2").await?;
    page.see("Its helper and its jobs go on").await?;
    look(&story, "workstations-rename").await?;
    page.click_in_dialog("Cancel").await?;
    page.click("Revoke: desk-3").await?;
    page.see("Revoke this workstation?").await?;
    look(&story, "workstations-revoke").await?;
    page.click_in_dialog("Revoke the workstation").await?;
    page.see("desk-3 is revoked.").await?;
    look(&story, "workstations").await?;

    story.desk.stop_helper();
    second.start(&story)?;
    let page = &story.browser;
    page.see("Choose a helper").await?;
    page.go("/workstation").await?;
    page.see("Another helper answers").await?;
    look(&story, "workstation-another").await?;
    page.go("/").await?;
    page.see("Another helper answers").await?;
    look(&story, "home-another").await
}

#[tokio::test]
async fn accounts_fit_wide_and_narrow() -> anyhow::Result<()> {
    let story = Story::begin(0).await?;
    let page = &story.browser;
    story.log_in(ADMIN).await?;
    page.go("/accounts").await?;
    page.click("Add account").await?;
    page.see("The registry makes the first password").await?;
    page.fill("Name", "Ada Lovelace").await?;
    page.click_in_dialog("Add account").await?;
    page.see_wrong("Name").await?;
    look(&story, "accounts-add-wrong").await?;
    page.fill("Name", "ada.lovelace@cards.example").await?;
    page.choose("Role", "Auditor").await?;
    look(&story, "accounts-add").await?;
    page.click_in_dialog("Add account").await?;
    let first = page.shown_once("Password").await?;
    look(&story, "accounts-password").await?;
    page.click_in_dialog("Close").await?;
    page.see("Must choose a password").await?;
    page.click("ada.lovelace@cards.example").await?;
    page.tick("Reveal PIN").await?;
    page.tick("Reveal PUK").await?;
    look(&story, "account-changed").await?;
    page.click("Save").await?;
    page.see("is saved.").await?;
    look(&story, "account").await?;
    page.click("Set new password").await?;
    page.see("Set a new password?").await?;
    look(&story, "account-set-password").await?;
    page.click_in_dialog("Leave it").await?;
    page.go("/accounts/operator").await?;
    page.click("Disable").await?;
    page.see("Disable this account?").await?;
    look(&story, "account-disable").await?;
    page.click_in_dialog("Disable the account").await?;
    page.see("operator is disabled").await?;
    page.go("/accounts").await?;
    page.see("Disabled").await?;
    look(&story, "accounts").await?;
    page.go("/accounts/nobody").await?;
    page.see("There is no such account.").await?;
    look(&story, "account-unknown").await?;
    page.click("Home").await?;
    story.log_out().await?;

    try_to_log_in(page, "nobody", "not the password").await?;
    page.see("wrong").await?;
    look(&story, "login-wrong").await?;
    try_to_log_in(page, "ada.lovelace@cards.example", &first).await?;
    page.see("Choose a password of your own first.").await?;
    look(&story, "password-forced").await?;
    story.choose_password(&first, "too short", "too short").await?;
    page.see_wrong("New password").await?;
    look(&story, "password-wrong").await?;
    let chosen = "a password of twelve";
    story.choose_password(&first, chosen, chosen).await?;
    page.see("What happened, by whom, and when").await?;
    look(&story, "home-auditor").await?;
    page.go("/accounts").await?;
    page.see("Ask an admin for the permission.").await?;
    look(&story, "accounts-not-permitted").await?;
    page.go("/password").await?;
    story.choose_password(chosen, "a password of fourteen", "a password of fourteen").await?;
    page.see("Your password is changed.").await?;
    look(&story, "password-changed").await
}

#[tokio::test]
async fn audit_and_secrets_fit_wide_and_narrow() -> anyhow::Result<()> {
    let story = at_work(2).await?;
    let page = &story.browser;
    at_the_wizard(&story).await?;
    page.click("Next").await?;
    page.see("is now unassigned").await?;
    story.log_out().await?;

    story.log_in(ADMIN).await?;
    page.go("/accounts/operator").await?;
    page.tick("Reveal PIN").await?;
    page.tick("Reveal PUK").await?;
    page.click("Save").await?;
    page.see("operator is saved.").await?;
    page.go("/audit").await?;
    page.see("account.permission-granted").await?;
    look(&story, "audit").await?;
    page.click("Export CSV").await?;
    page.see(".csv,").await?;
    look(&story, "audit-exported").await?;
    page.go("/audit?by=nobody-like-it").await?;
    page.see("No event was found.").await?;
    look(&story, "audit-nothing").await?;
    story.log_out().await?;

    story.log_in(OPERATOR).await?;
    page.go(&format!("/cards/{CARD_WITH_CHIP}")).await?;
    page.see("Secrets of the chip").await?;
    look(&story, "card-secrets").await?;
    page.click("Reveal PUK").await?;
    page.see("This is recorded.").await?;
    page.fill("Reason", "The PIN is blocked, and its owner is here").await?;
    look(&story, "reveal-reason").await?;
    page.click_in_dialog("Reveal PUK").await?;
    page.shown_once("PUK").await?;
    look(&story, "reveal-shown").await
}
