//! A disk that fills up at every write of a whole encoding.

use crate::answer::Answer;
use crate::desk::{Desk, Opened, chip};
use crate::program::{program, started, stop, words};
use crate::small_disk::SmallDisk;
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::domain::{CardState, Command};
use cardwright_protocol::outcome::{Condition, FailureCause};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::{IssuedJob, Nonce, Process};
use std::fs::File;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::Child;

/// More pages than any one write needs.
const ENOUGH: u64 = 100;

/// A registry whose data is on a small disk.
struct Story {
    disk: SmallDisk,
    desk: Desk,
    registry: cardwright_seal::VerifyingKey,
    passwords: Vec<(&'static str, String)>,
    child: Child,
    address: String,
}

impl Story {
    async fn begin() -> Self {
        let registry = TestRegistry::with_one_card().await;
        let passwords =
            ["admin", "operator"].map(|name| (name, registry.password(name))).into_iter().collect();
        let key = registry.key.clone();
        let (folder, [desk, _], _) = registry.end().await;
        let disk = SmallDisk::with(folder.path());
        let (child, address) = serve(&disk).await;
        Self { disk, desk, registry: key, passwords, child, address }
    }

    async fn log_in(&self, name: &str) -> (Browser, Answer) {
        let browser = Browser::at(&self.address);
        let password = &self.passwords.iter().find(|(known, _)| *known == name).unwrap().1;
        let answer = browser.log_in(name, password).await;
        (browser, answer)
    }

    /// Does something on a full disk, with one page more at each time, until it is done. Before
    /// that nothing of it is: what `operator` sees stays as it was.
    async fn press(&mut self, operator: &Browser, action: impl AsyncFn() -> Answer) -> Answer {
        self.disk.fill();
        let before = seen(operator).await;
        for page in 0..ENOUGH {
            let answer = action().await;
            if answer.status < 300 {
                assert!(page > 0, "it is written down somewhere");
                return answer;
            }
            let problem = answer.problem();
            assert_eq!(problem.code, ProblemCode::NoSpace, "{}", problem.message);
            assert!(problem.message.contains("make space"), "{}", problem.message);
            assert_eq!(seen(operator).await, before, "page {page}");
            self.disk.free(1);
        }
        panic!("not done with {ENOUGH} pages");
    }

