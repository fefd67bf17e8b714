use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// A secret as it would be read in a text, with what that is called: hexadecimal digits, alone or
/// with something between them, lists of numbers as Debug prints them, and base64 wherever it begins
/// in what was encoded.
pub(super) fn forms(secret: &[u8]) -> Vec<(&'static str, String)> {
    let mut forms = Vec::new();
    for between in ["", " ", ":", ", ", ", 0x"] {
        forms.push(("in hexadecimal", joined(secret, between, |byte| format!("{byte:02x}"))));
        forms.push(("in hexadecimal", joined(secret, between, |byte| format!("{byte:02X}"))));
    }
    for digits in [|byte: u8| format!("{byte}"), |byte| format!("{byte:x}")] {
        forms.push(("as a list of numbers", joined(secret, ", ", digits)));
    }
    for before in 0..3 {
        let bytes = [&vec![0; before], secret].concat();
        // Characters that depend on nothing but the secret.
        let own = (8 * before).div_ceil(6)..8 * bytes.len() / 6;
        for engine in [STANDARD, URL_SAFE] {
            forms.push(("in base64", engine.encode(&bytes)[own.clone()].to_owned()));
        }
    }
    forms.sort_by(|(_, one), (_, other)| one.cmp(other));
    forms.dedup_by(|(_, one), (_, other)| one == other);
    forms
}

fn joined(secret: &[u8], between: &str, digits: impl Fn(u8) -> String) -> String {
    let bytes: Vec<_> = secret.iter().map(|byte| digits(*byte)).collect();
    bytes.join(between)
}
