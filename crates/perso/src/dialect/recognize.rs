use super::{
    Dialect, NITROKEY, PIV_APPLET, STANDARD, YUBIKEY, YUBIKEY_4_FIPS, YUBIKEY_5_3, YUBIKEY_5_4,
    YUBIKEY_5_4_FIPS, YUBIKEY_5_7, YUBIKEY_5_7_FIPS,
};
use cardwright_card::commands::PropertyTemplate;

/// Major, minor and patch.
pub(crate) type Version = (u8, u8, u8);

/// What a chip says of itself. It is asked for the parts in their order, and for no more than it
/// takes to recognize it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Said {
    /// Its answer to SELECT.
    pub(crate) properties: PropertyTemplate,
    /// Its answer to GET VERSION. It names no maker: several say the version of another.
    pub(crate) version: Option<Version>,
    /// It answered GET SERIAL with 4 bytes.
    pub(crate) has_serial: bool,
    /// It answered GET METADATA of the management key, and not with nothing.
    pub(crate) has_metadata: bool,
    /// What the YubiKey's management application says.
    pub(crate) is_fips: Option<bool>,
}

impl Said {
    /// The label alone says who made it.
    pub(crate) fn has_label_of_maker(&self) -> bool {
        self.label().starts_with("Nitrokey") || self.label().starts_with("PivApplet")
    }

    /// It answers SELECT as the YubiKey does, and its version is one that may be of the FIPS
    /// series without saying so.
    pub(crate) fn may_be_fips_yubikey(&self) -> bool {
        self.has_yubikey_template() && self.version.is_some_and(|version| version >= (5, 4, 0))
    }

    /// It answers SELECT as the YubiKey does: no label, and the identifier without the RID. Others
    /// may do so, too.
    pub(crate) fn has_yubikey_template(&self) -> bool {
        self.properties.is_bare && self.properties.identifier == YUBIKEY_IDENTIFIER
    }

    fn label(&self) -> &str {
        self.properties.label.as_deref().unwrap_or_default()
    }
}

/// `4F` of the YubiKey's answer to SELECT.
const YUBIKEY_IDENTIFIER: [u8; 6] = [0x00, 0x00, 0x10, 0x00, 0x01, 0x00];

/// The maker of a chip.
///
/// A chip that does not fit what is known of a maker in every way is asked for everything, as one
/// that speaks the standard and nothing else.
///
/// # Errors
/// Why the chip is refused, in words: it names a maker, and is none of the versions that are known.
pub(crate) fn recognize(said: &Said) -> Result<&'static Dialect, &'static str> {
    let label = said.label();
    if label.starts_with("Nitrokey") {
        return Ok(&NITROKEY);
    }
    if let Some(version) = label.strip_prefix("PivApplet") {
        let version = version.trim_start_matches([' ', 'v']).split('/').next().and_then(parse);
        return match version {
            Some(version) if version >= (0, 9, 0) => Ok(&PIV_APPLET),
            _ => Err("this version of PivApplet"),
        };
    }
    let yubikey = said.version.filter(|_| said.has_yubikey_template());
    Ok(match (yubikey, said.is_fips == Some(true)) {
        (Some((4, 4, _)), _) => &YUBIKEY_4_FIPS,
        (Some((4, ..)), _) => &YUBIKEY,
        (Some(version), is_fips) if version >= (5, 0, 0) && said.has_serial => {
            match (version < (5, 3, 0), said.has_metadata) {
                (true, false) => &YUBIKEY,
                (false, true) => match (version, is_fips) {
                    (version, _) if version < (5, 4, 0) => &YUBIKEY_5_3,
                    (version, false) if version < (5, 7, 0) => &YUBIKEY_5_4,
                    (version, true) if version < (5, 7, 0) => &YUBIKEY_5_4_FIPS,
                    (_, false) => &YUBIKEY_5_7,
                    (_, true) => &YUBIKEY_5_7_FIPS,
                },
                (true, true) | (false, false) => &STANDARD,
            }
        }
        (Some(_) | None, _) => &STANDARD,
    })
}

/// Versions 4.2.0 to 4.3.4 of the YubiKey make RSA keys that can be factored (CVE-2017-15361). A
/// chip that says such a version makes none, whoever made it.
pub(crate) fn has_weak_rsa(version: Option<Version>) -> bool {
    version.is_some_and(|version| ((4, 2, 0)..=(4, 3, 4)).contains(&version))
}

fn parse(text: &str) -> Option<Version> {
    let mut numbers = text.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}
