//! The end-to-end stories: Chromium against registry, helper, a real PC/SC service and virtual
//! cards. Each has a desk of its own, so that they run side by side.

mod accounts;
mod attack;
mod audit;
mod canary;
mod cancel;
mod csp;
mod elsewhere;
mod erase;
mod initialize;
mod interrupted;
mod keyboard;
mod look;
mod look_at_administration;
mod reload;
mod reveal;
mod root_key;
mod search;
mod take_over;
mod tools;
mod trouble;
mod workstations;

use cardwright_e2e::{ADMIN, OPERATOR, Story};
use cardwright_system::{Boundary, Site};

/// A produced card of the examples whose chip the bureau named: it is in the first virtual reader.
const CARD_WITH_CHIP: &str = "TC-2026-004102";

/// A produced card of the examples without a chip id.
const CARD_WITHOUT_CHIP: &str = "TC-2026-004103";

/// What the wizard says when *Next* will encode.
const READY: &str = "Next encodes the chip";

/// A desk with so many readers where an operator can work: *Initialize temporary card* is enabled.
async fn at_work(readers: usize) -> anyhow::Result<Story> {
    let story = Story::begin(readers).await?;
    // How an admin does it in a browser is told by `initialize`, `look` and `canary`.
    let admin = Site::new(&story.desk.url)?;
    admin.log_in(ADMIN, story.password(ADMIN)?).await?;
    admin.enable_initialize().await?;
    story.log_in(OPERATOR).await?;
    Ok(story)
}

/// The operator has opened the wizard for the card whose chip is in the reader.
async fn at_the_wizard(story: &Story) -> anyhow::Result<()> {
    story.start_initializing(CARD_WITH_CHIP).await?;
    story.browser.see(READY).await
}

/// The job for the chip in reader 0 has begun to write, and the chip holds before its PIN is set:
/// the story goes on as slowly as the computer is, until the chip is let go or comes out.
async fn at_the_pin() -> anyhow::Result<Story> {
    let story = at_work(2).await?;
    at_the_wizard(&story).await?;
    next_until_the_pin(&story).await?;
    Ok(story)
}

/// Clicks *Next* and gets as far as [`at_the_pin`].
async fn next_until_the_pin(story: &Story) -> anyhow::Result<()> {
    story.office.hold_at(0, Boundary::Pin.before())?;
    story.browser.click("Next").await?;
    story.browser.see("Setting the PIN").await
}
