//! What a helper writes down when it tells all that it can: nothing of a job's contents, of its own
//! keys, or of a ticket.

use crate::support::{Desk, Helper, ORIGIN, PATIENCE, Page, before, insert, refusal};
use cardwright_protocol::helper::Request;
use cardwright_protocol::outcome::Phase;
use cardwright_virtual_card::CardOptions;
use std::fs::File;
use std::path::Path;

/// What must not be found, by a name.
type Canaries = Vec<(&'static str, Vec<u8>)>;

/// Base64 of RFC 4648 without padding; the first and last characters, which depend on what stands
/// before and behind, are left out for each of the three ways to begin.
fn base64(bytes: &[u8]) -> Vec<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    (0..3)
        .map(|skipped| {
            let bits: Vec<u8> = bytes[skipped.min(bytes.len())..]
                .iter()
                .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
                .collect();
            bits.chunks_exact(6)
                .map(|six| ALPHABET[six.iter().fold(0, |sum, bit| sum * 2 + usize::from(*bit))])
                .collect()
        })
        .collect()
}

fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{secret:?}");
    let mut forms = vec![
        secret.to_vec(),
        hex.to_ascii_uppercase().into_bytes(),
        hex.into_bytes(),
        list.trim_matches(['[', ']']).as_bytes().to_vec(),
    ];
    forms.extend(base64(secret));
    forms
}

fn find(canaries: &Canaries, place: &str, bytes: &[u8]) {
    for (name, secret) in canaries {
        for form in forms(secret) {
            let found = bytes.windows(form.len()).any(|window| window == form);
            assert!(!found, "{place} holds {name}");
        }
    }
}

fn canaries(helper: &Helper) -> Canaries {
    let contents = helper.registry.contents();
    let mut canaries: Canaries = vec![
        ("the PIN", contents.pin.expose().to_vec()),
        ("the PUK", contents.puk.expose().to_vec()),
    ];
    for key in &contents.management_keys {
        canaries.push(("a management key", key.key.expose().to_vec()));
    }
    for name in ["signing.key", "opening.key"] {
        let text = std::fs::read_to_string(helper.data.join(name)).unwrap();
        let key: Vec<u8> = (0..32)
            .map(|place| u8::from_str_radix(&text[2 * place..2 * place + 2], 16).unwrap())
            .collect();
        canaries.push((name, key));
    }
    canaries
}

#[test]
fn a_canary_is_found_in_every_form() {
    let canaries: Canaries = vec![("it", b"47291358".to_vec())];
    let found = |text: &str| {
        std::panic::catch_unwind(|| find(&canaries, "the text", text.as_bytes())).is_err()
    };
    assert!(!found("an innocent text with 4729135 and NDcyO"));
    for text in [
        "pin=47291358.",
        "3437323931333538",
        "[52, 55, 50, 57, 49, 51, 53, 56]",
        "NDcyOTEzNTg=",
        "eDQ3MjkxMzU4",
        "eHg0NzI5MTM1OA==",
    ] {
        assert!(found(text), "{text}");
    }
}

/// A helper at its most verbose, killed or crashed in the middle of a job, and the next one.
async fn watch(signal: &str) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut desk =
        Desk::with(|socket| Helper::logging_to(socket, File::create(&log).unwrap().into()));
    let mut canaries = canaries(&desk.helper);

    let mut page = Page::before_hello(desk.helper.address).await;
    let ticket = desk.helper.registry.ticket(&page.hello().await, ORIGIN);
    canaries.push(("a ticket's signature", ticket.signature.0.clone()));
    page.ask(Request::Authenticate { ticket }).await;
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    let mut altered = desk.helper.registry.job("0c", &report);
    altered.ciphertext.0[0] ^= 1;
    canaries.push(("a sealed job", altered.ciphertext.0[..48].to_vec()));
    page.refused(Request::Execute { job: altered }).await;
    let mut malformed = desk.helper.registry.header("0d", &report);
    malformed.chip.cplc = Some(vec![1].into());
    let job = desk.helper.registry.seal(&malformed);
    canaries.push(("a sealed job", job.ciphertext.0[..48].to_vec()));
    refusal(page.refused(Request::Execute { job }).await, &desk.helper.key);
    page.send_text("{\"id\":1,\"request\":{\"type\":\"execute\",\"job\":{\"header\":\"47").await;
    let mut page = desk.helper.page().await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    let job = desk.helper.registry.job("0a", &report);
    canaries.push(("a sealed job", job.ciphertext.0[..48].to_vec()));
    desk.office.hold_at(0, before(Phase::CardHolder)).unwrap();
    page.ask(Request::Execute { job }).await;
    assert!(desk.office.holds_within(0, PATIENCE).unwrap());
    desk.helper.signal(signal);
    assert!(!desk.helper.ended_well());
    desk.office.let_go(0).unwrap();
    let told_by_first = std::fs::metadata(&log).unwrap().len() as usize;
    desk.helper.start_again();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = page.chip_in(&reader.name, Some(&insertion)).await;
    desk.encode(&mut page, &reader, &insertion, "0b").await;
    desk.helper.terminate();
    assert!(desk.helper.ended_well());

    let text = std::fs::read(&log).unwrap();
    for log in [&text[..told_by_first], &text[told_by_first..]] {
        let shown = String::from_utf8_lossy(log);
        assert!(shown.contains("TRACE") || shown.contains("DEBUG"), "it tells all that it can");
    }
    find(&canaries, "the log", &text);
    canaries.retain(|(name, _)| !name.ends_with(".key"));
    look_below(&canaries, &desk.helper.data);
}

fn look_below(canaries: &Canaries, folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => look_below(canaries, &path),
            false => find(canaries, &path.display().to_string(), &std::fs::read(&path).unwrap()),
        }
    }
}

#[tokio::test]
async fn a_killed_helper_wrote_no_secret_down() {
    watch("KILL").await;
}

#[tokio::test]
async fn a_crashed_helper_wrote_no_secret_down() {
    watch("ABRT").await;
}

#[test]
fn a_crash_leaves_no_file_with_the_memory_behind() {
    let helper = Helper::without_service();
    let limits = std::fs::read_to_string(helper.status_file("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let mut bounds = core.split_whitespace().skip(4).take(2);
    // 0 only where this test may have no more.
    assert!(bounds.all(|bound| ["0", "1"].contains(&bound)), "{core}");
}
