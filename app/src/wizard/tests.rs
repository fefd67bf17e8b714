//! Stories of one process, told in events.

mod erase;

use super::*;
use crate::fixtures::{assessment, chip, connected, failed, process, reader, ready, running};
use crate::helper::Away;
use crate::trouble::RegistryError;
use cardwright_protocol::domain::ProcessState;
use cardwright_protocol::helper::{HelperError, Message, Slot};
use cardwright_protocol::outcome::{Condition, FailureCause, Phase};
use cardwright_protocol::registry::problem::{Problem, ProblemCode};
use cardwright_protocol::registry::processes::{LastFailure, OpenJob, Verdict};

fn one_chip() -> Link {
    connected(vec![reader("r1", chip("i1")), reader("r2", Slot::Empty)])
}

/// A wizard at *Card and chip* with a chip that is ready.
fn ready_wizard(process: Process) -> Wizard {
    let (mut wizard, effects) = Wizard::new(process, one_chip());
    assert_eq!(effects, [assess(1, "r1", "i1")]);
    let event = Event::Assessed { attempt: 1, result: Ok(assessment(Verdict::Ready)) };
    assert_eq!(wizard.apply(event), []);
    wizard
}

/// A wizard at *Encode* whose job `j1` runs.
fn encoding_wizard() -> Wizard {
    let mut wizard = ready_wizard(process());
    assert_eq!(wizard.apply(Event::Next), [encode(2, None)]);
    assert_eq!(wizard.apply(Event::JobIssued { attempt: 2, job: "j1".into() }), []);
    wizard
}

fn assess(attempt: u64, reader: &str, insertion: &str) -> Effect {
    Effect::Assess { attempt, reader: reader.into(), insertion: insertion.into() }
}

fn encode(attempt: u64, confirmed_number: Option<&str>) -> Effect {
    Effect::Encode {
        attempt,
        reader: "r1".into(),
        insertion: "i1".into(),
        confirmed_number: confirmed_number.map(str::to_owned),
        erase: false,
    }
}

fn said(wizard: &mut Wizard, message: Message) -> Vec<Effect> {
    let mut link = wizard.link.clone();
    link.apply(message);
    wizard.apply(Event::Helper(link))
}

fn with_job(job: Option<&str>) -> Process {
    let state = if job.is_some() { ProcessState::Encoding } else { ProcessState::Started };
    let job = job.map(|job| OpenJob { job: job.into(), workstation: "desk-1".into() });
    Process { state, job, ..process() }
}

fn after_failure(condition: Condition) -> Process {
    let failure = LastFailure { phase: Phase::Pin, cause: FailureCause::CardRemoved, condition };
    Process { failure: Some(failure), ..process() }
}

#[test]
fn next_encodes_the_chip_and_the_receipt_ends_the_process() {
    let mut wizard = encoding_wizard();
    assert_eq!(wizard.step(), Step::Encode);
    assert_eq!(said(&mut wizard, Message::Progress { job: running("j1", 5) }), []);
    assert_eq!(wizard.progress(), Progress::Running(running("j1", 5)));
    let done = Process { state: ProcessState::Completed, ..process() };
    assert_eq!(wizard.apply(Event::Settled(done)), []);
    assert_eq!(wizard.step(), Step::Done);
}

#[test]
fn next_waits_for_the_number_printed_on_the_card() {
    let mut wizard = ready_wizard(Process { confirm_number: true, ..process() });
    for (typed, right, wrong) in [
        ("", false, false),
        ("TC-2026", false, false),
        ("TC-2026-004119", false, true),
        (" tc-2026-00 4118\n", true, false),
    ] {
        wizard.apply(Event::NumberTyped(typed.into()));
        assert_eq!((wizard.can_go_on(), wizard.number_is_wrong()), (right, wrong), "{typed:?}");
    }
    assert_eq!(wizard.apply(Event::Next), [encode(2, Some("TC-2026-004118"))]);
}

