//! *Audit*: everything is found there, leaves it as a file that anybody can check, and is shown to
//! those who may see it.

use anyhow::{Context as _, ensure};
use cardwright_e2e::{ADMIN, Browser, Story};
use std::path::{Path, PathBuf};
use std::process::Output;
use xtask::build::program;
use xtask::sh::{command, output};

#[tokio::test]
async fn events_are_found_and_exported_and_verified() -> anyhow::Result<()> {
    let story = Story::begin(0).await?;
    let page = &story.browser;
    story.log_in(ADMIN).await?;
    story.add_account("ada", "Operator").await?;
    page.click("ada").await?;
    page.tick("Reveal PUK").await?;
    page.click("Save").await?;
    page.see("ada is saved.").await?;

    page.click("Home").await?;
    page.click("Audit").await?;
    for what in ["Account ada added as operator", "Logged in"] {
        page.see(what).await?;
    }
    page.choose("Kind", "account: all kinds").await?;
    page.click("Search").await?;
    page.see_no("Logged in").await?;
    page.see("Reveal PUK granted to account ada").await?;
    page.fill("By", "nobody-like-it").await?;
    page.click("Search").await?;
    page.see("No event was found.").await?;

    page.go("/audit").await?;
    page.click("Export CSV").await?;
    let export = downloaded(page).await?;
    let key = output(&mut story.desk.registry_command("public-key"))?;
    let said = verify(&export, key.trim())?;
    ensure!(said.status.success(), "{said:?}");
    ensure!(String::from_utf8(said.stdout)?.starts_with("verified\t"), "it says so");

    let text = std::fs::read_to_string(&export)?;
    std::fs::write(&export, text.replace("to account ada", "to account eve"))?;
    ensure!(!verify(&export, key.trim())?.status.success(), "an altered one is found");
    Ok(())
}

#[tokio::test]
async fn an_auditor_sees_the_log_and_changes_nothing() -> anyhow::Result<()> {
    let story = Story::begin(0).await?;
    let page = &story.browser;
    story.log_in(ADMIN).await?;
    let first = story.add_account("ida", "Auditor").await?;
    page.click("Home").await?;
    story.log_out().await?;
    story.log_in_first("ida", &first).await?;
    page.see("What happened, by whom, and when").await?;
    for other in ["Cards", "Workstation", "Workstations", "Accounts", "Admin"] {
        ensure!(!page.offers(other).await?, "an auditor is offered {other}");
    }
    page.click("Audit").await?;
    page.see("Account ida added as auditor").await?;
    for other in ["/accounts", "/workstations", "/accounts/ida"] {
        page.go(other).await?;
        page.see("Ask an admin for the permission.").await?;
        for button in ["Add account", "Add workstation"] {
            ensure!(!page.text().await?.contains(button), "{other} offers {button}");
        }
    }
    page.go("/cards/TC-2026-004102").await?;
    page.see("Commands are for operators.").await
}

/// Waits for the file, which has its name only when it is whole.
async fn downloaded(page: &Browser) -> anyhow::Result<PathBuf> {
    let mut found = None;
    page.wait("the exported file", async || {
        let files = std::fs::read_dir(page.downloads())?.collect::<Result<Vec<_>, _>>()?;
        found =
            files.iter().map(|file| file.path()).find(|it| it.extension() == Some("csv".as_ref()));
        Ok(found.is_some())
    })
    .await?;
    found.context("it was there")
}

fn verify(export: &Path, key: &str) -> anyhow::Result<Output> {
    let mut verify = command(program("cardwright-registry"));
    verify.arg("verify-audit").arg("--export").arg(export).arg("--key").arg(key);
    Ok(verify.output()?)
}
