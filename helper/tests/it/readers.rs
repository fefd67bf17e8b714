use crate::support::{Desk, insert};
use cardwright_protocol::helper::{Message, Service, Slot};
use cardwright_virtual_card::CardOptions;
use cardwright_virtual_card::office::reader_name;

fn service(message: &Message) -> Option<Service> {
    match message {
        Message::Readers { service, .. } => Some(*service),
        _ => None,
    }
}

#[tokio::test]
async fn a_page_sees_all_readers_and_then_every_change() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let names: Vec<&str> = page.readers.iter().map(|reader| &*reader.name).collect();
    assert_eq!(names, [0, 1, 2, 3].map(reader_name));
    assert!(page.readers.iter().all(|reader| reader.slot == Slot::Empty));

    let (reader, first) = insert(&desk.office, &mut page, 1, CardOptions::new(0)).await;
    assert_ne!(reader.id.0, reader.name, "an id is opaque");
    desk.office.remove(1).unwrap();
    page.readers_until(|readers| readers[1].slot == Slot::Empty).await;
    let (again, second) = insert(&desk.office, &mut page, 1, CardOptions::new(0)).await;
    assert_eq!(again.id, reader.id);
    assert_ne!(first, second, "every stay has an id of its own");

    let late = desk.helper.page().await;
    assert_eq!(late.readers, page.readers);
}

#[tokio::test]
async fn the_service_is_killed_and_started_again() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, before) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    desk.inspect(&mut page, &reader, &before).await;
    for _ in 0..2 {
        desk.office.stop_service().unwrap();
        assert_eq!(page.event(service).await, Service::Stopped);
        assert!(page.readers.is_empty());
        desk.office.start_service().unwrap();
        assert_eq!(page.event(service).await, Service::Running);
        let (again, after) = page.chip_in(&reader_name(0), Some(&before)).await;
        assert_eq!(again.id, reader.id, "people chose this reader");
        desk.inspect(&mut page, &again, &after).await;
    }
}