    /// A job for the one chip of this story.
    async fn job(&mut self, operator: &Browser, process: &Process) -> Opened {
        let nonce =
            async || operator.post_nothing(&format!("/processes/{}/nonces", process.id)).await;
        let nonce: Nonce = self.press(operator, nonce).await.ok();
        let report = self.desk.report(&nonce, &chip(7));
        let job = async || operator.try_job(&process.id, &report, Some("TC-1")).await;
        let issued: IssuedJob = self.press(operator, job).await.ok();
        self.desk.open(&issued.job, &self.registry)
    }
}

async fn serve(disk: &SmallDisk) -> (Child, String) {
    let mut serve = disk.program(&["serve", "--listen", "127.0.0.1:0"]);
    serve.stderr(Stdio::from(File::options().write(true).open("/dev/full").unwrap()));
    let (child, lines) = started(serve).await;
    (child, lines.last().unwrap()[1].clone())
}

/// All that a person can see of the card and its process.
async fn seen(operator: &Browser) -> Vec<String> {
    let mut seen = vec![operator.get("/cards/TC-1").await];
    let card: cardwright_protocol::registry::cards::Card =
        serde_json::from_str(&seen[0].body).unwrap();
    if let Some(process) = card.process {
        seen.push(operator.get(&format!("/processes/{}", process.id)).await);
    }
    seen.push(operator.get("/templates/temporary-card").await);
    // What is only read is answered on a full disk.
    let bodies = seen.into_iter().map(|answer| {
        // Operators may not read the template.
        assert!([200, 403].contains(&answer.status), "{}", answer.body);
        answer.body
    });
    bodies.collect()
}

#[tokio::test]
async fn a_full_disk_leaves_nothing_half_done_at_any_write() {
    let mut story = Story::begin().await;
    let (operator, answer) = story.log_in("operator").await;
    assert_eq!(answer.status, 200);
    let (admin, _) = story.log_in("admin").await;

    let (address, password) = (story.address.clone(), story.passwords[1].1.clone());
    let log_in = async || Browser::at(&address).log_in("operator", &password).await;
    story.press(&operator, log_in).await;
    let log_in = async || Browser::at(&address).log_in("operator", "wrong horse battery").await;
    story.disk.fill();
    assert_eq!(log_in().await.refused(), ProblemCode::NoSpace, "not even that");
    story.disk.free(ENOUGH);
    assert_eq!(log_in().await.refused(), ProblemCode::WrongPassword);

    let template = admin.template().await;
    let change = cardwright_protocol::registry::templates::ChangeTemplate {
        version: template.version,
        confirm_number: true,
        allow_erase: false,
        states: vec![],
    };
    story.press(&admin, async || admin.change_template(&change).await).await;

    let start = async || operator.try_start("TC-1", Command::InitializeTemporaryCard, None).await;
    let process: Process = story.press(&operator, start).await.ok();
    story.press(&operator, async || operator.try_cancel(&process.id).await).await;

    let process: Process = story.press(&operator, start).await.ok();
    let job = story.job(&operator, &process).await;
    let (cause, condition) = (FailureCause::Internal, Condition::PartlyWritten);
    let failure = story.desk.failure(&job, cause, condition);
    story.press(&operator, async || operator.try_hand_over(&failure).await).await;

    let job = story.job(&operator, &process).await;
    let receipt = story.desk.receipt(&job);
    story.press(&operator, async || operator.try_hand_over(&receipt).await).await;
    assert_eq!(operator.card("TC-1").await.row.state, CardState::Unassigned);

    // Killed on a full disk, it has all of it when there is space again.
    story.disk.fill();
    story.child.kill().await.unwrap();
    story.disk.free(ENOUGH);
    let (child, address) = serve(&story.disk).await;
    (story.child, story.address) = (child, address);
    let (operator, _) = story.log_in("operator").await;
    assert_eq!(operator.card("TC-1").await.row.state, CardState::Unassigned);
    story.disk.fill();
    assert_eq!(
        operator.try_cancel(&"none".into()).await.refused(),
        ProblemCode::NotFound,
        "and it goes on"
    );
    stop(story.child).await;
}

#[tokio::test]
async fn a_copy_to_a_full_disk_leaves_no_half_file() {
    let mut story = Story::begin().await;
    story.disk.fill();
    let elsewhere = TempDir::new().unwrap();
    let to = elsewhere.path().join("copy");
    let said = words(story.disk.program(&["backup", "--to", to.to_str().unwrap()])).await.unwrap();
    assert_eq!(said[2], ["cards", "1"], "another disk has space");

    let before = story.disk.names("");
    let to = story.disk.path("copy");
    for attempt in 0..ENOUGH {
        let copied = words(story.disk.program(&["backup", "--to", to.to_str().unwrap()])).await;
        let Err(said) = copied else {
            assert!(attempt > 3, "a copy takes space");
            assert!(story.disk.names("").contains(&"copy".to_owned()));
            return stop(story.child).await;
        };
        assert!(["full", "disk", "space"].iter().any(|word| said.contains(word)), "{said}");
        assert_eq!(story.disk.names(""), before, "{said}");
        // Each attempt is an event, which takes some of them itself.
        story.disk.free(10);
    }
    panic!("never enough space");
}

#[tokio::test]
async fn a_restoration_to_a_full_disk_leaves_the_old_database() {
    let mut story = Story::begin().await;
    let elsewhere = TempDir::new().unwrap();
    let copy = elsewhere.path().join("copy");
    words(story.disk.program(&["backup", "--to", copy.to_str().unwrap()])).await.unwrap();
    stop(story.child).await;
    let before = story.disk.names("data");
    story.disk.fill();
    for attempt in 0..ENOUGH {
        let restored = words(story.disk.program(&["restore", copy.to_str().unwrap()])).await;
        let Err(said) = restored else {
            assert!(attempt > 3, "a database takes space");
            let kept = story.disk.names("data").into_iter().filter(|name| !before.contains(name));
            return assert_eq!(kept.count(), 1);
        };
        assert!(["full", "disk", "space"].iter().any(|word| said.contains(word)), "{said}");
        assert_eq!(story.disk.names("data"), before, "{said}");
        story.disk.free(5);
    }
    panic!("never enough space");
}

#[tokio::test]
async fn a_log_that_cannot_be_written_ends_nothing() {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (folder, _, _) = TestRegistry::empty().await.end().await;
    for log in [Stdio::from(closed), Stdio::from(full)] {
        let mut serve = program(&["serve", "--listen", "127.0.0.1:0"], folder.path());
        serve.stderr(log).env("RUST_LOG", "trace");
        let (child, lines) = started(serve).await;
        let browser = Browser::at(&lines.last().unwrap()[1]);
        assert_eq!(browser.get("/session").await.refused(), ProblemCode::NotLoggedIn);
        stop(child).await;
    }
}
