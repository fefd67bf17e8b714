//! The two objects of a receipt, read: BER-TLV with tags of one byte.

/// The card identifier of a card capability container (SP 800-73-5 part 1, table 9): the last 14
/// bytes of `F0`, behind the GSC-RID, manufacturer and card type.
pub(crate) fn card_id(card_capability_container: &[u8]) -> Option<&[u8]> {
    let identifier = value(card_capability_container, 0xF0)?;
    (identifier.len() == 21).then(|| &identifier[7..])
}

/// The value of a tag in an object; `None` when it is absent or the object is not of this shape.
pub(crate) fn value(object: &[u8], tag: u8) -> Option<&[u8]> {
    let mut rest = object;
    while let [found, behind @ ..] = rest {
        let (length, behind) = match behind {
            [0x81, length, behind @ ..] => (usize::from(*length), behind),
            [0x82, high, low, behind @ ..] => (usize::from(*high) << 8 | usize::from(*low), behind),
            [length @ ..=0x7F, behind @ ..] => (usize::from(*length), behind),
            _ => return None,
        };
        let (content, behind) = behind.split_at_checked(length)?;
        if *found == tag {
            return Some(content);
        }
        rest = behind;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_and_nothing_is_read_past_the_end() {
        let object = [0x30, 2, 1, 2, 0x34, 0x81, 1, 9, 0x3E, 0];
        assert_eq!(value(&object, 0x30), Some(&[1, 2][..]));
        assert_eq!(value(&object, 0x34), Some(&[9][..]));
        assert_eq!(value(&object, 0x3E), Some(&[][..]));
        assert_eq!(value(&object, 0x35), None);
        for broken in [&[0x30][..], &[0x30, 5, 1], &[0x30, 0x82, 1], &[0x30, 0x84, 0, 0, 0, 1]] {
            assert_eq!(value(broken, 0x30), None);
        }
    }
}
