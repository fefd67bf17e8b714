use crate::tlv;

/// Tag of the discovery object (SP 800-73-5 part 1, 3.3.2).
pub(crate) const DISCOVERY_TAG: u8 = 0x7E;

/// Whole name of the PIV application (SP 800-73-5 part 1, 2.2).
const PIV: [u8; 11] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00];

/// PIN usage policy: the application's PIN, and no other.
const APPLICATION_PIN_ALONE: [u8; 2] = [0x40, 0x00];

/// The discovery object, with its tag: 20 bytes (SP 800-73-5 part 1, 3.3.2).
#[must_use]
pub fn discovery_object() -> Vec<u8> {
    let mut fields = Vec::new();
    tlv::append(&mut fields, 0x4F, &PIV);
    tlv::append(&mut fields, 0x5F2F, &APPLICATION_PIN_ALONE);
    tlv::encode(DISCOVERY_TAG.into(), &fields).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_the_application_and_its_pin() {
        let object = hex::encode_upper(discovery_object());
        assert_eq!(object, "7E124F0BA0000003080000100001005F2F024000");
    }
}
