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

use cardwright_e2e::{OPERATOR, Story};
use std::time::Duration;

/// A produced card of the examples whose chip the bureau named: it is in the first virtual reader.
const CARD_WITH_CHIP: &str = "TC-2026-004102";

/// A produced card of the examples without a chip id.
const CARD_WITHOUT_CHIP: &str = "TC-2026-004103";

/// What the wizard says when *Next* will encode.
const READY: &str = "Next encodes the chip";

/// How long a command of a slow chip takes: a job takes seconds then, which can be interrupted.
const SLOW: Duration = Duration::from_millis(250);

/// A desk with so many readers where an operator can work: *Initialize temporary card* is enabled.
async fn at_work(readers: usize) -> anyhow::Result<Story> {
    let story = Story::begin(readers).await?;
    story.enable_initialize().await?;
    story.log_in(OPERATOR).await?;
    Ok(story)
}

/// The operator has opened the wizard for the card whose chip is in the reader.
async fn at_the_wizard(story: &Story) -> anyhow::Result<()> {
    story.start_initializing(CARD_WITH_CHIP).await?;
    story.browser.see(READY).await
}
