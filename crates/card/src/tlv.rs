//! BER-TLV as smart cards use it (ISO 7816-4, 5.2.2): tags of one to three bytes, lengths of up
//! to three bytes after their first. Reading never panics, whatever it is given.

use zeroize::Zeroizing;

/// One data object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'b> {
    /// The tag's bytes as one number, such as `53` or `7F49`.
    pub tag: u32,
    /// Its value.
    pub value: &'b [u8],
}

/// The bytes are not BER-TLV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not BER-TLV")]
pub struct NotTlv;

/// Reads data objects one after the other. `00` and `FF` between them are padding (ISO 7816-4,
/// 5.2.2.1).
///
/// # Errors
/// [`NotTlv`] when anything but whole data objects is there.
pub fn parse(bytes: &[u8]) -> Result<Vec<Tlv<'_>>, NotTlv> {
    let mut rest = bytes;
    let mut objects = Vec::new();
    while let Some(first) = rest.first() {
        if matches!(first, 0x00 | 0xFF) {
            rest = &rest[1..];
            continue;
        }
        let (object, after) = first_object(rest)?;
        objects.push(object);
        rest = after;
    }
    Ok(objects)
}

/// The value of the first object with this tag, among objects one after the other.
///
/// # Errors
/// As [`parse`].
pub fn find(bytes: &[u8], tag: u32) -> Result<Option<&[u8]>, NotTlv> {
    Ok(parse(bytes)?.into_iter().find(|object| object.tag == tag).map(|object| object.value))
}

/// The object at the start, and what follows it.
///
/// # Errors
/// [`NotTlv`] when there is no whole object.
pub fn first_object(bytes: &[u8]) -> Result<(Tlv<'_>, &[u8]), NotTlv> {
    let (tag, rest) = take_tag(bytes)?;
    let (length, rest) = take_length(rest)?;
    let (value, rest) = rest.split_at_checked(length).ok_or(NotTlv)?;
    Ok((Tlv { tag, value }, rest))
}

/// Adds an object to the end of a buffer that may hold a secret.
///
/// The caller reserves the capacity where it matters: each object takes at most 7 bytes more than
/// its value.
pub fn append(buffer: &mut Vec<u8>, tag: u32, value: &[u8]) {
    let tag_bytes = tag.to_be_bytes();
    let start = tag_bytes.iter().position(|byte| *byte != 0).unwrap_or(3);
    buffer.extend(&tag_bytes[start..]);
    let length = value.len();
    match length {
        0..=0x7F => buffer.push(length as u8),
        0x80..=0xFF => buffer.extend([0x81, length as u8]),
        0x100..=0xFFFF => buffer.extend([0x82, (length >> 8) as u8, length as u8]),
        _ => buffer.extend([0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8]),
    }
    buffer.extend(value);
}

/// One object by itself.
#[must_use]
pub fn encode(tag: u32, value: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(value.len() + 8));
    append(&mut bytes, tag, value);
    bytes
}

fn take_tag(bytes: &[u8]) -> Result<(u32, &[u8]), NotTlv> {
    let (first, mut rest) = bytes.split_first().ok_or(NotTlv)?;
    let mut tag = u32::from(*first);
    if first & 0x1F != 0x1F {
        return Ok((tag, rest));
    }
    for _ in 0..2 {
        let (next, after) = rest.split_first().ok_or(NotTlv)?;
        tag = tag << 8 | u32::from(*next);
        rest = after;
        if next & 0x80 == 0 {
            return Ok((tag, rest));
        }
    }
    Err(NotTlv)
}

fn take_length(bytes: &[u8]) -> Result<(usize, &[u8]), NotTlv> {
    let (first, rest) = bytes.split_first().ok_or(NotTlv)?;
    let count = match first {
        0..=0x7F => return Ok((usize::from(*first), rest)),
        0x81..=0x83 => usize::from(first & 0x7F),
        _ => return Err(NotTlv),
    };
    let (digits, rest) = rest.split_at_checked(count).ok_or(NotTlv)?;
    Ok((digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn objects_of_piv_are_read() {
        let bytes = hex::decode("7F4943864104").unwrap();
        assert_eq!(parse(&bytes), Err(NotTlv));
        let bytes = hex::decode("7C0A820848454C4C4F212121").unwrap();
        let template = find(&bytes, 0x7C).unwrap().unwrap();
        assert_eq!(find(template, 0x82).unwrap().unwrap(), b"HELLO!!!");
        assert_eq!(find(template, 0x81), Ok(None));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_back(
            tag in proptest::sample::select(vec![0x53_u32, 0x7F49, 0x5F_8102, 0x5C, 0x9F7F]),
            length in prop_oneof![0_usize..300, 65_000_usize..66_000],
            byte: u8,
        ) {
            let value = vec![byte; length];
            let bytes = encode(tag, &value);
            prop_assert_eq!(parse(&bytes), Ok(vec![Tlv { tag, value: &value }]));
        }
    }
}
