//! The registry is a server elsewhere, with https: browsers ask whether its pages may reach the
//! helper.

use anyhow::ensure;
use cardwright_e2e::{OPERATOR, Story};

#[tokio::test]
async fn the_page_explains_before_the_browser_asks_and_follows_the_answer() -> anyhow::Result<()> {
    let story = Story::begin_elsewhere(2).await?;
    let (devtools, _traffic) = story.browser.devtools().await?;
    let (page, origin) = (&story.browser, story.desk.url.as_str());
    devtools.answer_for(origin, "prompt").await?;
    story.log_in(OPERATOR).await?;
    page.go("/workstation").await?;
    page.see("Ask the browser").await?;
    ensure!(
        !page.text().await?.contains("on desk-1 answers."),
        "nothing is tried before the person knows"
    );

    devtools.answer_for(origin, "granted").await?;
    page.see("on desk-1 answers.").await?;
    page.see("1 card").await?;

    devtools.answer_for(origin, "denied").await?;
    page.reload().await?;
    page.see("LoopbackNetworkAllowedForUrls").await?;
    page.see(origin).await?;

    devtools.answer_for(origin, "granted").await?;
    page.see("on desk-1 answers.").await
}
