//! *Reveal PUK*: what it takes, what is seen, and what is left of it.

use crate::{CARD_WITH_CHIP, at_the_wizard, at_work};
use anyhow::ensure;
use cardwright_e2e::{ADMIN, OPERATOR};
use cardwright_system::escrowed;

#[tokio::test]
async fn whoever_was_granted_it_sees_the_puk_once() -> anyhow::Result<()> {
    let story = at_work(2).await?;
    let page = &story.browser;
    at_the_wizard(&story).await?;
    page.click("Next").await?;
    page.see("is now unassigned").await?;
    let card = format!("/cards/{CARD_WITH_CHIP}");
    page.go(&card).await?;
    page.see("Unassigned").await?;
    ensure!(!page.offers("Reveal PUK").await?, "no role has the permission");
    story.log_out().await?;

    story.log_in(ADMIN).await?;
    page.go("/accounts/operator").await?;
    page.tick("Reveal PUK").await?;
    page.click("Save").await?;
    page.see("operator is saved.").await?;
    story.log_out().await?;

    let (devtools, traffic) = page.devtools().await?;
    story.log_in(OPERATOR).await?;
    page.go(&card).await?;
    page.see("Secrets of the chip").await?;
    ensure!(!page.offers("Reveal PIN").await?, "that was not granted");
    page.click("Reveal PUK").await?;
    page.see("This is recorded.").await?;
    page.fill("Reason", "The PIN is blocked").await?;
    page.click_in_dialog("Reveal PUK").await?;
    let seen = page.shown_once("PUK").await?;
    let puk = escrowed(&story.registry_data(), CARD_WITH_CHIP).await?.puk;
    ensure!(seen == puk, "it is the one of the escrow");
    page.click_in_dialog("Close").await?;
    page.see_no("Shown once.").await?;

    // Neither the page nor its memory has it any more.
    let apart = puk.chars().map(String::from).collect::<Vec<_>>().join("\u{a0}");
    let memory = devtools.memory(&traffic).await?;
    for digits in [&puk, &apart] {
        ensure!(!memory.heap.contains(digits.as_str()), "the heap has forgotten it");
        let bytes = digits.as_bytes();
        let is_there = memory.wasm.windows(bytes.len()).any(|window| window == bytes);
        ensure!(!is_there, "the memory of Wasm has forgotten it");
    }
    ensure!(memory.wasm.windows(12).any(|bytes| bytes == b"Secrets of t"), "it is that memory");
    page.click("Reveal PUK").await?;
    page.see("This is recorded.").await
}
