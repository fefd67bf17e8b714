//! What a page asked the registry for: waiting, there, or why not.

use super::page::PageHead;
use super::things::Note;
use crate::helper::Tone;
use crate::trouble::RegistryError;
use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;

/// An answer of the registry that may be on its way. While a newer one is asked for, the last one
/// stays, so that nothing jumps.
pub(crate) struct Fetched<T: Send + Sync + 'static> {
    /// The last answer.
    pub(crate) answer: RwSignal<Option<Result<T, RegistryError>>>,
    /// Whether a newer one is on its way.
    pub(crate) busy: RwSignal<bool>,
    again: Trigger,
}

impl<T: Send + Sync + 'static> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Fetched<T> {}

impl<T: Send + Sync + 'static> Fetched<T> {
    /// Asks again.
    pub(crate) fn reload(self) {
        self.again.notify();
    }
}

/// Asks now, and again whenever a signal that `ask` reads has changed. An answer to an older
/// question is dropped.
pub(crate) fn fetch<T, Answer>(ask: impl Fn() -> Answer + 'static) -> Fetched<T>
where
    T: Send + Sync + 'static,
    Answer: Future<Output = Result<T, RegistryError>> + 'static,
{
    let fetched =
        Fetched { answer: RwSignal::new(None), busy: RwSignal::new(true), again: Trigger::new() };
    Effect::new(move |_| {
        fetched.again.track();
        let answer = ask();
        fetched.busy.set(true);
        spawn_local_scoped_with_cancellation(async move {
            let answer = answer.await;
            fetched.answer.set(Some(answer));
            fetched.busy.set(false);
        });
    });
    fetched
}

/// Shows that an answer is on its way, or why it did not come.
#[component]
pub(crate) fn Waiting<T: Clone + Send + Sync + 'static>(
    fetched: Fetched<T>,
    /// Heading of a page that has none of its own before the answer came.
    #[prop(optional)]
    title: Option<&'static str>,
) -> impl IntoView {
    move || match fetched.answer.get() {
        None => Some(view! { <p class="quietly waiting" role="status">"Loading…"</p> }.into_any()),
        Some(Ok(_)) => None,
        Some(Err(error)) => {
            let advice = error.advice();
            let retry = move |_| fetched.reload();
            let view = view! {
                {title.map(|title| view! { <PageHead title /> })}
                <Note tone=Tone::Bad title=error.to_string() alert=true>
                    {(!advice.is_empty()).then(|| view! { <p>{advice}</p> })}
                    <div class="row">
                        <button type="button" class="button" on:click=retry>
                            "Try again"
                        </button>
                    </div>
                </Note>
            };
            Some(view.into_any())
        }
    }
}
