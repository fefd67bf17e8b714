//! Chips that answer anything at all, and a chip whose answers are garbled on their way.

use crate::checks::{self, EndlessChip, MOST_TRANSMISSIONS};
use crate::support::*;
use cardwright_card::objects::{CardCapability, CardHolder};
use cardwright_card::{Channel, Transport, TransportError, commands, tlv};
use cardwright_perso::{Condition, Failure, Job, Phase, Receipt, inspect};
use cardwright_virtual_card::{CardOptions, VirtualCard};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Commands of a run at most, each with all that is fetched for it.
const MOST_COMMANDS: usize = 60;

/// Transmissions of a run over a chip that has short answers only, as real ones mostly have.
const MOST_SHORT_COMMANDS: usize = 400;

impl Desk for EndlessChip {
    fn reset(&mut self) {}
}

/// Mostly what a chip could say: otherwise no run would get far.
fn answer() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    let tag = select(vec![0x53_u32, 0x7C, 0x9F7F, 0x7F49, 0x01, 0x05]);
    let inner = select(vec![0x80_u32, 0x82, 0x86, 0xF0, 0x34]);
    let status = prop_oneof![
        12 => Just(0x9000_u16),
        1 => select(vec![0x6A80, 0x6A86, 0x6982, 0x63C1, 0x6983, 0x6300, 0x6F00, 0x6101, 0x6C02]),
        1 => any::<u16>(),
    ];
    (bytes, tag, inner, status, 0..3).prop_map(|(bytes, tag, inner, status, shape)| {
        let mut answer = match shape {
            0 => bytes,
            1 => tlv::encode(tag, &bytes).to_vec(),
            _ => tlv::encode(tag, &tlv::encode(inner, &bytes)).to_vec(),
        };
        answer.extend(status.to_be_bytes());
        answer
    })
}

/// What happens to one answer on its way.
#[derive(Debug, Clone)]
enum Garbling {
    Flip(Index, u8),
    Truncate(Index),
    Extend(Vec<u8>),
    Status(u16),
}

fn garbling() -> impl Strategy<Value = Garbling> {
    let statuses = vec![0x9000_u16, 0x6101, 0x6C05, 0x63C0, 0x63C1, 0x6983, 0x6A80, 0x6A82, 0x6F00];
    prop_oneof![
        (any::<Index>(), 1..=u8::MAX).prop_map(|(place, byte)| Garbling::Flip(place, byte)),
        any::<Index>().prop_map(Garbling::Truncate),
        prop::collection::vec(any::<u8>(), 1..9).prop_map(Garbling::Extend),
        prop_oneof![select(statuses), any::<u16>()].prop_map(Garbling::Status),
    ]
}

impl Garbling {
    fn apply(&self, answer: &mut Vec<u8>) {
        match self {
            Self::Flip(place, byte) => {
                let place = place.index(answer.len());
                answer[place] ^= byte;
            }
            Self::Truncate(place) => answer.truncate(place.index(answer.len())),
            Self::Extend(bytes) => answer.extend(bytes),
            Self::Status(status) => {
                answer.truncate(answer.len() - 2);
                answer.extend(status.to_be_bytes());
            }
        }
    }
}

/// A chip that carries out everything, behind a reader that garbles some of its answers.
struct Garbled {
    chip: VirtualCard,
    /// By number of the transmission, from 0.
    garblings: BTreeMap<usize, Garbling>,
    transmissions: usize,
}

impl Transport for Garbled {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let mut answer = self.chip.transmit(command)?;
        if let Some(garbling) = self.garblings.get(&self.transmissions) {
            garbling.apply(&mut answer);
        }
        self.transmissions += 1;
        Ok(answer)
    }
}

impl Desk for Garbled {
    fn reset(&mut self) {
        self.chip.reset();
    }
}

