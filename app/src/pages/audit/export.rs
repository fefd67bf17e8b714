//! *Export CSV*: all events of a search as a file, signed by the registry.

use crate::audit_search::AuditSearch;
use crate::components::{FormNote, Sending};
use crate::registry::Registry;
use crate::trouble::RegistryError;
use crate::words;
use futures_util::future::{Either, select};
use gloo_net::http::Response;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use std::pin::pin;
use wasm_bindgen_futures::JsFuture;
use web_sys::js_sys::{Array, Date, Reflect, Uint8Array};
use web_sys::wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, ReadableStreamDefaultReader, Url};

/// How long the next piece may be on its way, in milliseconds: a wire that was cut says nothing.
const PATIENCE: u32 = 30_000;

/// The button, how far it is, and how the file is checked.
#[component]
pub(super) fn Export(search: AuditSearch) -> impl IntoView {
    let registry = expect_context::<Registry>();
    let sending = Sending::new();
    let arrived = RwSignal::new(0_u64);
    let saved = RwSignal::new(None::<String>);
    let export = move |_| {
        arrived.set(0);
        saved.set(None);
        let search = search.clone();
        let ask = async move {
            let response = registry.audit_export(&search).await?;
            let name = file_name();
            save(response, &name, arrived).await.ok_or(RegistryError::Unreachable)?;
            Ok(name)
        };
        sending.send(ask, move |name| saved.set(Some(name)));
    };
    let said = move || match (sending.busy.get(), saved.get()) {
        (true, _) => format!("Exporting… {}", words::size(arrived.get())),
        (false, Some(name)) => format!("{name}, {}.", words::size(arrived.get())),
        (false, None) => String::new(),
    };
    view! {
        <div class="row">
            <span class="soft small" role="status">
                {said}
            </span>
            <button type="button" class="button small" disabled=sending.busy on:click=export>
                "Export CSV"
            </button>
        </div>
        <div class="across">
            <FormNote complaint=sending.complaint />
            <p class="soft small">
                "The export holds all events of this search, signed. Check it anywhere, without the \
                 registry, by its public key (" <code class="number">"public-key"</code> " prints it): "
                <code class="number">
                    "cardwright-registry verify-audit --export FILE --key KEY"
                </code>
            </p>
        </div>
    }
}

/// Reads an answer to its end and hands it to the person as a file. None where it broke off: then
/// there is no file.
async fn save(response: Response, name: &str, arrived: RwSignal<u64>) -> Option<()> {
    let reader = response.body()?.get_reader().dyn_into::<ReadableStreamDefaultReader>().ok()?;
    let pieces = Array::new();
    while let Some(piece) = next_piece(&reader).await? {
        let more = u64::from(piece.length());
        pieces.push(&piece);
        // A page that is gone needs no file.
        if arrived.try_update(|arrived| *arrived += more).is_none() {
            // What the answer still has is dropped by the browser.
            let _ = reader.cancel();
            return None;
        }
    }
    let options = BlobPropertyBag::new();
    options.set_type("text/csv");
    let blob = Blob::new_with_u8_array_sequence_and_options(&pieces, &options).ok()?;
    let url = Url::create_object_url_with_blob(&blob).ok()?;
    let link = document().create_element("a").ok()?.dyn_into::<HtmlAnchorElement>().ok()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The browser has taken it by now: a click on a download keeps the file of its address.
    Url::revoke_object_url(&url).ok()
}

/// The next piece; `Some(None)` at the end, nothing where it broke off.
async fn next_piece(reader: &ReadableStreamDefaultReader) -> Option<Option<Uint8Array>> {
    let read = pin!(JsFuture::from(reader.read()));
    let piece = match select(read, TimeoutFuture::new(PATIENCE)).await {
        Either::Left((piece, _)) => piece.ok()?,
        Either::Right(_) => return None,
    };
    let field = |name: &str| Reflect::get(&piece, &JsValue::from_str(name)).ok();
    match field("done")?.is_truthy() {
        true => Some(None),
        false => Some(Some(field("value")?.dyn_into().ok()?)),
    }
}

/// Named by the day that it is here.
fn file_name() -> String {
    let today = Date::new_0();
    let (year, month, day) = (today.get_full_year(), today.get_month() + 1, today.get_date());
    format!("audit-{year:04}-{month:02}-{day:02}.csv")
}
