//! What stands in for registry, helpers and browser: how they answer, and what they were asked.

use cardwright_protocol::registry::proof;
use serde::{Deserialize, Serialize};
use wasm_bindgen_futures::JsFuture;
use web_sys::js_sys::{Promise, eval};
use web_sys::wasm_bindgen::{JsCast, JsValue};

/// Makes all of them anew; nobody answers anything yet.
pub(crate) fn begin() {
    run(include_str!("fakes.js"));
    run(include_str!("browser.js"));
}

/// The registry answers a request so from now on.
pub(crate) fn registry_answers(request: &str, status: u16, body: &impl Serialize) {
    let answer = serde_json::json!({ "status": status, "body": json(body) });
    run(&format!("fakes.answers[{}] = {}", json(&request), json(&answer)));
}

/// The helper is there, and answers requests of a type by these messages. The id of an answer is
/// that of its request.
pub(crate) fn helper_answers(answers: &serde_json::Value) {
    run(&format!("fakes.helper = Object.assign(fakes.helper ?? {{}}, {})", json(answers)));
}

/// Another helper is there, on another port than that of this computer's first.
pub(crate) fn another_helper_answers(port: u16, answers: &serde_json::Value) {
    run(&format!("fakes.others[{port}] = {}", json(answers)));
}

/// What answers on the port of this computer's first helper passes on, from now on, what the helper
/// on another port says.
pub(crate) fn helper_relays(port: u16) {
    run(&format!("fakes.relays[8421] = {port}"));
}

/// The helper ends every connection, and says why.
pub(crate) fn helper_ends(code: u16, reason: &str) {
    run(&format!("fakes.end({code}, {})", json(&reason)));
}

/// The page comes from elsewhere, and the browser says this of its permission.
pub(crate) fn page_comes_from(origin: &str, permission: &str) {
    run(&format!("fakes.comeFrom({}, {})", json(&origin), json(&permission)));
}

/// The browser says these of the permission, one after the other whenever it is asked, and tells of
/// no change.
pub(crate) fn permission_is_by_turns(permissions: &[&str]) {
    run(&format!("fakes.permissions = {}", json(&permissions)));
}

/// The permission is changed in the browser.
pub(crate) fn permission_becomes(permission: &str) {
    run(&format!("fakes.permission({})", json(&permission)));
}

/// The helper says something by itself.
pub(crate) fn helper_says(message: &impl Serialize) {
    run(&format!("fakes.say({})", json(&json(message))));
}

/// The helper is gone.
pub(crate) fn helper_stops() {
    run("fakes.stopHelper()");
}

/// This page's own clock goes on by so many seconds at once.
pub(crate) fn time_passes(seconds: u32) {
    run(&format!("fakes.skipped += {}", seconds * 1000));
}

/// The person looks at another tab.
pub(crate) fn another_tab_is_looked_at() {
    run("fakes.lookAway()");
}

/// Every file that was saved so far: name and content.
pub(crate) fn saved_files() -> Vec<(String, String)> {
    let all = run("JSON.stringify(fakes.saved)").as_string().expect("it is a text");
    serde_json::from_str(&all).expect("it is a list of pairs")
}

/// All requests so far that begin so.
pub(crate) fn asked(start: &str) -> Vec<String> {
    let all = run("JSON.stringify(fakes.asked)").as_string().expect("it is a text");
    let all: Vec<String> = serde_json::from_str(&all).expect("it is a list of texts");
    all.into_iter().filter(|asked| asked.starts_with(start)).collect()
}

/// All requests so far, one a line, without their bodies.
pub(crate) fn heads() -> String {
    let head = |it: &String| it.split(' ').take(2).collect::<Vec<_>>().join(" ");
    asked("").iter().map(head).collect::<Vec<_>>().join("\n")
}

/// How many connections to helpers are open.
pub(crate) fn connections() -> usize {
    run("fakes.sockets.length").as_f64().expect("it is a number") as usize
}

/// How a request was proved.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Proof {
    pub(crate) method: String,
    /// Path and query as sent.
    pub(crate) target: String,
    pub(crate) body: String,
    /// Whether cookies go with it.
    pub(crate) credentials: String,
    /// The value of `Authorization`.
    pub(crate) proof: Option<String>,
}

/// All requests to the registry so far.
pub(crate) fn proofs() -> Vec<Proof> {
    let all = run("JSON.stringify(fakes.proofs)").as_string().expect("it is a text");
    serde_json::from_str(&all).expect("it is a list of proofs")
}

/// Whether a request is by the key that it names, as the browser itself verifies.
pub(crate) async fn verifies(proof: &Proof) -> bool {
    let value = proof.proof.as_deref().expect("the request is proved");
    let (key, signature) = proof::parse(value).expect("it is a proof");
    let script = format!(
        "(async () => {{
            const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (it) => parseInt(it, 16));
            const text = (it) => new TextEncoder().encode(it);
            const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', text({body})));
            const hex = [...hash].map((it) => it.toString(16).padStart(2, '0')).join('');
            const message = {message}.replace('HASH', hex.toUpperCase());
            const key = await crypto.subtle.importKey('raw', bytes({key}), 'Ed25519', false, ['verify']);
            return crypto.subtle.verify('Ed25519', key, bytes({signature}), text(message));
        }})()",
        body = json(&proof.body),
        message = json(&proof::message(&proof.method, &proof.target, "HASH")),
        key = json(&key),
        signature = json(&signature),
    );
    let verified = JsFuture::from(run(&script).unchecked_into::<Promise>()).await;
    verified.expect("it can be verified").is_truthy()
}

/// Another page of this origin tells that it logged in or out; the key is gone.
pub(crate) fn another_page_changes_the_key() {
    run("indexedDB.deleteDatabase('cardwright-session').onsuccess = () => {
            const channel = new BroadcastChannel('cardwright-session');
            channel.postMessage(null);
            channel.close();
        }");
}

/// The browser has something not, or another than it has, until the next curtain.
pub(crate) fn browser_has(property: &str, value: &serde_json::Value) {
    run(&format!("fakes.replace({}, {value})", json(&property)));
}

pub(crate) fn run(script: &str) -> JsValue {
    eval(script).expect("the script runs")
}

pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("it is JSON")
}