/// What holds of every failure, whatever the chip said.
fn check_failure(failure: &Failure) {
    match failure.phase {
        Phase::Identify => assert_eq!(failure.condition, Condition::Untouched),
        // A chip whose maker is not known is asked to set the management key that it has.
        Phase::Authenticate => assert_ne!(failure.condition, Condition::PartlyWritten),
        _ => {}
    }
    assert!(failure.tries_spent.pin <= 2 && failure.tries_spent.puk <= 2, "{failure:?}");
}

/// A receipt says of the chip what the chip itself says when nobody garbles it.
fn check_receipt(receipt: &Receipt, job: &Job, chip: &mut VirtualCard) {
    assert!(has_secrets(chip, &job.wanted, receipt.management_key));
    chip.reset();
    let mut channel = Channel::new(chip);
    assert!(commands::select_piv(&mut channel).unwrap());
    let ccc = commands::object(&mut channel, commands::CARD_CAPABILITY).unwrap().unwrap();
    assert_eq!(CardCapability::parse(&ccc).unwrap().card_id, job.wanted.card_id);
    assert_eq!(*ccc, receipt.card_capability_container);
    let chuid = commands::object(&mut channel, commands::CARD_HOLDER).unwrap().unwrap();
    assert_eq!(CardHolder::parse(&chuid).unwrap().guid, job.wanted.guid);
    assert_eq!(*chuid, receipt.card_holder_unique_identifier);
    let told: Vec<_> = receipt.keys.iter().map(|key| key.reference).collect();
    let wanted: Vec<_> = job.profile.keys.iter().map(|key| key.reference).collect();
    assert_eq!(told, wanted);
}

proptest! {
    #[test]
    fn an_inspection_of_anything_ends(answers in prop::collection::vec(answer(), 0..30)) {
        checks::inspection(EndlessChip::new(answers));
    }

    #[test]
    fn an_input_of_a_fuzzer_is_inspected(input in prop::collection::vec(any::<u8>(), 0..300)) {
        checks::inspection(EndlessChip::from_input(&input));
    }

    #[test]
    fn no_chip_without_the_keys_is_ever_done(answers in prop::collection::vec(answer(), 0..60)) {
        let expected = inspect(&mut EndlessChip::new(answers.clone())).map(|facts| facts.ids);
        let mut chip = EndlessChip::new(answers);
        let failure = carry_out(job(expected.unwrap_or_default()), &mut chip).unwrap_err();
        check_failure(&failure);
        prop_assert!(chip.transmissions <= MOST_COMMANDS * MOST_TRANSMISSIONS);
    }
}

proptest! {
    // Each case is a whole job on real firmware.
    #![proptest_config(fewer_cases())]

    #[test]
    fn a_garbled_chip_is_done_only_when_it_is_right(
        garblings in prop::collection::btree_map(0_usize..34, garbling(), 1..4),
        has_generation_1: bool,
    ) {
        let mut chip = VirtualCard::new(&CardOptions::new(200)).unwrap();
        let mut job = job(inspect(&mut chip).unwrap().ids);
        if has_generation_1 {
            // Making and proving keys takes most of the time; the others do it.
            job.profile = profile("");
            carry_out(job.clone(), &mut chip).unwrap();
            job.expected = inspect(&mut chip).unwrap().ids;
            job.wanted = wanted(2);
            job.candidates.insert(0, earlier(1));
        }
        let mut desk = Garbled { chip, garblings, transmissions: 0 };
        let outcome = carry_out(job.clone(), &mut desk);
        prop_assert!(desk.transmissions <= MOST_SHORT_COMMANDS);
        match outcome {
            Ok(receipt) => check_receipt(&receipt, &job, &mut desk.chip),
            Err(failure) => {
                check_failure(&failure);
                let tries = desk.chip.tries().unwrap();
                prop_assert!(tries.pin >= 1 && tries.puk >= 1, "{:?}", tries);
            }
        }
    }
}

fn fewer_cases() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases / 16, ..config }
}
