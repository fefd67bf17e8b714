//! *Reveal PIN* and *Reveal PUK*.

use crate::answer::Answer;
use crate::desk::{Opened, mute, written};
use crate::office::Office;
use crate::program::{program, started, words};
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::domain::{Permission, Role};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::secrets::{Reveal, Revealed, RevealedKind};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;

const REASON: &str = "the letter was lost";

async fn reveal(browser: &Browser, number: &str, secret: RevealedKind, reason: &str) -> Answer {
    let request = Reveal { secret, reason: reason.to_owned() };
    browser.post(&format!("/cards/{number}/reveals"), &request).await
}

/// Somebody who may see both.
async fn trusted(registry: &TestRegistry) -> Browser {
    registry.grant("operator", Permission::GRANTABLE).await;
    registry.log_in("operator").await
}

fn digits(secret: &cardwright_seal::Secret) -> String {
    String::from_utf8(secret.expose().to_vec()).unwrap()
}

#[tokio::test]
async fn each_secret_needs_its_own_permission_whatever_the_role() {
    use Permission::{RevealPin, RevealPuk};
    let office = Office::new(1).await;
    let job = office.job("TC-1", &mute(1)).await;
    office.finish(&job).await;
    let secrets = [
        (RevealedKind::Pin, RevealPin, digits(&job.contents.pin)),
        (RevealedKind::Puk, RevealPuk, digits(&job.contents.puk)),
    ];
    for role in Role::ALL {
        for granted in [&[][..], &[RevealPin], &[RevealPuk], &[RevealPin, RevealPuk]] {
            office.registry.grant(role.name(), granted).await;
            let browser = office.registry.log_in(role.name()).await;
            for (secret, permission, value) in &secrets {
                let answer = reveal(&browser, "TC-1", *secret, REASON).await;
                if !granted.contains(permission) {
                    let problem = answer.problem();
                    assert_eq!(problem.code, ProblemCode::NotPermitted, "{role:?} {granted:?}");
                    assert!(problem.message.contains(permission.title()));
                    let history = office.operator.history("TC-1").await;
                    let why = "refused: the account may not see it";
                    assert!(history[0].contains(why), "{}", history[0]);
                    continue;
                }
                assert_eq!(answer.header("cache-control"), "no-store");
                assert_eq!(answer.header("content-type"), "application/json");
                let revealed: Revealed = answer.ok();
                assert_eq!((revealed.value.expose(), revealed.in_doubt), (value.as_str(), false));
            }
        }
    }
    let answer = reveal(&office.registry.browser(), "TC-1", RevealedKind::Puk, REASON).await;
    assert_eq!(answer.refused(), ProblemCode::NotLoggedIn);
}

#[tokio::test]
async fn nobody_fills_the_audit_log_with_what_they_may_not_see() {
    let registry = TestRegistry::with_one_card().await;
    let auditor = registry.log_in("auditor").await;
    for _ in 0..60 {
        let answer = reveal(&auditor, "TC-1", RevealedKind::Pin, REASON).await;
        assert_eq!(answer.refused(), ProblemCode::NotPermitted);
    }
    assert_eq!(registry.events("secret.reveal-refused").await.len(), 50);
}

#[tokio::test]
async fn nothing_is_revealed_without_a_reason_or_a_chip() {
    let office = Office::new(2).await;
    let job = office.job("TC-1", &mute(1)).await;
    office.finish(&job).await;
    let browser = trusted(&office.registry).await;
    let long = "x".repeat(501);
    for (number, reason, code) in [
        ("TC-1", "", ProblemCode::Invalid),
        ("TC-1", " \t ", ProblemCode::Invalid),
        ("TC-1", "a\0b", ProblemCode::Invalid),
        ("TC-1", "\u{200B}\u{2800}\u{E0041}\r\n", ProblemCode::Invalid),
        ("TC-1", &long, ProblemCode::Invalid),
        ("TC-2", REASON, ProblemCode::WrongState),
        ("TC-3", REASON, ProblemCode::NotFound),
    ] {
        for secret in [RevealedKind::Pin, RevealedKind::Puk] {
            let problem = reveal(&browser, number, secret, reason).await.problem();
            assert_eq!(problem.code, code, "{number} {reason:?}");
            let is_field = problem.field.as_deref() == Some("reason");
            assert_eq!(is_field, code == ProblemCode::Invalid);
        }
    }
    for body in [r#"{"secret":"pin"}"#, r#"{"secret":"key","reason":"x"}"#] {
        let path = "/cards/TC-1/reveals";
        let answer = browser.json(reqwest::Method::POST, path, body.to_owned()).await;
        assert_eq!(answer.refused(), ProblemCode::Malformed, "{body}");
    }
    let history = office.operator.history("TC-1").await;
    assert!(!history.iter().any(|line| line.contains("revealed")), "{history:?}");
    let longest = "x".repeat(500);
    let _: Revealed = reveal(&browser, "TC-1", RevealedKind::Pin, &longest).await.ok();
}

/// Nobody makes a line of the log out of a reason, or one that says something else than it is.
#[tokio::test]
async fn a_reason_is_one_line_of_what_can_be_seen() {
    let office = Office::new(1).await;
    let job = office.job("TC-1", &mute(1)).await;
    office.finish(&job).await;
    let browser = trusted(&office.registry).await;
    let reason = " lost\r\n\u{202E}admin: PIN\trevealed\u{1B}[2J\u{200B} ";
    let _: Revealed = reveal(&browser, "TC-1", RevealedKind::Pin, reason).await.ok();
    let events = office.registry.events("secret.revealed").await;
    assert_eq!(events, ["operator: PIN revealed: lost admin: PIN revealed[2J"]);
}

