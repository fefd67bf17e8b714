//! What holds of any text that comes over a wire. The property tests beside this file and the
//! target `frame` in `fuzz/` check the same.

use crate::draw::{Draw, Drawn};
use cardwright_protocol::helper::{Message, RequestFrame};
use cardwright_protocol::job::{JobHeader, SealedJob};
use cardwright_protocol::outcome::{Acknowledgement, ChipReport, JobFailure, Outcome, Receipt};
use cardwright_protocol::registry::audit::{
    AuditExport, AuditPage, AuditQuery, AuditRestoration, Checkpoint,
};
use cardwright_protocol::registry::cards::{Card, CardPage, CardQuery};
use cardwright_protocol::registry::problem::Problem;
use cardwright_protocol::registry::processes::{
    AskForJob, Assessment, HandReport, IssuedJob, Nonce, OutcomeTaken, Process, StartProcess,
};
use cardwright_protocol::registry::session::{Login, Me};
use cardwright_protocol::registry::templates::{ChangeTemplate, Template, TemplateSummary};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// A type that crosses a wire.
pub(crate) trait Wire: Drawn + Serialize + DeserializeOwned + PartialEq + Debug {}

impl<T: Drawn + Serialize + DeserializeOwned + PartialEq + Debug> Wire for T {}

/// Something that is done with each type of the wires.
pub(crate) trait ForEach {
    fn one<T: Wire>(&mut self);
}

/// All that crosses a wire or is signed, whole.
pub(crate) fn every_type(each: &mut impl ForEach) {
    each.one::<RequestFrame>();
    each.one::<Message>();
    each.one::<SealedJob>();
    each.one::<JobHeader>();
    each.one::<ChipReport>();
    each.one::<Receipt>();
    each.one::<JobFailure>();
    each.one::<Acknowledgement>();
    each.one::<Outcome>();
    each.one::<Login>();
    each.one::<Me>();
    each.one::<CardQuery>();
    each.one::<CardPage>();
    each.one::<Card>();
    each.one::<StartProcess>();
    each.one::<Process>();
    each.one::<Nonce>();
    each.one::<HandReport>();
    each.one::<Assessment>();
    each.one::<AskForJob>();
    each.one::<IssuedJob>();
    each.one::<OutcomeTaken>();
    each.one::<AuditQuery>();
    each.one::<AuditPage>();
    each.one::<AuditExport>();
    each.one::<AuditRestoration>();
    each.one::<Checkpoint>();
    each.one::<TemplateSummary>();
    each.one::<Template>();
    each.one::<ChangeTemplate>();
    each.one::<Problem>();
}

/// A text is refused, or it is read, and written and read as the same.
pub(crate) fn text(text: &str) {
    every_type(&mut Text(text));
}

struct Text<'t>(&'t str);

impl ForEach for Text<'_> {
    fn one<T: Wire>(&mut self) {
        if let Ok(value) = serde_json::from_str::<T>(self.0) {
            there_and_back(&value);
        }
    }
}

/// Values made of these bytes are written and read as the same.
pub(crate) fn values(bytes: &[u8]) {
    every_type(&mut Values(bytes));
}

struct Values<'b>(&'b [u8]);

impl ForEach for Values<'_> {
    fn one<T: Wire>(&mut self) {
        there_and_back(&T::drawn(&mut Draw(self.0)));
    }
}

fn there_and_back<T: Wire>(value: &T) {
    let text = serde_json::to_string(value).expect("a value of the wire is plain data");
    match serde_json::from_str::<T>(&text) {
        Ok(again) => assert_eq!(again, *value),
        Err(error) => panic!("{error}: {text}"),
    }
}