#[test]
fn every_verdict_but_two_stops_next() {
    for (verdict, goes_on) in [
        (Verdict::Ready, true),
        (Verdict::Interrupted, true),
        (Verdict::UnknownKind, false),
        (Verdict::Contactless, false),
        (Verdict::BoundToOtherCard { card: "TC-1".into() }, false),
        (Verdict::OtherChipExpected { expected: None }, false),
        (Verdict::Used, false),
        (Verdict::Blocked, false),
    ] {
        let (mut wizard, _) = Wizard::new(process(), one_chip());
        wizard.apply(Event::Assessed { attempt: 1, result: Ok(assessment(verdict.clone())) });
        assert_eq!(wizard.can_go_on(), goes_on, "{verdict:?}");
        assert_eq!(wizard.apply(Event::Next).is_empty(), !goes_on);
    }
}

#[test]
fn another_chip_is_looked_at_anew_and_a_late_answer_is_ignored() {
    let (mut wizard, _) = Wizard::new(process(), one_chip());
    let change = Message::ReaderChanged { revision: 2, reader: reader("r1", Slot::Empty) };
    assert_eq!(said(&mut wizard, change), []);
    assert_eq!(wizard.situation(), Situation::NoCard);
    let change = Message::ReaderChanged { revision: 3, reader: reader("r1", chip("i2")) };
    assert_eq!(said(&mut wizard, change), [assess(2, "r1", "i2")]);
    wizard.apply(Event::Assessed { attempt: 1, result: Ok(assessment(Verdict::Ready)) });
    assert_eq!(wizard.situation(), Situation::Inspecting);
}

#[test]
fn with_two_chips_the_person_chooses_the_reader() {
    let readers = vec![reader("r1", chip("i1")), reader("r2", chip("i2"))];
    let (mut wizard, effects) = Wizard::new(process(), connected(readers));
    assert_eq!((effects, wizard.situation()), (vec![], Situation::ChooseReader));
    assert_eq!(wizard.apply(Event::ReaderChosen("r2".into())), [assess(1, "r2", "i2")]);
    let change = Message::ReaderChanged { revision: 2, reader: reader("r2", Slot::Mute) };
    assert_eq!((said(&mut wizard, change), wizard.situation()), (vec![], Situation::Mute));
    let change = Message::ReaderChanged { revision: 3, reader: reader("r2", Slot::Empty) };
    assert_eq!(said(&mut wizard, change), [assess(2, "r1", "i1")]);
}

#[test]
fn the_page_says_what_is_missing_and_goes_on_when_it_is_there() {
    let (mut wizard, _) = Wizard::new(process(), Link::Away(Away::NoAnswer));
    assert_eq!(wizard.situation(), Situation::Away(Away::NoAnswer));
    wizard.apply(Event::Helper(connected(vec![])));
    assert_eq!(wizard.situation(), Situation::NoReader);
    let muted = connected(vec![reader("r1", Slot::Mute)]);
    wizard.apply(Event::Helper(muted));
    assert_eq!(wizard.situation(), Situation::Mute);
    let busy = Slot::Chip { insertion: "i1".into(), in_use: true };
    wizard.apply(Event::Helper(connected(vec![reader("r1", busy)])));
    assert_eq!(wizard.situation(), Situation::InUse);
    let effects = wizard.apply(Event::Helper(one_chip()));
    assert_eq!(effects, [assess(1, "r1", "i1")]);
}

#[test]
fn a_trouble_that_may_pass_is_tried_again() {
    let (mut wizard, _) = Wizard::new(process(), one_chip());
    let unreachable = Trouble::Registry(RegistryError::Unreachable);
    let event = Event::Assessed { attempt: 1, result: Err(unreachable) };
    assert_eq!(wizard.apply(event), [Effect::Wait { attempt: 1 }]);
    assert_eq!(wizard.apply(Event::Again { attempt: 1 }), [assess(2, "r1", "i1")]);
    let hung = Trouble::Helper(HelperError::CardHung);
    let event = Event::Assessed { attempt: 2, result: Err(hung.clone()) };
    assert_eq!(wizard.apply(event), []);
    assert_eq!(wizard.situation(), Situation::Failed(hung));
}

