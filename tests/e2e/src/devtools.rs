use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// How long an answer may take; a picture of the whole memory takes its time, and more of it where
/// many programs share a slow computer.
const PATIENCE: Duration = Duration::from_secs(300);

/// How often what was recorded is looked at meanwhile.
const GLANCE: Duration = Duration::from_millis(40);

/// Chromium's own view of a page, over the Chrome DevTools Protocol: everything that it sends and
/// is sent, and its memory.
pub struct Devtools {
    calls: mpsc::UnboundedSender<Call>,
}

struct Call {
    method: String,
    parameters: Value,
    answer: oneshot::Sender<Value>,
}

impl Devtools {
    /// Attaches to the one page of a browser, whose files are below this folder, and begins to
    /// record.
    ///
    /// # Errors
    /// When the browser does not let us in.
    pub(crate) async fn attach(folder: &Path) -> anyhow::Result<(Self, Traffic)> {
        let place = find(folder, "DevToolsActivePort").context("Chromium tells its port")?;
        let text = std::fs::read_to_string(place)?;
        let (port, path) = text.trim().split_once('\n').context("port and path")?;
        let stream = TcpStream::connect(format!("127.0.0.1:{port}")).await?;
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let url = format!("ws://127.0.0.1:{port}{path}");
        let (socket, _) = client_async_with_config(url, stream, Some(config)).await?;
        let (calls, queue) = mpsc::unbounded_channel();
        let (asks, asked) = mpsc::unbounded_channel();
        tokio::spawn(converse(socket, queue, asked));
        let devtools = Self { calls };
        let targets = devtools.call("Target.getTargets", json!({})).await?;
        let page = targets["targetInfos"].as_array().and_then(|targets| {
            targets.iter().find(|target| target["type"] == "page")?["targetId"].as_str()
        });
        let parameters = json!({ "targetId": page.context("a page")?, "flatten": true });
        devtools.call("Target.attachToTarget", parameters).await?;
        devtools.call("Network.enable", json!({ "maxPostDataSize": 1 << 20 })).await?;
        Ok((devtools, Traffic { asks }))
    }

    /// The page's memory: every object and text of its JavaScript heap, and the whole memory of
    /// its Wasm.
    ///
    /// # Errors
    /// When the browser does not give it.
    pub async fn memory(&self, traffic: &Traffic) -> anyhow::Result<Memory> {
        traffic.take().await?;
        self.call("HeapProfiler.enable", json!({})).await?;
        self.call("HeapProfiler.takeHeapSnapshot", json!({ "reportProgress": false })).await?;
        let heap = strings_of(&traffic.take().await?)?;
        let prototype = self
            .call("Runtime.evaluate", json!({ "expression": "WebAssembly.Memory.prototype" }))
            .await?;
        let prototype = &prototype["result"]["objectId"];
        let found =
            self.call("Runtime.queryObjects", json!({ "prototypeObjectId": prototype })).await?;
        let read = "function () {
            return this.map((memory) => new Uint8Array(memory.buffer).toHex()).join('');
        }";
        let parameters = json!({
            "objectId": found["objects"]["objectId"],
            "functionDeclaration": read,
            "returnByValue": true,
        });
        let read = self.call("Runtime.callFunctionOn", parameters).await?;
        let wasm = hex::decode(read["result"]["value"].as_str().context("hexadecimal digits")?)?;
        ensure!(wasm.len() > 1 << 20, "the app's memory is more than {} bytes", wasm.len());
        Ok(Memory { heap, wasm })
    }

    /// What the person answered when the browser asked whether pages of this origin may reach
    /// programs on this computer: `granted`, `denied`, or `prompt` before any answer.
    ///
    /// # Errors
    /// When the browser knows no such permission.
    pub async fn answer_for(&self, origin: &str, answer: &str) -> anyhow::Result<()> {
        let permission = json!({ "name": "loopback-network" });
        let parameters = json!({ "permission": permission, "setting": answer, "origin": origin });
        self.call("Browser.setPermission", parameters).await.map(drop)
    }

    async fn call(&self, method: &str, parameters: Value) -> anyhow::Result<Value> {
        let (answer, answered) = oneshot::channel();
        let call = Call { method: method.to_owned(), parameters, answer };
        self.calls.send(call).ok().context("the browser is gone")?;
        let answer = tokio::time::timeout(PATIENCE, answered).await.context("in time")?;
        let answer = answer.context("the browser is gone")?;
        match answer.get("error") {
            Some(error) => bail!("{method}: {error}"),
            None => Ok(answer["result"].clone()),
        }
    }
}

