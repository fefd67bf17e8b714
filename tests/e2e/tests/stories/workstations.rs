//! *Workstations*: a second helper comes, gets another name, and goes.

use anyhow::ensure;
use cardwright_e2e::{ADMIN, SecondHelper, Story};

#[tokio::test]
async fn a_helper_is_enrolled_renamed_and_revoked() -> anyhow::Result<()> {
    let mut story = Story::begin(0).await?;
    story.log_in(ADMIN).await?;
    let page = &story.browser;
    page.see("No reader").await?;
    page.click("Home").await?;
    page.click("Workstations").await?;
    page.see("Enrolled").await?;

    // A name that is taken is said at its field; nothing typed is lost.
    page.click("Add workstation").await?;
    page.fill("Name", "desk-1").await?;
    page.click_in_dialog("Add workstation").await?;
    let wrong = page.see_wrong("Name").await?;
    ensure!(wrong.contains("already"), "it says {wrong:?}");
    page.fill("Name", "desk-2").await?;
    page.click_in_dialog("Add workstation").await?;
    let code = page.shown_once("One-time code").await?;
    page.see("Good for 14:").await?;

    // The dialog notices by itself that the code was used.
    let mut second = SecondHelper::enroll(&story, "second-helper", &code, "desk-2")?;
    page.see("desk-2 is enrolled.").await?;
    page.see_no(&code).await?;
    page.click_in_dialog("Close").await?;
    let other = SecondHelper::enroll(&story, "other-helper", &code, "desk-2");
    ensure!(other.is_err(), "the code is used up");

    // The page knows another helper on this computer: the person decides.
    story.desk.stop_helper();
    let page = &story.browser;
    page.see("No helper").await?;
    second.start(&story)?;
    page.see("Choose a helper").await?;
    page.click("Home").await?;
    page.click("Use desk-2").await?;
    page.see("This workstation: No reader").await?;

    page.click("Workstations").await?;
    page.click("Rename: desk-2").await?;
    page.see("Its helper and its jobs go on").await?;
    page.fill("Name", "front-desk").await?;
    page.click_in_dialog("Rename").await?;
    page.see("The workstation is now called front-desk.").await?;
    page.see_no("desk-2").await?;

    page.click("Revoke: front-desk").await?;
    page.see("Revoke this workstation?").await?;
    page.click_in_dialog("Leave it").await?;
    page.see_no("Revoke this workstation?").await?;
    page.click("Revoke: front-desk").await?;
    page.click_in_dialog("Revoke the workstation").await?;
    page.see("front-desk is revoked.").await?;
    ensure!(!page.offers("Rename: front-desk").await?, "nothing more can be done with it");
    // The helper wants a ticket again before a minute is over, and the page gets none.
    page.see("No ticket for the helper").await?;
    page.click("Home").await?;
    page.click("More about it").await?;
    page.see("front-desk cannot be used: an admin revoked it.").await
}
