//! Another chip in the middle of a job, faster than the PC/SC service notices: it is never written
//! to, and no try of it is spent.

use crate::LANES;
use anyhow::ensure;
use cardwright_protocol::outcome::{Condition, FailureCause, Phase};
use cardwright_system::operator::Operator;
use cardwright_system::{Boundary, Lane, run_side_by_side};
use cardwright_virtual_card::{Gate, GateSide};

#[test]
fn another_chip_put_in_at_any_boundary_is_never_written_to() {
    let sides = [GateSide::Before, GateSide::Inside];
    let cases = Boundary::ALL.into_iter().flat_map(|at| sides.map(|side| (at, side)));
    run_side_by_side(LANES, cases, async |lane, (at, side)| swap(lane, *at, *side).await);
}

async fn swap(lane: &mut Lane, at: Boundary, side: GateSide) -> anyhow::Result<()> {
    let mut operator = Operator::sit_down(lane).await?;
    let gate = match side {
        GateSide::Before => at.before(),
        GateSide::Inside => at.inside(),
    };
    let job = operator.next_until(gate).await?;
    operator.swap()?;
    ensure!(operator.ended(&job).await?.is_some(), "the job does not go on with another chip");
    operator.finish_and_check().await
}

#[test]
fn another_chip_that_the_reset_finds_is_not_taken_for_the_one_before() {
    run_side_by_side(1, [()], async |lane, ()| {
        let mut operator = Operator::sit_down(lane).await?;
        let job = operator.next_until(Boundary::ManagementKey.inside()).await?;
        operator.go_on_until(Gate::before_reset())?;
        operator.swap_unnoticed()?;
        let failure = operator.ended(&job).await?;
        Operator::check_failed(failure, |failure| {
            failure.phase == Phase::Verify
                && failure.cause == FailureCause::OtherChip
                && failure.condition == Condition::PartlyWritten
        })?;
        let other = operator.lane.foreign_index(&operator.place);
        let trace = std::fs::read_to_string(operator.lane.trace(other))?;
        ensure!(trace.contains("> "), "the other chip was asked who it is");
        operator.finish_and_check().await
    });
}
