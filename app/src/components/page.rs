//! The head of every page: where it is, what it is called, and what can be done with all of it.

use leptos::html;
use leptos::prelude::*;
use web_sys::HtmlElement;

/// One step of the way to a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crumb {
    title: String,
    url: Option<String>,
}

impl Crumb {
    /// A step that can be gone back to.
    pub(crate) fn link(title: &str, url: &str) -> Self {
        Self { title: title.to_owned(), url: Some(url.to_owned()) }
    }

    /// A step that is a name only.
    pub(crate) fn name(title: &str) -> Self {
        Self { title: title.to_owned(), url: None }
    }
}

/// Breadcrumbs and heading. A page that opens says its heading first: focus goes there, and the
/// document is called like it.
#[component]
pub(crate) fn PageHead(
    /// The heading.
    #[prop(into)]
    title: String,
    /// The way here.
    #[prop(optional)]
    crumbs: Vec<Crumb>,
    /// Whether the heading is a number.
    #[prop(optional)]
    number: bool,
    /// What stands beside the heading.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let heading = NodeRef::<html::H1>::new();
    document().set_title(&format!("{title} · Cardwright"));
    Effect::new(move |_| {
        if let Some(heading) = heading.get() {
            move_focus(&heading);
        }
    });
    let crumbs = (!crumbs.is_empty()).then(|| {
        let items = crumbs.into_iter().map(|crumb| match crumb.url {
            Some(url) => view! { <li><a href=url>{crumb.title}</a></li> }.into_any(),
            None => view! { <li>{crumb.title}</li> }.into_any(),
        });
        view! { <nav class="crumbs" aria-label="Breadcrumbs"><ol>{items.collect_view()}</ol></nav> }
    });
    view! {
        <div class="head">
            <div>
                {crumbs}
                <h1 tabindex="-1" class:number=number node_ref=heading>{title}</h1>
            </div>
            {children.map(|children| children())}
        </div>
    }
}

/// Moves the focus, where the browser lets it.
pub(crate) fn move_focus(element: &HtmlElement) {
    // It fails only for an element that cannot have it: nothing to tell anybody.
    let _ = element.focus();
}