#[test]
fn a_page_that_reloads_finds_its_job_at_the_helper() {
    let (mut wizard, effects) = Wizard::new(with_job(Some("j1")), Link::Searching);
    assert_eq!((effects, wizard.step()), (vec![], Step::Encode));
    assert_eq!(wizard.progress(), Progress::Waiting);
    let link = ready(1, vec![running("j1", 4)], vec![]);
    assert_eq!(wizard.apply(Event::Helper(link)), []);
    assert_eq!(wizard.progress(), Progress::Running(running("j1", 4)));
    said(&mut wizard, Message::Ended { job: "j1".into(), outcome: failed("j1") });
    assert_eq!(wizard.progress(), Progress::Storing);
}

#[test]
fn a_job_that_the_helper_does_not_know_is_asked_for_once_and_then_done_anew() {
    let (mut wizard, effects) = Wizard::new(with_job(Some("j1")), one_chip());
    assert_eq!(effects, [Effect::Load]);
    let effects = wizard.apply(Event::Loaded(Ok(with_job(Some("j1")))));
    assert_eq!(wizard.trouble(), Some(&Trouble::JobUnknown("desk-1".into())));
    assert_eq!(effects, [assess(1, "r1", "i1")]);
    assert_eq!(wizard.left_behind(), Some(Condition::Unknown));
    wizard.apply(Event::Assessed { attempt: 1, result: Ok(assessment(Verdict::Interrupted)) });
    assert_eq!(wizard.apply(Event::Next), [encode(2, None)]);
}

#[test]
fn a_helper_that_comes_back_without_the_job_is_noticed() {
    let mut wizard = encoding_wizard();
    assert_eq!(wizard.apply(Event::Helper(Link::Away(Away::NoAnswer))), []);
    let gone = Event::JobRefused { attempt: 2, trouble: Trouble::HelperGone };
    assert_eq!((wizard.apply(gone), wizard.step()), (vec![], Step::Encode));
    let link = ready(2, vec![], vec![]);
    assert_eq!(wizard.apply(Event::Helper(link)), [Effect::Load]);
}

#[test]
fn a_failure_leads_back_to_the_chip_and_offers_next() {
    let mut wizard = encoding_wizard();
    let effects = wizard.apply(Event::Settled(after_failure(Condition::PartlyWritten)));
    assert_eq!((effects, wizard.step()), (vec![assess(3, "r1", "i1")], Step::CardAndChip));
    wizard.apply(Event::Assessed { attempt: 3, result: Ok(assessment(Verdict::Interrupted)) });
    assert!(wizard.can_go_on());
    assert_eq!(wizard.left_behind(), Some(Condition::PartlyWritten));
}

#[test]
fn cancel_before_the_job_closes_the_process_without_asking() {
    let mut wizard = ready_wizard(process());
    assert_eq!(wizard.left_behind(), None);
    assert_eq!(wizard.apply(Event::Cancel), [Effect::Close]);
    assert!(!wizard.can_go_on());
    assert_eq!(wizard.apply(Event::Closed(Ok(process()))), [Effect::Leave]);
}

#[test]
fn cancel_during_the_job_stops_it_and_then_closes_the_process() {
    let mut wizard = encoding_wizard();
    said(&mut wizard, Message::Progress { job: running("j1", 2) });
    assert_eq!(wizard.left_behind(), None);
    said(&mut wizard, Message::Progress { job: running("j1", 6) });
    assert_eq!(wizard.left_behind(), Some(Condition::PartlyWritten));
    assert_eq!(wizard.apply(Event::Cancel), [Effect::Stop("j1".into())]);
    let settled = wizard.apply(Event::Settled(after_failure(Condition::PartlyWritten)));
    assert_eq!(settled, [Effect::Close]);
}

