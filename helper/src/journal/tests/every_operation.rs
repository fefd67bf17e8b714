//! Kills, losses of power and full disks at every operation on the disk.

use super::*;
use expect_test::{Expect, expect};

type Step = (&'static str, fn(&mut Life));

/// Two jobs one after the other, in one file.
fn steps() -> Vec<Step> {
    vec![
        ("accept", |life| drop(life.accept("0a"))),
        ("identify", |life| drop(life.note(IDENTIFY))),
        ("authenticate", |life| drop(life.note(AUTHENTICATE))),
        ("prove the PUK", |life| drop(life.note(PROVE))),
        ("card id", |life| drop(life.note(CARD_ID))),
        ("PIN", |life| drop(life.note(SET_PIN))),
        ("finish", |life| life.finish("0a", "one")),
        ("acknowledge", |life| life.acknowledge("0a", "one")),
        ("accept another", |life| drop(life.accept("0b"))),
        ("identify it", |life| drop(life.note(IDENTIFY))),
        ("finish it", |life| life.finish("0b", "two")),
    ]
}

/// What a restart finds behind each number of steps.
fn found_behind_each_step(boot: &str) -> Vec<String> {
    (0..=steps().len())
        .map(|number| {
            let mut life = Life::begin();
            for (_, step) in &steps()[..number] {
                step(&mut life);
            }
            life.restart(boot).show()
        })
        .collect()
}

fn check_each_step(boot: &str, expected: Expect) {
    let names = std::iter::once("nothing").chain(steps().into_iter().map(|(name, _)| name));
    let lines: Vec<String> = names
        .zip(found_behind_each_step(boot))
        .map(|(name, found)| format!("{name:<16}{found}").trim_end().to_owned())
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn a_helper_that_was_killed_knows_the_phase() {
    check_each_step(
        "boot",
        expect![[r#"
            nothing
            accept          0a stopped: Identify Untouched 0/0
            identify        0a stopped: Identify Untouched 0/0
            authenticate    0a stopped: Authenticate Untouched 0/0
            prove the PUK   0a stopped: Authenticate Untouched 0/1
            card id         0a stopped: CardCapability Unknown 0/0, PUK proved
            PIN             0a stopped: Pin Unknown 2/0, PUK proved
            finish          0a ended: one
            acknowledge
            accept another  0b stopped: Identify Untouched 0/0
            identify it     0b stopped: Identify Untouched 0/0
            finish it       0b ended: two"#]],
    );
}

#[test]
fn a_loss_of_power_leaves_the_worst() {
    check_each_step(
        "another boot",
        expect![[r#"
            nothing
            accept          0a stopped: Identify Unknown 2/1
            identify        0a stopped: Identify Unknown 2/1
            authenticate    0a stopped: Authenticate Unknown 2/1
            prove the PUK   0a stopped: Authenticate Unknown 2/1
            card id         0a stopped: CardCapability Unknown 2/0, PUK proved
            PIN             0a stopped: Pin Unknown 2/0, PUK proved
            finish          0a ended: one
            acknowledge
            accept another  0b stopped: Identify Unknown 2/1
            identify it     0b stopped: Identify Unknown 2/1
            finish it       0b ended: two"#]],
    );
}

/// At every operation on the disk: what a restart finds is the state before or after the step.
fn check_every_operation(fate: Fate, boot: &str, also: &[&str]) {
    let expected = found_behind_each_step(boot);
    let mut struck = 0;
    for at in 0.. {
        let mut life = Life::begin();
        life.disk.faults.set(at, fate);
        let mut done = 0;
        for (_, step) in steps() {
            step(&mut life);
            if life.disk.faults.has_struck() {
                break;
            }
            done += 1;
        }
        if done == steps().len() {
            break;
        }
        struck += 1;
        let life = life.restart(boot);
        let found = life.show();
        let allowed = [&expected[done][..], &expected[done + 1][..]];
        assert!(
            allowed.contains(&&found[..]) || also.contains(&&found[..]),
            "operation {at}, step {}: {found:?} is none of {allowed:?}",
            steps()[done].0
        );
        // Room is as before, whatever was set aside.
        assert_eq!(life.journal.free.len() + life.journal.known.len(), CAPACITY);
    }
    assert!(struck > 12, "{struck}");
}

#[test]
fn a_kill_at_any_operation_leaves_the_state_before_or_after() {
    check_every_operation(Fate::Killed, "boot", &[]);
}

#[test]
fn a_write_torn_by_a_loss_of_power_leaves_the_state_before_or_after() {
    // A note that is torn leaves no phase at all.
    check_every_operation(Fate::Torn, "another boot", &["0a stopped: Identify Unknown 2/1"]);
}

#[test]
fn a_disk_that_is_full_for_a_moment_costs_nothing_but_that_job() {
    for at in 0.. {
        let mut life = Life::begin();
        life.disk.faults.set(at, Fate::NoSpace);
        if let Err(error) = life.accept("0a") {
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            assert!(!life.journal.knows(&"0a".into()));
            assert!(!life.names().contains(&"0.new".to_owned()));
            life.accept("0a").unwrap();
        }
        for ahead in [IDENTIFY, AUTHENTICATE, PROVE, CARD_ID, SET_PIN] {
            if life.note(ahead).is_err() {
                assert!([PROVE, CARD_ID, SET_PIN].contains(&ahead), "{ahead:?}");
                life.note(ahead).unwrap();
            }
        }
        life.finish("0a", "one");
        assert_eq!(life.journal.waiting(), [outcome("one")], "offered in any case");
        while let Some((job, outcome, file)) = life.journal.in_memory() {
            let written = file.finish(&outcome);
            assert!(life.journal.rewritten(&job, file, &written).is_none());
        }
        assert!(!life.journal.is_behind());
        let has_struck = life.disk.faults.has_struck();
        let mut life = life.restart("boot");
        assert_eq!(life.show(), "0a ended: one");
        life.disk.faults.set(0, Fate::NoSpace);
        life.acknowledge("0a", "one");
        assert_eq!(life.journal.waiting(), []);
        // What could not be cleared is offered once more.
        assert_eq!(life.restart("boot").show(), "0a ended: one");
        if !has_struck {
            assert!(at > 10, "{at}");
            break;
        }
    }
}
