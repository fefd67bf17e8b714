//! Another chip in the middle of a job, faster than the PC/SC service notices: it is never written
//! to, and no try of it is spent.

use crate::LANES;
use anyhow::ensure;
use cardwright_system::operator::Operator;
use cardwright_system::{Boundary, Lane, run_side_by_side};
use cardwright_virtual_card::GateSide;

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
    let other = operator.lane.foreign_index(&operator.place);
    let reader = operator.place.reader;
    operator.lane.office.swap_between_polls(reader, operator.lane.chip(other))?;
    ensure!(operator.ended(&job).await?.is_some(), "the job does not go on with another chip");
    untouched(operator.lane, other)?;
    operator.insert_again()?;
    operator.finish_and_check().await
}

/// Only what asks, and spends no try, was ever sent to this chip.
fn untouched(lane: &Lane, index: u16) -> anyhow::Result<()> {
    let trace = std::fs::read_to_string(lane.trace(index)).unwrap_or_default();
    let commands = trace.lines().filter_map(|line| line.trim_start().split_once("> "));
    for (_, command) in commands {
        let command = hex::decode(command)?;
        let [_, instruction, _, _, rest @ ..] = &command[..] else {
            anyhow::bail!("a command of {} bytes", command.len())
        };
        let asks = match instruction {
            // SELECT, GET DATA (both), GET VERSION, GET SERIAL, GET METADATA, GET RESPONSE.
            0xA4 | 0xCA | 0xCB | 0xFD | 0xF8 | 0xF7 | 0xC0 => true,
            // VERIFY without a PIN asks for the tries.
            0x20 => rest.is_empty() || rest == [0x00],
            _ => false,
        };
        ensure!(asks, "another chip was sent the instruction {instruction:02X}");
    }
    Ok(())
}
