//! Whoever floods the helper with what it refuses does not fill the disk with its log: each kind of
//! refusal has so many lines a minute, and the others are counted.

use crate::support::{Helper, PATIENCE, Page};
use cardwright_log::{MOST, WINDOW};
use cardwright_protocol::helper::{HelperError, Message, Request};
use cardwright_protocol::job::SealedJob;
use cardwright_protocol::signed::Signed;
use std::fs::File;
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// How often each thing is done that is refused.
const TIMES: u64 = MOST as u64 + 170;

/// Somebody who is no page of the registry.
async fn a_stranger(helper: &Helper) {
    let mut stream = helper.connect().await;
    let head = "GET / HTTP/1.1\r\nHost: evil.example\r\nOrigin: https://evil.example\r\n\
                Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer));
    read.await.expect("in time").unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

async fn a_malformed_frame(helper: &Helper) {
    let mut page = Page::before_hello(helper.address).await;
    page.send_text("{\"id\":1}").await;
    assert!(matches!(page.receive().await, Message::Refused { .. }));
    assert_eq!(page.closed().await, Some(4400));
}

async fn a_foreign_ticket(helper: &Helper) {
    let mut page = Page::before_hello(helper.address).await;
    page.hello().await;
    let ticket = Signed::from_parts("{}".to_owned(), vec![0; 64].into());
    let error = page.refused(Request::Authenticate { ticket }).await;
    assert_eq!(error, HelperError::TicketRefused);
}

async fn a_foreign_job(page: &mut Page) {
    let [encapsulated_key, ciphertext, signature] = [32, 32, 64].map(|length| vec![0; length]);
    let job = SealedJob {
        header: "{}".to_owned(),
        encapsulated_key: encapsulated_key.into(),
        ciphertext: ciphertext.into(),
        signature: signature.into(),
    };
    let error = page.refused(Request::Execute { job }).await;
    assert!(matches!(error, HelperError::JobNotForUs { .. }), "{error:?}");
}

#[tokio::test]
async fn a_flood_costs_the_log_so_many_lines_and_leaves_none_uncounted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut helper = Helper::logging_as_usual_to(File::create(&path).unwrap().into());
    let began = Instant::now();
    let mut page = helper.page().await;
    for _ in 0..TIMES {
        a_stranger(&helper).await;
        a_malformed_frame(&helper).await;
        a_foreign_ticket(&helper).await;
        a_foreign_job(&mut page).await;
    }
    helper.page().await;
    // What was not told yet is told at the end.
    helper.terminate();
    assert!(helper.ended_well());
    let windows = 1 + began.elapsed().as_secs() / WINDOW.as_secs();

    let log = std::fs::read_to_string(&path).unwrap();
    let refusals = [
        "refused a connection",
        "a frame that is not of the protocol",
        "refused a ticket",
        "refused a job",
    ];
    for refusal in refusals {
        let (mut written, mut counted) = (0, 0);
        for line in log.lines().filter(|line| line.contains(refusal)) {
            match line.split_once(" more lines like this one: ") {
                Some((before, _)) => {
                    let number = before.rsplit(' ').next().unwrap();
                    counted += number.parse::<u64>().unwrap();
                }
                None => written += 1,
            }
        }
        assert_eq!(written + counted, TIMES, "{refusal}: {log}");
        assert!(written <= windows * u64::from(MOST), "{written} lines of {refusal}");
    }
    // A few lines are of the start and the end.
    let most = windows * refusals.len() as u64 * (u64::from(MOST) + 1) + 20;
    assert!(log.lines().count() as u64 <= most, "{log}");
}
