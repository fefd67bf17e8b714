//! Values of every type, texts with something wrong in them, and texts of any kind.

use crate::checks::{self, ForEach, Wire, every_type};
use crate::draw::{Draw, Drawn};
use cardwright_protocol::helper::{MAX_FRAME_LENGTH, Message, RequestFrame};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..300)
}

fn frame() -> impl Strategy<Value = String> {
    (bytes(), any::<bool>()).prop_map(|(bytes, is_request)| {
        let draw = &mut Draw(&bytes);
        match is_request {
            true => serde_json::to_string(&RequestFrame::drawn(draw)).unwrap(),
            false => serde_json::to_string(&Message::drawn(draw)).unwrap(),
        }
    })
}

/// What is put in at any place of a text.
fn splinter() -> impl Strategy<Value = String> {
    let strange = ["1e999", "-1", "18446744073709551616", "0.5", "null", "{}", "[]", "\"\"", "\\u"];
    let word = select(strange.to_vec()).prop_map(str::to_owned);
    let nested = (1_usize..3000, select(vec!["[", "{\"a\":", "{\"type\":"]))
        .prop_map(|(depth, opening)| opening.repeat(depth));
    prop_oneof![3 => word, 2 => ".{0,3}", 1 => nested]
}

/// A frame in which some characters are lost, and others come in.
fn wrong_frame() -> impl Strategy<Value = String> {
    let mistake = (any::<Index>(), 0_usize..12, splinter());
    (frame(), prop::collection::vec(mistake, 1..4)).prop_map(|(frame, mistakes)| {
        let mut characters: Vec<char> = frame.chars().collect();
        for (place, lost, splinter) in mistakes {
            let start = place.index(characters.len() + 1);
            let end = (start + lost).min(characters.len());
            characters.splice(start..end, splinter.chars());
        }
        characters.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn every_value_is_read_as_it_was_written(bytes in bytes()) {
        checks::values(&bytes);
    }

    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof![frame(), wrong_frame(), ".{0,80}"]) {
        checks::text(&text);
    }

    #[test]
    fn a_field_too_many_is_refused_at_any_depth(bytes in bytes(), place: Index) {
        every_type(&mut OneMore { bytes: &bytes, place });
    }
}

struct OneMore<'b> {
    bytes: &'b [u8],
    place: Index,
}

impl ForEach for OneMore<'_> {
    fn one<T: Wire>(&mut self) {
        let mut json = serde_json::to_value(T::drawn(&mut Draw(self.bytes))).unwrap();
        let objects = objects(&json);
        let pointer = &objects[self.place.index(objects.len())];
        json.pointer_mut(pointer).unwrap()["more"] = Value::from(1);
        assert!(serde_json::from_value::<T>(json.clone()).is_err(), "{json}");
    }
}

/// Where the objects are in a value, itself included: JSON pointers (RFC 6901). No field of a wire
/// has a name that must be escaped there.
fn objects(value: &Value) -> Vec<String> {
    let within = |name: &dyn std::fmt::Display, inner: &Value| {
        objects(inner).into_iter().map(|pointer| format!("/{name}{pointer}")).collect::<Vec<_>>()
    };
    match value {
        Value::Array(values) => {
            values.iter().enumerate().flat_map(|(index, inner)| within(&index, inner)).collect()
        }
        Value::Object(fields) => {
            let inner = fields.iter().flat_map(|(name, inner)| within(name, inner));
            [String::new()].into_iter().chain(inner).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn frames_that_are_nested_without_end_are_refused() {
    for opening in ["[", "{\"id\":", "{\"id\":1,\"request\":", "{\"type\":\"ended\",\"outcome\":"] {
        checks::text(&opening.repeat(MAX_FRAME_LENGTH / opening.len()));
    }
}