#[test]
fn cancel_while_the_job_is_on_its_way_stops_it_when_it_is_there() {
    let mut wizard = ready_wizard(process());
    wizard.apply(Event::Next);
    assert_eq!(wizard.apply(Event::Cancel), []);
    let issued = Event::JobIssued { attempt: 2, job: "j1".into() };
    assert_eq!(wizard.apply(issued), [Effect::Stop("j1".into())]);
}

#[test]
fn cancel_while_the_helper_is_gone_asks_and_closes_the_process() {
    let mut wizard = encoding_wizard();
    wizard.apply(Event::Cancel);
    wizard.apply(Event::Helper(Link::Away(Away::NoAnswer)));
    assert_eq!((wizard.is_closing(), wizard.left_behind()), (false, Some(Condition::Unknown)));
    assert_eq!(wizard.apply(Event::Cancel), [Effect::Close]);
}

#[test]
fn a_cancel_that_comes_too_late_leaves_the_card_done() {
    let mut wizard = encoding_wizard();
    wizard.apply(Event::Cancel);
    let done = Process { state: ProcessState::Completed, ..process() };
    assert_eq!(wizard.apply(Event::Settled(done)), []);
    assert_eq!((wizard.step(), wizard.is_closing()), (Step::Done, false));
}

#[test]
fn a_job_that_is_refused_is_explained_and_can_be_asked_for_again() {
    let mut wizard = ready_wizard(process());
    wizard.apply(Event::Next);
    let trouble = Trouble::Helper(HelperError::NotInserted);
    let event = Event::JobRefused { attempt: 2, trouble: trouble.clone() };
    assert_eq!(wizard.apply(event), [assess(3, "r1", "i1")]);
    assert_eq!(wizard.trouble(), Some(&trouble));
}

#[test]
fn what_went_wrong_is_not_said_any_more_when_it_is_over() {
    let empty = || Message::ReaderChanged { revision: 2, reader: reader("r1", Slot::Empty) };
    let back = || Message::ReaderChanged { revision: 3, reader: reader("r1", chip("i2")) };
    for trouble in [
        Trouble::Helper(HelperError::NotInserted),
        Trouble::HelperGone,
        Trouble::Registry(RegistryError::Unreachable),
    ] {
        let mut wizard = ready_wizard(process());
        wizard.apply(Event::Next);
        let event = Event::JobRefused { attempt: 2, trouble: trouble.clone() };
        assert_eq!(wizard.apply(event), [assess(3, "r1", "i1")]);
        assert_eq!(wizard.trouble(), Some(&trouble));
        said(&mut wizard, empty());
        assert_eq!(said(&mut wizard, back()), [assess(4, "r1", "i2")]);
        wizard.apply(Event::Assessed { attempt: 4, result: Ok(assessment(Verdict::Ready)) });
        assert_eq!(wizard.trouble(), None, "{trouble:?}");
    }
    let mut wizard = encoding_wizard();
    wizard.apply(Event::Loaded(Err(RegistryError::Unreachable)));
    assert!(wizard.trouble().is_some());
    wizard.apply(Event::Loaded(Ok(Process { state: ProcessState::Completed, ..process() })));
    assert_eq!((wizard.step(), wizard.trouble()), (Step::Done, None));
}

#[test]
fn an_outcome_that_was_taken_before_this_page_was_there_is_asked_for() {
    let mut link = connected(vec![]);
    link.apply(Message::Ended { job: "j1".into(), outcome: failed("j1") });
    let (mut wizard, effects) = Wizard::new(with_job(Some("j1")), link);
    assert_eq!((effects, wizard.progress()), (vec![], Progress::Storing));
    let acknowledged = Message::Acknowledged { id: 9, job: "j1".into() };
    assert_eq!(said(&mut wizard, acknowledged), [Effect::Load]);
    let done = Process { state: ProcessState::Completed, ..process() };
    assert_eq!(wizard.apply(Event::Loaded(Ok(done))), []);
    assert_eq!(wizard.step(), Step::Done);
}

