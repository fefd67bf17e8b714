//! A chip that answers anything at all.

use crate::support::*;
use cardwright_card::{Transport, TransportError, tlv};
use cardwright_perso::{Condition, Phase, inspect};
use proptest::prelude::*;
use zeroize::Zeroizing;

/// Answers in order, then is gone.
struct Babble(Vec<Vec<u8>>);

impl Transport for Babble {
    fn transmit(&mut self, _command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        self.0.pop().map(Zeroizing::new).ok_or(TransportError::Removed)
    }
}

impl Desk for Babble {
    fn reset(&mut self) {}
}

/// Mostly what a chip could say: otherwise no run would get far.
fn answer() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    let tag = prop::sample::select(vec![0x53_u32, 0x7C, 0x9F7F, 0x7F49, 0x01, 0x05]);
    let inner = prop::sample::select(vec![0x80_u32, 0x82, 0x86, 0xF0, 0x34]);
    let status = prop_oneof![
        8 => Just(0x9000_u16),
        1 => prop::sample::select(vec![0x6A80, 0x6A86, 0x6982, 0x63C1, 0x6983, 0x6300, 0x6F00]),
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

proptest! {
    #[test]
    fn no_answer_makes_a_run_panic(answers in prop::collection::vec(answer(), 0..60)) {
        let expected = inspect(&mut Babble(answers.clone())).map(|facts| facts.ids);
        let job = job(expected.unwrap_or_default());
        let failure = carry_out(job, &mut Babble(answers)).unwrap_err();
        if failure.phase <= Phase::Authenticate {
            prop_assert_eq!(failure.condition, Condition::Untouched);
        }
        prop_assert!(failure.tries_spent.pin <= 2 && failure.tries_spent.puk <= 2);
    }
}
