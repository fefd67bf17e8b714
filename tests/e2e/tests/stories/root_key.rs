//! Home tells an admin until the root key was exported.

use anyhow::{Context as _, ensure};
use cardwright_e2e::{ADMIN, OPERATOR, Story};
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

const NOTICE: &str = "No copy of the root key was exported.";

#[tokio::test]
async fn home_tells_an_admin_until_the_root_key_was_exported() -> anyhow::Result<()> {
    let story = Story::begin(0).await?;
    let page = &story.browser;
    story.log_in(OPERATOR).await?;
    page.click("Home").await?;
    page.see("This workstation").await?;
    ensure!(!page.text().await?.contains(NOTICE), "an operator can do nothing about it");
    story.log_out().await?;

    story.log_in(ADMIN).await?;
    page.click("Home").await?;
    page.see(NOTICE).await?;
    export_root_key(&story, &story.desk.data().join("keys.age"))?;
    // The admin comes back from the terminal to this window.
    page.script("window.dispatchEvent(new Event('focus'))").await?;
    page.see_no(NOTICE).await?;
    page.reload().await?;
    page.see("This workstation").await?;
    ensure!(!page.text().await?.contains(NOTICE), "it does not come back");
    Ok(())
}

fn export_root_key(story: &Story, to: &Path) -> anyhow::Result<()> {
    let mut export = story
        .desk
        .registry_command("export-root-key")
        .arg("--to")
        .arg(to)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    export.stdin.take().context("a pipe")?.write_all(b"a passphrase of many words\n")?;
    ensure!(export.wait()?.success(), "the keys are exported");
    ensure!(to.exists(), "into a file");
    Ok(())
}
