//! The helper that this browser used last. It is a name, and no secret.

use cardwright_protocol::ids::WorkstationId;
use leptos::prelude::window;
use web_sys::Storage;

const KEY: &str = "cardwright-workstation";

/// The helper that was used last, where the browser remembers one.
pub(super) fn read() -> Option<WorkstationId> {
    storage()?.get_item(KEY).ok().flatten().map(WorkstationId)
}

/// Remembers a helper.
pub(super) fn write(id: &WorkstationId) {
    // A browser that keeps nothing lets the person choose again.
    let _ = storage().map(|storage| storage.set_item(KEY, &id.0));
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}
