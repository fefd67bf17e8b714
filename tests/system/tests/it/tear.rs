//! The tear matrix through the real PC/SC service: a card is torn out at one command of every
//! phase, before the chip gets it, and after the chip has carried it out.

use crate::LANES;
use cardwright_protocol::outcome::{Condition, FailureCause};
use cardwright_system::operator::Operator;
use cardwright_system::{Boundary, Lane, run_side_by_side};
use cardwright_virtual_card::{Gate, GateSide};

const SIDES: [GateSide; 2] = [GateSide::Before, GateSide::Inside];

#[test]
fn a_card_torn_out_in_any_phase_is_finished_when_it_is_put_in_again() {
    let cases = Boundary::ALL.into_iter().flat_map(|at| SIDES.map(|side| (at, side)));
    run_side_by_side(LANES, cases, async |lane, (at, side)| tear(lane, *at, *side).await);
}

async fn tear(lane: &mut Lane, at: Boundary, side: GateSide) -> anyhow::Result<()> {
    let mut operator = Operator::sit_down(lane).await?;
    let gate = match side {
        GateSide::Before => at.before(),
        GateSide::Inside => at.inside(),
    };
    let job = operator.next_until(gate).await?;
    operator.tear();
    let failure = operator.ended(&job).await?;
    Operator::check_failed(failure, |failure| {
        // Nothing is written before the CCC; what became of a torn write nobody knows.
        let is_untouched = failure.condition == Condition::Untouched;
        let nothing_written = matches!(at, Boundary::Identify | Boundary::Authenticate);
        failure.cause == FailureCause::CardRemoved && is_untouched == nothing_written
    })?;
    operator.finish_and_check().await
}

#[test]
fn a_card_torn_out_again_and_again_is_finished_in_the_end() {
    // A chip that has our card id gets its PUK by the first CHANGE REFERENCE DATA (`24`), and its
    // PIN by RESET RETRY COUNTER (`2C`), which may also try a PUK before.
    let change_puk = Gate::inside_instruction(0x24, 1);
    let reset_pin = Gate::inside_instruction(0x2C, 1);
    let pairs = [
        (Boundary::Puk.inside(), change_puk),
        (Boundary::Puk.inside(), reset_pin),
        (Boundary::Pin.inside(), change_puk),
        (Boundary::Pin.inside(), reset_pin),
        (Boundary::Keys.inside(), Boundary::ManagementKey.inside()),
    ];
    run_side_by_side(LANES, pairs, async |lane, (first, second)| {
        let mut operator = Operator::sit_down(lane).await?;
        for at in [first, second] {
            let job = operator.next_until(*at).await?;
            operator.tear();
            operator.ended(&job).await?;
            operator.carry_outcomes().await?;
            operator.restore()?;
        }
        // And the helper is killed in the recovery.
        operator.next_until(Boundary::Verify.before()).await?;
        operator.lane.desk.kill_helper()?;
        operator.page = None;
        operator.let_go()?;
        operator.finish_and_check().await
    });
}
