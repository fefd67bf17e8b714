//! An admin takes over the process of somebody whose helper is gone.

use crate::{CARD_WITH_CHIP, at_the_pin};
use anyhow::ensure;
use cardwright_e2e::{ADMIN, Browser};

#[tokio::test]
async fn an_admin_takes_over_what_a_dead_helper_left() -> anyhow::Result<()> {
    let mut story = at_the_pin().await?;
    story.desk.kill_helper()?;
    story.office.let_go(0)?;
    story.browser.see("The helper does not answer now").await?;

    let admin = Browser::open(&story.desk.url).await?;
    story.log_in_at(&admin, ADMIN).await?;
    admin.go(&format!("/cards/{CARD_WITH_CHIP}")).await?;
    admin.see("was started by operator").await?;
    admin.click("Take over").await?;
    admin.see("Take over this process?").await?;
    admin.see("A job for this card may still run on desk-1.").await?;
    admin.click("Take over the process").await?;
    admin.see("No helper answers on this workstation").await?;
    admin.is_at("/processes/").await?;

    // The operator's page looks on from now on.
    story.desk.start_helper()?;
    let operator = &story.browser;
    operator.see("admin has this process.").await?;
    for gone in ["Next", "Cancel"] {
        ensure!(!operator.offers(gone).await?, "{gone} is for the one who has the process");
    }

    admin.see("was begun and not finished").await?;
    admin.click("Next").await?;
    admin.see(&format!("{CARD_WITH_CHIP} is now unassigned")).await?;
    operator.see(&format!("{CARD_WITH_CHIP} is now unassigned")).await?;
    admin.click("Show the card").await?;
    admin.see("taken over from operator; how the encoding at desk-1 ended is not known").await
}
