//! Values made of bytes: a property test or a fuzzer chooses the bytes.

use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::secret_text::SecretText;
use cardwright_protocol::signed::{Signed, Statement};

/// Bytes to be used up; then zeros, which make the smallest values.
pub(crate) struct Draw<'b>(pub(crate) &'b [u8]);

impl Draw<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// One of so many, at most 256.
    pub(crate) fn index(&mut self, choices: usize) -> usize {
        usize::from(self.byte()) % choices
    }
}

/// A value that can be made of any bytes.
pub(crate) trait Drawn {
    fn drawn(draw: &mut Draw<'_>) -> Self;
}

impl Drawn for bool {
    fn drawn(draw: &mut Draw<'_>) -> Self {
        draw.index(2) == 1
    }
}

impl Drawn for u64 {
    /// Often the smallest or the largest.
    fn drawn(draw: &mut Draw<'_>) -> Self {
        match draw.index(4) {
            0 => 0,
            1 => Self::MAX,
            _ => Self::from_be_bytes(std::array::from_fn(|_| draw.byte())),
        }
    }
}

macro_rules! smaller_number {
    ($($name:ty),*) => {$(
        impl Drawn for $name {
            fn drawn(draw: &mut Draw<'_>) -> Self {
                u64::drawn(draw) as Self
            }
        }
    )*};
}

smaller_number!(u8, u16, u32);

impl Drawn for String {
    /// Characters that JSON writes as they are, and those that it does not.
    fn drawn(draw: &mut Draw<'_>) -> Self {
        const STRANGE: [char; 8] = ['"', '\\', '\0', '\n', '\u{7F}', 'é', '\u{2028}', '\u{10FFFF}'];
        let length = draw.index(10);
        let character = |_| match draw.byte() {
            byte @ 0x20..=0x7E => char::from(byte),
            byte => STRANGE[usize::from(byte) % STRANGE.len()],
        };
        (0..length).map(character).collect()
    }
}

impl Drawn for SecretText {
    fn drawn(draw: &mut Draw<'_>) -> Self {
        Self::new(String::drawn(draw))
    }
}

impl Drawn for HexBytes {
    fn drawn(draw: &mut Draw<'_>) -> Self {
        let length = draw.index(20);
        Self((0..length).map(|_| draw.byte()).collect())
    }
}

impl<T: Drawn> Drawn for Option<T> {
    fn drawn(draw: &mut Draw<'_>) -> Self {
        bool::drawn(draw).then(|| T::drawn(draw))
    }
}

impl<T: Drawn> Drawn for Box<T> {
    fn drawn(draw: &mut Draw<'_>) -> Self {
        Self::new(T::drawn(draw))
    }
}

impl<T: Drawn> Drawn for Vec<T> {
    fn drawn(draw: &mut Draw<'_>) -> Self {
        let length = draw.index(4);
        (0..length).map(|_| T::drawn(draw)).collect()
    }
}

impl<T: Drawn + Statement> Drawn for Signed<T> {
    fn drawn(draw: &mut Draw<'_>) -> Self {
        let statement = serde_json::to_string(&T::drawn(draw)).expect("a statement is plain data");
        Self::from_parts(statement, HexBytes::drawn(draw))
    }
}
