//! Parts that several pages are made of.

mod away_note;
mod bar;
mod command;
mod copy;
mod dialog;
mod failure;
mod fetched;
mod field;
mod form;
mod once;
mod page;
mod pages;
mod take_over;
mod things;

pub(crate) use away_note::{AwayBody, AwayNote};
pub(crate) use bar::{Bar, Brand};
pub(crate) use command::CommandButton;
pub(crate) use copy::CopyLine;
pub(crate) use dialog::Dialog;
pub(crate) use failure::FailureNote;
pub(crate) use fetched::{Fetched, Waiting, fetch};
pub(crate) use field::{Check, Described, Hint, ReasonField, TextField, Wrong, typed_reason};
pub(crate) use form::{FormNote, Sending};
pub(crate) use once::{Once, ShownOnce};
pub(crate) use page::{Crumb, PageHead, move_focus};
pub(crate) use pages::Pages;
pub(crate) use take_over::TakeOver;
pub(crate) use things::{CardThing, Moment, Note, StateWord};
