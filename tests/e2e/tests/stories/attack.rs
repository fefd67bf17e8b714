//! Pages that are not the registry's try to reach helper and registry, in the browser in which an
//! operator is logged in. None gets past a refusal; the registry's own page without a ticket gets
//! past `hello`, and no further.

use anyhow::{Context as _, ensure};
use cardwright_e2e::{Browser, ForeignSite, OPERATOR, Story};
use serde_json::Value;

/// A name that resolves to 127.0.0.1.
const REBOUND: &str = "rebound.example";

/// What every attacker does, given the ports: says all that a page can say, and tells what came
/// back.
const ATTACK: &str = r#"
async function attack(helper, registry, hosts) {
    const requests = [
        {"type": "hello", "protocol": 2},
        {"type": "outcomes"},
        {"type": "authenticate", "ticket": {"statement": "{}", "signature": "00"}},
        {"type": "inspect", "reader": "r1", "insertion": "i1", "registry_nonce": "00"},
    ];
    const speak = (host) => new Promise((done) => {
        const found = {to: host, opened: false, said: []};
        const socket = new WebSocket(`ws://${host}:${helper}/`);
        socket.onopen = () => {
            found.opened = true;
            requests.forEach((request, id) => socket.send(JSON.stringify({id, request})));
        };
        socket.onmessage = (message) => found.said.push(message.data);
        socket.onclose = (close) => done({...found, code: close.code});
    });
    const read = async (url, options) => {
        try {
            const answer = await fetch(url, options);
            return {to: url, opened: answer.type !== "opaque", said: [await answer.text()].filter(Boolean)};
        } catch (error) {
            return {to: url, opened: false, said: []};
        }
    };
    const found = [];
    for (const host of hosts) {
        found.push(await speak(host));
        found.push(await read(`http://${host}:${helper}/`, {}));
        found.push(await read(`http://${host}:${helper}/`, {mode: "no-cors", method: "POST", body: "{}"}));
        for (const mode of ["cors", "no-cors"]) {
            const options = {mode, credentials: "include"};
            found.push(await read(`http://${host}:${registry}/api/v1/session`, options));
            found.push(await read(`http://${host}:${registry}/api/v1/session`, {...options, method: "POST", body: "{}"}));
        }
    }
    return found;
}
"#;

/// The page of another program, with a frame that is shut into a sandbox.
const PAGE: &str = "<!doctype html><title>Another program</title><p>Another program</p>";

/// One frame without an origin of its own, which tells its parent what it found.
fn from_a_sandbox(call: &str) -> String {
    format!(
        "{ATTACK}
         const frame = document.createElement('iframe');
         frame.setAttribute('sandbox', 'allow-scripts');
         frame.srcdoc = '<script>' + attack.toString()
             + '; {call}.then((found) => parent.postMessage(found, \"*\"));</scr' + 'ipt>';
         const told = new Promise((done) => {{
             window.onmessage = (message) => done(message.data);
         }});
         document.body.append(frame);
         return told;"
    )
}

#[tokio::test]
async fn no_foreign_page_gets_past_a_refusal() -> anyhow::Result<()> {
    let story = Story::begin(2).await?;
    let rule = format!("--host-resolver-rules=MAP {REBOUND} 127.0.0.1");
    let browser = Browser::open_with(&story.desk.url, &[&rule]).await?;
    story.log_in_at(&browser, OPERATOR).await?;
    browser.go("/workstation").await?;
    browser.see("answers.").await?;

    let site = ForeignSite::start(PAGE).await?;
    let port = |address: &str| address.rsplit(':').next().map(str::to_owned).context("a port");
    let (helper, registry) = (port(&story.desk.helper_address())?, port(&story.desk.url)?);
    let hosts = format!("['127.0.0.1', 'localhost', '{REBOUND}']");
    let call = format!("attack({helper}, {registry}, {hosts})");
    let file = story.desk.data().join("attack.html");
    std::fs::write(&file, PAGE)?;
    let here = format!("http://127.0.0.1:{}/", site.port);
    let pages = [
        here.clone(),
        format!("http://localhost:{}/", site.port),
        format!("http://{REBOUND}:{}/", site.port),
        format!("file://{}", file.display()),
    ];
    for page in &pages {
        browser.visit(page).await?;
        check(page, &browser.promise(&format!("{ATTACK} return {call};")).await?)?;
    }
    browser.visit(&here).await?;
    let call = call.replace('\'', "\\'");
    check("a sandbox", &browser.promise(&from_a_sandbox(&call)).await?)?;

    for head in site.heads() {
        let head = head.to_lowercase();
        ensure!(!head.contains("\r\ncookie:"), "the browser hands nothing over: {head}");
        ensure!(!head.contains("\r\nauthorization:"), "the browser hands nothing over: {head}");
    }
    // Whoever is let in works on.
    browser.go("/workstation").await?;
    browser.see("answers.").await
}

/// Every attempt was refused, and told nothing.
fn check(from: &str, found: &Value) -> anyhow::Result<()> {
    let found = found.as_array().with_context(|| format!("{from}: {found}"))?;
    ensure!(found.len() == 21, "{from} tried everything: {found:?}");
    for attempt in found {
        let is_refused = attempt["opened"] == false && attempt["said"] == serde_json::json!([]);
        ensure!(is_refused, "{from} got through: {attempt}");
    }
    Ok(())
}

/// A script in the registry's own page, where nobody is logged in.
#[tokio::test]
async fn the_own_page_without_a_ticket_gets_past_hello_and_no_further() -> anyhow::Result<()> {
    let story = Story::begin(2).await?;
    story.browser.see("Password").await?;
    let address = story.desk.helper_address();
    let (_, helper) = address.rsplit_once(':').context("a port")?;
    let script = format!("{ATTACK} return attack({helper}, 1, ['127.0.0.1']);");
    let found = story.browser.promise(&script).await?;
    let spoken = &found[0];
    ensure!(spoken["opened"] == true && spoken["code"] == 4401, "{spoken}");
    let said = spoken["said"].as_array().context("messages")?;
    let kinds: Vec<Value> = said
        .iter()
        .map(|text| serde_json::from_str::<Value>(text.as_str().unwrap_or_default()))
        .map(|message| message.map(|message| message["type"].clone()))
        .collect::<Result<_, _>>()?;
    ensure!(kinds == ["hello", "refused"], "{said:?}");
    Ok(())
}
