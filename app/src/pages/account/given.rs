//! A password that the registry made, shown once.

use crate::components::{Dialog, Once, ShownOnce};
use cardwright_protocol::registry::accounts::NewPassword;
use leptos::prelude::*;

/// The password that was made last. The password itself is in the document alone.
#[derive(Clone, Copy)]
pub(crate) struct Given {
    place: ShownOnce,
    /// Whose it is; none where the dialog is closed.
    name: RwSignal<Option<String>>,
}

impl Given {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { place: ShownOnce::new(), name: RwSignal::new(None) }
    }

    /// Opens the dialog.
    pub(crate) fn show(self, password: NewPassword) {
        let NewPassword { account, password } = password;
        self.place.show(&password);
        self.name.set(Some(account.name));
    }

    fn close(self) {
        self.place.wipe();
        self.name.set(None);
    }
}

/// The dialog that shows it.
#[component]
pub(crate) fn GivenDialog(given: Given) -> impl IntoView {
    let open = Memo::new(move |_| given.name.with(Option::is_some));
    // The dialog keeps its words while it closes.
    let name = Memo::new(move |last: Option<&String>| {
        given.name.get().or_else(|| last.cloned()).unwrap_or_default()
    });
    view! {
        <Dialog title="The new password" open on_close=Callback::new(move |()| given.close())>
            <p>"For " <strong>{name}</strong> ":"</p>
            <Once place=given.place label="Password" />
            <p>
                "It is shown this once and kept nowhere. Give it to its owner alone; at the next \
                 login they choose another one."
            </p>
            <div class="row end">
                <button type="button" class="button main" on:click=move |_| given.close()>
                    "Close"
                </button>
            </div>
        </Dialog>
    }
}
