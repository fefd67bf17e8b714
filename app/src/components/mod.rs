//! Parts that several pages are made of.

mod bar;
mod dialog;
mod fetched;
mod page;
mod things;

pub(crate) use bar::{Bar, Brand};
pub(crate) use dialog::Dialog;
pub(crate) use fetched::{Waiting, fetch};
pub(crate) use page::{Crumb, PageHead, move_focus};
pub(crate) use things::{CardThing, Moment, Note, StateWord};