/// The memory of a page.
pub struct Memory {
    /// All texts of the heap snapshot, a line each.
    pub heap: String,
    /// All of WebAssembly's memory.
    pub wasm: Vec<u8>,
}

/// What a page sent and was sent.
pub struct Traffic {
    asks: mpsc::UnboundedSender<oneshot::Sender<String>>,
}

impl Traffic {
    /// All since the last call: requests with their bodies, answers with theirs, WebSocket frames.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn take(&self) -> anyhow::Result<String> {
        let (answer, answered) = oneshot::channel();
        self.asks.send(answer).ok().context("the browser is gone")?;
        answered.await.context("the browser is gone")
    }

    /// The same, once all of these words are in it: Chromium tells of a message later than the page
    /// gets it.
    ///
    /// # Errors
    /// Which words did not come.
    pub async fn take_with(&self, words: &[&str]) -> anyhow::Result<String> {
        let begun = Instant::now();
        let mut taken = String::new();
        loop {
            taken += &self.take().await?;
            let Some(missing) = words.iter().find(|words| !taken.contains(**words)) else {
                return Ok(taken);
            };
            ensure!(begun.elapsed() < PATIENCE, "the traffic never had {missing}");
            tokio::time::sleep(GLANCE).await;
        }
    }
}

/// Carries calls and answers, records events, and asks for the body of each answer that came.
async fn converse(
    mut socket: WebSocketStream<TcpStream>,
    mut calls: mpsc::UnboundedReceiver<Call>,
    mut asked: mpsc::UnboundedReceiver<oneshot::Sender<String>>,
) {
    let (mut id, mut session) = (0_u64, Value::Null);
    let mut waiting = std::collections::HashMap::new();
    let mut recorded = String::new();
    loop {
        tokio::select! {
            call = calls.recv() => {
                let Some(Call { method, parameters, answer }) = call else { return };
                id += 1;
                waiting.insert(id, answer);
                if send(&mut socket, id, &session, &method, parameters).await.is_err() {
                    return;
                }
            }
            Some(answer) = asked.recv() => {
                let _ = answer.send(std::mem::take(&mut recorded));
            }
            frame = socket.next() => {
                let Some(Ok(frame)) = frame else { return };
                let Message::Text(text) = frame else { continue };
                let Ok(mut message) = serde_json::from_str::<Value>(&text) else { continue };
                if message["method"] == "Target.attachedToTarget" {
                    session = message["params"]["sessionId"].take();
                    continue;
                }
                if message["method"] == "Network.loadingFinished" {
                    id += 1;
                    let parameters = json!({ "requestId": message["params"]["requestId"] });
                    let body = "Network.getResponseBody";
                    if send(&mut socket, id, &session, body, parameters).await.is_err() {
                        return;
                    }
                }
                let answered = message["id"].as_u64().and_then(|id| waiting.remove(&id));
                match answered {
                    Some(answer) => drop(answer.send(message)),
                    None => {
                        recorded += &readable(&message, &text);
                        recorded.push('\n');
                    }
                }
            }
        }
    }
}

/// The texts in a recorded heap snapshot. Its numbers are places and lengths.
fn strings_of(recorded: &str) -> anyhow::Result<String> {
    let snapshot: String = recorded.lines().filter_map(chunk).collect();
    let snapshot: Value = serde_json::from_str(&snapshot)?;
    let strings = snapshot["strings"].as_array().context("the snapshot has texts")?;
    Ok(strings.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"))
}

fn chunk(line: &str) -> Option<String> {
    let event: Value = serde_json::from_str(line).ok()?;
    Some(event["params"]["chunk"].as_str()?.to_owned())
}

/// The text of an event, and that of the body or frame that is inside.
fn readable(message: &Value, text: &str) -> String {
    let inside = [
        &message["params"]["response"]["payloadData"],
        &message["result"]["body"],
        &message["params"]["request"]["postData"],
    ];
    match inside.into_iter().find_map(Value::as_str) {
        Some(inside) => format!("{text}\n{inside}"),
        None => text.to_owned(),
    }
}

async fn send(
    socket: &mut WebSocketStream<TcpStream>,
    id: u64,
    session: &Value,
    method: &str,
    parameters: Value,
) -> anyhow::Result<()> {
    let mut call = json!({ "id": id, "method": method, "params": parameters });
    if let Some(session) = session.as_str() {
        call["sessionId"] = session.into();
    }
    Ok(socket.send(Message::text(call.to_string())).await?)
}

/// The file of this name below a folder.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    // What Chromium removes meanwhile is not it.
    std::fs::read_dir(folder).ok()?.flatten().find_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => find(&entry.path(), name),
        Ok(_) if entry.file_name() == name => Some(entry.path()),
        _ => None,
    })
}