#[tokio::test]
async fn what_the_chip_may_not_have_is_in_doubt() {
    let office = Office::new(1).await;
    let browser = trusted(&office.registry).await;
    let check = async |job: &Opened, in_doubt: bool| {
        for (secret, value) in
            [(RevealedKind::Pin, &job.contents.pin), (RevealedKind::Puk, &job.contents.puk)]
        {
            let revealed: Revealed = reveal(&browser, "TC-1", secret, REASON).await.ok();
            assert_eq!((revealed.value.expose(), revealed.in_doubt), (&*digits(value), in_doubt));
        }
    };
    let first = office.job("TC-1", &mute(1)).await;
    check(&first, true).await;
    office.finish_late(&first).await;
    check(&first, false).await;
    let second = office.job("TC-1", &written(&mute(1), &first)).await;
    check(&first, true).await;
    office.finish(&second).await;
    check(&second, false).await;
    let lines = office.operator.history("TC-1").await;
    let shown: Vec<_> = lines.iter().filter(|line| line.contains("revealed")).collect();
    assert_eq!(shown.len(), 8);
    assert_eq!(shown[0], &format!("operator: PUK revealed: {REASON}"));
    assert_eq!(
        shown[7],
        &format!("operator: PIN, which the chip may not have, revealed: {REASON}")
    );
}

#[tokio::test]
async fn secrets_of_every_root_key_are_revealed() {
    let office = Office::new(2).await;
    let one = office.job("TC-1", &mute(1)).await;
    office.finish(&one).await;
    let office = office
        .restart_after(async |data| {
            words(program(&["rotate-root-key"], data)).await.unwrap();
        })
        .await;
    let two = office.job("TC-2", &mute(2)).await;
    office.finish(&two).await;
    let browser = trusted(&office.registry).await;
    for (number, job) in [("TC-1", one), ("TC-2", two)] {
        for (secret, value) in
            [(RevealedKind::Pin, &job.contents.pin), (RevealedKind::Puk, &job.contents.puk)]
        {
            let revealed: Revealed = reveal(&browser, number, secret, REASON).await.ok();
            assert_eq!(revealed.value.expose(), digits(value), "{number}");
        }
    }
}

#[tokio::test]
async fn a_person_sees_ten_secrets_within_an_hour() {
    let office = Office::new(1).await;
    let job = office.job("TC-1", &mute(1)).await;
    office.finish(&job).await;
    let browser = trusted(&office.registry).await;
    let clock = &office.registry.clock;
    let puk = async || reveal(&browser, "TC-1", RevealedKind::Puk, REASON).await;
    for _ in 0..10 {
        let _: Revealed = puk().await.ok();
        clock.advance(Duration::from_secs(60));
    }
    let problem = puk().await.problem();
    assert_eq!(problem.code, ProblemCode::TooManyTries);
    assert!(problem.message.contains("2026-11-22T08:00:00Z"), "{}", problem.message);
    let history = office.operator.history("TC-1").await;
    assert_eq!(
        history[0],
        format!(
            "operator: Revealing the PUK refused: 10 secrets were revealed to the account within an \
             hour. The reason given: {REASON}"
        )
    );
    // Somebody else still does.
    office.registry.grant("auditor", &[Permission::RevealPin]).await;
    let auditor = office.registry.log_in("auditor").await;
    let _: Revealed = reveal(&auditor, "TC-1", RevealedKind::Pin, REASON).await.ok();

    clock.advance(Duration::from_secs(50 * 60 - 1));
    assert_eq!(puk().await.refused(), ProblemCode::TooManyTries);
    clock.advance(Duration::from_secs(1));
    let browser = office.registry.log_in("operator").await;
    let _: Revealed = reveal(&browser, "TC-1", RevealedKind::Puk, REASON).await.ok();
    let again = reveal(&browser, "TC-1", RevealedKind::Puk, REASON).await;
    assert_eq!(again.refused(), ProblemCode::TooManyTries, "one at a time");
}

/// The program at its most verbose.
#[tokio::test]
async fn a_secret_that_is_revealed_is_nowhere_else() {
    let office = Office::new(1).await;
    let job = office.job("TC-1", &mute(1)).await;
    office.finish(&job).await;
    office.registry.grant("operator", Permission::GRANTABLE).await;
    let password = office.registry.password("operator");
    let (folder, _, _) = office.registry.end().await;
    let mut serve = program(&["serve", "--listen", "127.0.0.1:0"], folder.path());
    serve.env("RUST_LOG", "trace").stderr(Stdio::piped());
    let (mut child, lines) = started(serve).await;
    let mut log = child.stderr.take().unwrap();
    let reading = tokio::spawn(async move {
        let mut text = Vec::new();
        log.read_to_end(&mut text).await.unwrap();
        text
    });
    let browser = Browser::at(&lines.last().unwrap()[1]);
    assert_eq!(browser.log_in("operator", &password).await.status, 200);
    let contents = &job.contents;
    for (secret, value) in [(RevealedKind::Pin, &contents.pin), (RevealedKind::Puk, &contents.puk)]
    {
        let revealed: Revealed = reveal(&browser, "TC-1", secret, REASON).await.ok();
        assert_eq!(revealed.value.expose(), digits(value));
    }
    crate::program::stop(child).await;
    let log = reading.await.unwrap();
    assert!(!log.is_empty());
    let mut written = vec![("the log".to_owned(), log)];
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let content = std::fs::read(entry.path()).unwrap();
        written.push((entry.file_name().into_string().unwrap(), content));
    }
    for (name, content) in written {
        for value in [contents.pin.expose(), contents.puk.expose()] {
            for form in [value.to_vec(), hex::encode(value).into_bytes()] {
                let holds = content.windows(form.len()).any(|window| window == form);
                assert!(!holds, "{name}");
            }
        }
    }
}