#[test]
fn somebody_elses_process_is_only_shown() {
    let foreign = Process { mine: false, ..process() };
    let (wizard, effects) = Wizard::new(foreign, one_chip());
    assert_eq!(effects, []);
    assert!(!wizard.can_go_on());
}

#[test]
fn somebody_elses_job_is_asked_for_once_and_not_explained_away() {
    let foreign = Process { mine: false, ..with_job(Some("j1")) };
    let (mut wizard, effects) = Wizard::new(foreign.clone(), one_chip());
    assert_eq!(effects, [Effect::Load]);
    assert_eq!(wizard.apply(Event::Loaded(Ok(foreign))), []);
    assert_eq!((wizard.step(), wizard.trouble()), (Step::CardAndChip, None));
}

#[test]
fn a_job_that_the_helper_never_had_can_be_canceled() {
    let mut wizard = encoding_wizard();
    assert_eq!(wizard.apply(Event::Cancel), [Effect::Stop("j1".into())]);
    assert_eq!(wizard.apply(Event::NothingToStop), [Effect::Load]);
    assert_eq!(wizard.apply(Event::Loaded(Ok(with_job(Some("j1"))))), [Effect::Close]);
}

#[test]
fn a_helper_that_was_killed_offers_the_outcome_and_the_page_goes_on() {
    let mut wizard = encoding_wizard();
    said(&mut wizard, Message::Progress { job: running("j1", 5) });
    wizard.apply(Event::Helper(Link::Away(Away::NoAnswer)));
    assert_eq!(wizard.progress(), Progress::Waiting);
    let link = ready(2, vec![], vec![failed("j1")]);
    assert_eq!((wizard.apply(Event::Helper(link)), wizard.progress()), (vec![], Progress::Storing));
    let effects = wizard.apply(Event::Settled(after_failure(Condition::Unknown)));
    assert_eq!((effects, wizard.situation()), (vec![], Situation::Searching));
    let effects = wizard.apply(Event::Helper(one_chip()));
    assert_eq!(effects, [assess(3, "r1", "i1")]);
}

#[test]
fn what_hindered_a_job_is_said_until_the_next_click() {
    let mut wizard = encoding_wizard();
    let trouble = Trouble::Helper(HelperError::NoSpace);
    let event = Event::JobTurnedDown { attempt: 2, trouble: trouble.clone() };
    assert_eq!((wizard.apply(event), wizard.step()), (vec![], Step::Encode));
    let cause = FailureCause::JobRefused { why: "no space".into() };
    let failure = LastFailure { phase: Phase::Identify, cause, condition: Condition::Untouched };
    let settled = Process { failure: Some(failure), ..process() };
    assert_eq!(wizard.apply(Event::Settled(settled)), [assess(3, "r1", "i1")]);
    assert_eq!(wizard.trouble(), Some(&trouble));
    wizard.apply(Event::Assessed { attempt: 3, result: Ok(assessment(Verdict::Ready)) });
    assert_eq!(wizard.apply(Event::Next), [encode(4, None)]);
    assert_eq!(wizard.trouble(), None);
}

#[test]
fn a_process_that_somebody_took_over_is_only_shown_from_then_on() {
    let (mut wizard, _) = Wizard::new(process(), one_chip());
    let message = "A process of mara has this card.".into();
    let problem = Problem { code: ProblemCode::CardInUse, message, field: None };
    let refused = Trouble::Registry(RegistryError::Problem(problem));
    let event = Event::Assessed { attempt: 1, result: Err(refused) };
    assert_eq!(wizard.apply(event), [Effect::Load]);
    let taken = Process { mine: false, operator: "mara".into(), ..process() };
    assert_eq!(wizard.apply(Event::Loaded(Ok(taken))), []);
    assert!(!wizard.process().mine && !wizard.can_go_on());
}
