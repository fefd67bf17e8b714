use super::*;
use cardwright_card::commands::PropertyTemplate;
use expect_test::expect;

fn yubikey(version: Version) -> Said {
    let identifier = vec![0x00, 0x00, 0x10, 0x00, 0x01, 0x00];
    Said {
        properties: PropertyTemplate { identifier, label: None, is_bare: true },
        version: Some(version),
        has_serial: version.0 >= 5,
        has_metadata: version >= (5, 3, 0),
        is_fips: None,
    }
}

fn labeled(label: &str) -> Said {
    let properties = PropertyTemplate { label: Some(label.to_owned()), ..Default::default() };
    Said { properties, version: Some((5, 4, 0)), has_metadata: true, ..Said::default() }
}

#[test]
fn a_chip_is_recognized_by_all_that_it_says() {
    let fips = |version| Said { is_fips: Some(true), ..yubikey(version) };
    let table = [
        ("4.2.6", yubikey((4, 2, 6))),
        ("4.4.5", yubikey((4, 4, 5))),
        ("5.2.7", yubikey((5, 2, 7))),
        ("5.3.1", yubikey((5, 3, 1))),
        ("5.4.3", yubikey((5, 4, 3))),
        ("5.4.3, FIPS", fips((5, 4, 3))),
        ("5.6.0", yubikey((5, 6, 0))),
        ("5.7.4", yubikey((5, 7, 4))),
        ("5.7.4, FIPS", fips((5, 7, 4))),
        ("6.0.0", yubikey((6, 0, 0))),
        ("1.0.4", yubikey((1, 0, 4))),
        ("5.7.1 without metadata", Said { has_metadata: false, ..yubikey((5, 7, 1)) }),
        ("5.7.1 without a serial number", Said { has_serial: false, ..yubikey((5, 7, 1)) }),
        ("5.2.0 with metadata", Said { has_metadata: true, ..yubikey((5, 2, 0)) }),
        ("5.7.1, another template", Said { properties: Default::default(), ..yubikey((5, 7, 1)) }),
        ("the same and no version", Said { version: None, ..yubikey((5, 7, 1)) }),
        ("nothing", Said::default()),
        ("Nitrokey PIV", labeled("Nitrokey PIV")),
        ("PivApplet v0.9.0/REeSAxLra", labeled("PivApplet v0.9.0/REeSAxLra")),
        ("PivApplet v0.10.1/RE", labeled("PivApplet v0.10.1/RE")),
        ("PivApplet v0.8.2/RE", labeled("PivApplet v0.8.2/RE")),
        ("PivApplet", labeled("PivApplet")),
        ("ID-One PIV", labeled("ID-One PIV")),
    ];
    let lines = table.map(|(chip, said)| match recognize(&said) {
        Ok(dialect) => format!("{chip}: {}\n", dialect.name),
        Err(refusal) => format!("{chip}: refused, {refusal}\n"),
    });
    expect![[r#"
        4.2.6: YubiKey before 5.3
        4.4.5: YubiKey 4 FIPS
        5.2.7: YubiKey before 5.3
        5.3.1: YubiKey 5.3
        5.4.3: YubiKey 5.4 to 5.6
        5.4.3, FIPS: YubiKey 5.4 to 5.6 FIPS
        5.6.0: YubiKey 5.4 to 5.6
        5.7.4: YubiKey 5.7 on
        5.7.4, FIPS: YubiKey 5.7 on, FIPS
        6.0.0: YubiKey 5.7 on
        1.0.4: the standard
        5.7.1 without metadata: the standard
        5.7.1 without a serial number: the standard
        5.2.0 with metadata: the standard
        5.7.1, another template: the standard
        the same and no version: the standard
        nothing: the standard
        Nitrokey PIV: Nitrokey
        PivApplet v0.9.0/REeSAxLra: PivApplet 0.9.0 and later
        PivApplet v0.10.1/RE: PivApplet 0.9.0 and later
        PivApplet v0.8.2/RE: refused, this version of PivApplet
        PivApplet: refused, this version of PivApplet
        ID-One PIV: the standard
    "#]]
    .assert_eq(&lines.concat());
}

#[test]
fn what_a_maker_starts_with_is_well_formed() {
    let dialects = [
        &YUBIKEY,
        &YUBIKEY_5_3,
        &YUBIKEY_5_4,
        &YUBIKEY_5_7,
        &YUBIKEY_4_FIPS,
        &YUBIKEY_5_4_FIPS,
        &YUBIKEY_5_7_FIPS,
        &PIV_APPLET,
        &NITROKEY,
        &STANDARD,
    ];
    for dialect in dialects {
        let values = dialect.makers_values();
        assert_eq!((values.pins.len(), values.puks.len()), (1, 1));
        for key in values.management_keys {
            let name = dialect.name;
            assert!(dialect.management_key_algorithms.contains(&key.algorithm()), "{name}");
        }
    }
}

#[test]
fn some_versions_make_weak_rsa_keys() {
    let weak = [(4, 2, 0), (4, 2, 8), (4, 3, 4)];
    let strong = [(4, 1, 9), (4, 3, 5), (5, 0, 0)];
    assert!(weak.into_iter().all(|version| has_weak_rsa(Some(version))));
    assert!(!strong.into_iter().any(|version| has_weak_rsa(Some(version))));
    assert!(!has_weak_rsa(None));
}
