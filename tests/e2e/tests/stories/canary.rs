//! The whole story with everybody at their most verbose: no PIN, PUK or key is in any log, file,
//! message, or in the page's memory.

use crate::{CARD_WITH_CHIP, READY};
use anyhow::ensure;
use cardwright_e2e::{OPERATOR, Story};
use cardwright_system::canary::Canary;
use cardwright_system::keyings;

#[tokio::test]
async fn no_secret_is_anywhere_but_in_the_escrow_and_in_the_chip() -> anyhow::Result<()> {
    let mut story = Story::begin_verbosely(2).await?;
    story.enable_initialize().await?;
    let (devtools, traffic) = story.browser.devtools().await?;
    story.log_in(OPERATOR).await?;
    story.search_produced().await?;
    story.start_initializing(CARD_WITH_CHIP).await?;
    story.browser.see(READY).await?;
    story.browser.click("Next").await?;
    story.browser.see("is now unassigned").await?;
    // What is searched is what went over both wires, and what the page has in its memory.
    let parts = ["encapsulated_key", "\\\"type\\\":\\\"execute\\\"", "acknowledgement"];
    let spoken = traffic.take_with(&parts).await?;
    let memory = devtools.memory(&traffic).await?;

    let keyings = keyings(&story.registry_data()).await?;
    ensure!(keyings.len() == 1 && keyings[0].card == CARD_WITH_CHIP, "its secrets are looked for");
    let canary = Canary::of_desk(&story.desk).await?;
    for text in [CARD_WITH_CHIP, "acknowledgement"] {
        let is_there = memory.heap.contains(text)
            || memory.wasm.windows(text.len()).any(|bytes| bytes == text.as_bytes());
        ensure!(is_there, "the memory has {text}");
    }
    let mut found = canary.find("traffic", spoken.as_bytes());
    found.extend(canary.find("heap", memory.heap.as_bytes()));
    found.extend(canary.find("memory of Wasm", &memory.wasm));
    found.extend(canary.search(story.browser.profile())?);
    // A helper that ends without a word leaves no more than one that works.
    story.desk.kill_helper()?;
    found.extend(canary.search_desk(&story.desk)?);
    ensure!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}
