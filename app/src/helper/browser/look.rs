//! Asks the browser how it stands.

use super::{Permission, Surroundings, Way};
use leptos::prelude::window;
use std::future::pending;
use wasm_bindgen_futures::JsFuture;
use web_sys::js_sys::{Object, Promise, Reflect};
use web_sys::wasm_bindgen::{JsCast, JsValue};
use web_sys::{PermissionState, PermissionStatus};

/// The permission's name. The older one, `local-network-access`, is never asked for: some versions
/// of Chromium crash on it.
const NAME: &str = "loopback-network";

/// What the browser does with the way to the helper now.
pub(in crate::helper) async fn look() -> Way {
    let surroundings = surroundings();
    let permission = match surroundings.need_permission() {
        true => permission().await,
        false => Permission::Unknown,
    };
    surroundings.way(permission)
}

/// Comes when the permission is not any more what it was when this way was seen; never where there
/// is none.
pub(in crate::helper) async fn changed_since(seen: &Way) {
    let surroundings = surroundings();
    if surroundings.need_permission()
        && let Ok(status) = query().await
    {
        let changed = Promise::new(&mut |resolve, _| status.set_onchange(Some(&resolve)));
        // No event tells of a change before this status was there.
        let now = surroundings.way(permission_of(&status));
        if now != *seen || JsFuture::from(changed).await.is_ok() {
            return;
        }
    }
    pending().await
}

fn surroundings() -> Surroundings {
    let window = window();
    let framed = window.top().ok().flatten().is_some_and(|top| top != window);
    // Only a frame of the same origin is told what it is in.
    let foreign_frame = framed && !matches!(window.frame_element(), Ok(Some(_)));
    // Browsers of other makers that are WebKit inside say so as well; no feature tells them apart.
    let vendor = Reflect::get(&window.navigator(), &"vendor".into());
    let webkit = vendor.ok().and_then(|vendor| vendor.as_string());
    let webkit = webkit.is_some_and(|vendor| vendor.starts_with("Apple"));
    Surroundings { origin: window.origin(), foreign_frame, webkit }
}

async fn permission() -> Permission {
    query().await.map_or(Permission::Unknown, |status| permission_of(&status))
}

fn permission_of(status: &PermissionStatus) -> Permission {
    match status.state() {
        PermissionState::Granted => Permission::Granted,
        PermissionState::Denied => Permission::Denied,
        _ => Permission::Prompt,
    }
}

async fn query() -> Result<PermissionStatus, JsValue> {
    let descriptor = Object::new();
    Reflect::set(&descriptor, &"name".into(), &NAME.into())?;
    let status = window().navigator().permissions()?.query(&descriptor)?;
    Ok(JsFuture::from(status).await?.unchecked_into())
}
