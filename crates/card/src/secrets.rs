use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

/// A text is not a PIN, a PUK or a key of the wanted kind. It does not say the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {0}")]
pub struct MalformedSecret(pub &'static str);

/// The PIV application PIN (key reference `80`): 6 to 8 decimal digits, padded with `FF` to
/// 8 bytes (SP 800-73-5 part 2, 2.4.3). A malformed PIN is never sent: one card counts it as a
/// try, another does not.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Pin([u8; 8]);

impl Pin {
    /// Reads 6 to 8 decimal digits.
    ///
    /// # Errors
    /// [`MalformedSecret`] for everything else.
    pub fn parse(digits: &str) -> Result<Self, MalformedSecret> {
        let is_pin = (6..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if !is_pin {
            return Err(MalformedSecret("6 to 8 decimal digits"));
        }
        let mut padded = [0xFF; 8];
        padded[..digits.len()].copy_from_slice(digits.as_bytes());
        Ok(Self(padded))
    }

    /// How many digits it has: 6 to 8.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.iter().filter(|byte| **byte != 0xFF).count()
    }

    /// The 8 bytes that a chip is sent.
    pub(crate) fn padded(&self) -> &[u8; 8] {
        &self.0
    }
}

/// The PIN unblocking key (key reference `81`): 8 decimal digits, which is what every card takes.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Puk([u8; 8]);

impl Puk {
    /// Reads 8 decimal digits.
    ///
    /// # Errors
    /// [`MalformedSecret`] for everything else.
    pub fn parse(digits: &str) -> Result<Self, MalformedSecret> {
        match <[u8; 8]>::try_from(digits.as_bytes()) {
            Ok(bytes) if bytes.iter().all(u8::is_ascii_digit) => Ok(Self(bytes)),
            _ => Err(MalformedSecret("8 decimal digits")),
        }
    }

    /// The 8 bytes that a chip is sent.
    pub(crate) fn bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

macro_rules! secret {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }

        impl Eq for $name {}
    };
}

secret!(Pin);
secret!(Puk);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_6_to_8_digits() {
        assert_eq!(Pin::parse("123456").unwrap().padded(), b"123456\xFF\xFF");
        assert_eq!(Pin::parse("12345678").unwrap().padded(), b"12345678");
        assert_eq!(Pin::parse("1234567").unwrap().length(), 7);
        for wrong in ["", "12345", "123456789", "12345a", "１２３４５６", " 123456"] {
            assert!(Pin::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn puks_are_8_digits() {
        assert!(Puk::parse("12345678").is_ok());
        for wrong in ["", "1234567", "123456789", "1234567x"] {
            assert!(Puk::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn secrets_print_as_stars() {
        assert_eq!(format!("{:?}", Pin::parse("123456").unwrap()), "Pin(***)");
        assert_eq!(format!("{:?}", Puk::parse("12345678").unwrap()), "Puk(***)");
    }
}
