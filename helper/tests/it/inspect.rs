use crate::support::{Desk, WORKSTATION, insert};
use cardwright_protocol::helper::{HelperError, Request};
use cardwright_virtual_card::{CardOptions, Dialect, Fault, lasting_cplc};

#[tokio::test]
async fn a_report_says_what_the_chip_is_and_is_signed() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    for (slot, dialect) in [(0, Dialect::Softened), (1, Dialect::Strict)] {
        let index = 7 + slot as u16;
        let card = CardOptions { dialect, ..CardOptions::new(index) };
        let (reader, insertion) = insert(&desk.office, &mut page, slot, card).await;
        let report = desk.inspect(&mut page, &reader, &insertion).await;
        assert_eq!(report.workstation, WORKSTATION.into());
        assert_eq!((&report.reader, &report.reader_name), (&reader.id, &reader.name));
        assert_eq!(report.insertion, insertion);
        assert_eq!(report.registry_nonce, vec![7; 16].into());
        assert_eq!(report.helper_nonce.0.len(), 16);
        assert_eq!(report.chip.ids.cplc, Some(lasting_cplc(index).to_vec().into()));
        assert!(report.chip.ids.guid.is_some() && report.chip.ids.atr.is_some());
        assert!(!report.chip.contactless);
        assert_eq!(report.chip.piv.unwrap().pin_tries, Some(3));

        let again = desk.inspect(&mut page, &reader, &insertion).await;
        assert_ne!(again.helper_nonce, report.helper_nonce);
        assert_eq!(again.chip.ids, report.chip.ids);
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_inspected() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let empty = page.readers[1].clone();
    let unknown = Request::Inspect {
        reader: "r0".into(),
        insertion: insertion.clone(),
        registry_nonce: vec![7; 16].into(),
    };
    assert_eq!(page.refused(unknown).await, HelperError::NoSuchReader);
    let other = page.inspect(&reader, &"i0".into()).await;
    assert_eq!(other.unwrap_err(), HelperError::NotInserted);
    let in_empty = page.inspect(&empty, &insertion).await;
    assert_eq!(in_empty.unwrap_err(), HelperError::NotInserted);
}

#[tokio::test]
async fn a_card_torn_out_inside_an_inspection_is_inspected_when_it_is_back() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, mut insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    for fault in [Fault::before(3), Fault::inside(5)] {
        desk.office.fail(0, fault).unwrap();
        let torn = page.inspect(&reader, &insertion).await;
        assert_eq!(torn.unwrap_err(), HelperError::NotInserted);
        let before = insertion;
        desk.office.remove(0).ok();
        desk.office.insert(0, CardOptions::new(0)).unwrap();
        (_, insertion) = page.chip_in(&reader.name, Some(&before)).await;
        desk.inspect(&mut page, &reader, &insertion).await;
    }
}

#[tokio::test]
async fn two_pages_may_look_at_the_same_chip() {
    let desk = Desk::open();
    let mut one = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut one, 0, CardOptions::new(0)).await;
    let mut two = desk.helper.page().await;
    let (first, second) =
        tokio::join!(one.inspect(&reader, &insertion), two.inspect(&reader, &insertion));
    assert!(first.is_ok() && second.is_ok());
}
