//! Chips that somebody else has used.

use super::*;
use cardwright_protocol::helper::RunningJob;

/// A wizard whose chip somebody else has used, and which may be erased.
fn used_wizard(verdict: Verdict) -> Wizard {
    let (mut wizard, _) = Wizard::new(process(), one_chip());
    let found = Assessment { erasable: true, ..assessment(verdict) };
    wizard.apply(Event::Assessed { attempt: 1, result: Ok(found) });
    wizard
}

#[test]
fn a_used_chip_is_erased_only_after_an_explicit_yes() {
    for verdict in [Verdict::Used, Verdict::Blocked] {
        let mut wizard = used_wizard(verdict);
        assert!(wizard.asks_to_erase() && !wizard.may_be_erased());
        assert_eq!(wizard.apply(Event::Next), []);
        wizard.apply(Event::EraseChosen(true));
        wizard.apply(Event::EraseChosen(false));
        assert_eq!(wizard.apply(Event::Next), []);
        wizard.apply(Event::EraseChosen(true));
        let Effect::Encode { attempt, reader, insertion, confirmed_number, .. } = encode(2, None)
        else {
            unreachable!("encode is encode")
        };
        let erase = Effect::Encode { attempt, reader, insertion, confirmed_number, erase: true };
        assert_eq!(wizard.apply(Event::Next), [erase]);
        assert!(wizard.phases().contains(&Phase::Erase));
    }
}

#[test]
fn a_yes_to_erase_holds_for_one_look_at_one_chip() {
    let mut wizard = used_wizard(Verdict::Used);
    wizard.apply(Event::EraseChosen(true));
    let gone = Message::ReaderChanged { revision: 2, reader: reader("r1", Slot::Empty) };
    said(&mut wizard, gone);
    let back = Message::ReaderChanged { revision: 3, reader: reader("r1", chip("i2")) };
    assert_eq!(said(&mut wizard, back), [assess(2, "r1", "i2")]);
    let found = Assessment { erasable: true, ..assessment(Verdict::Used) };
    wizard.apply(Event::Assessed { attempt: 2, result: Ok(found) });
    assert!(wizard.asks_to_erase() && !wizard.may_be_erased() && !wizard.can_go_on());
}

#[test]
fn a_chip_that_is_ready_is_never_erased() {
    let mut wizard = ready_wizard(process());
    wizard.apply(Event::EraseChosen(true));
    assert_eq!(wizard.apply(Event::Next), [encode(2, None)]);
    assert!(!wizard.phases().contains(&Phase::Erase));
}

#[test]
fn erasing_is_shown_where_it_happens_and_cannot_be_stopped_there() {
    let (mut wizard, _) = Wizard::new(with_job(Some("j1")), one_chip());
    let at = |phase| Message::Progress { job: RunningJob { phase, ..running("j1", 2) } };
    said(&mut wizard, at(Phase::Erase));
    assert!(wizard.is_erasing());
    said(&mut wizard, at(Phase::Authenticate));
    assert!(!wizard.is_erasing());
    assert_eq!(wizard.phases()[..3], [Phase::Identify, Phase::Erase, Phase::Authenticate]);
}
