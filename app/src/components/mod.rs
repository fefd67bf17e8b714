//! Parts that several pages are made of.

mod away_note;
mod bar;
mod dialog;
mod failure;
mod fetched;
mod page;
mod take_over;
mod things;

pub(crate) use away_note::{AwayBody, AwayNote};
pub(crate) use bar::{Bar, Brand};
pub(crate) use dialog::Dialog;
pub(crate) use failure::FailureNote;
pub(crate) use fetched::{Waiting, fetch};
pub(crate) use page::{Crumb, PageHead, move_focus};
pub(crate) use take_over::TakeOver;
pub(crate) use things::{CardThing, Moment, Note, StateWord};
