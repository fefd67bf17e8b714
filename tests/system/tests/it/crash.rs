//! A helper that crashes by itself in the middle of a job: whatever it says at its end, and whatever
//! it leaves behind, there is no secret in it, and the card is finished all the same.

use crate::LANES;
use anyhow::{Context as _, bail, ensure};
use cardwright_system::operator::Operator;
use cardwright_system::{Boundary, Lane, canary, run_side_by_side};
use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

/// Pages for which a helper has no room once it gets no more memory.
const PAGES: usize = 100;

#[test]
fn a_helper_that_crashes_in_a_job_says_no_secret() {
    // The PUK is on the chip; PIN and PUK are; all is written, and being read back.
    let boundaries = [Boundary::Pin, Boundary::Keys, Boundary::Verify];
    run_side_by_side(LANES.min(boundaries.len()), boundaries, async |lane, boundary| {
        let mut operator = Operator::sit_down(lane).await?;
        operator.next_until(boundary.before()).await?;
        let status = crash(operator.lane).await?;
        let crashes = [Signal::ABORT, Signal::SEGV, Signal::BUS].map(Signal::as_raw);
        let is_crash = status.signal().is_some_and(|signal| crashes.contains(&signal));
        ensure!(is_crash && !status.core_dumped(), "the helper ended otherwise: {status}");
        operator.lane.desk.stop_helper();
        let log = std::fs::read_to_string(operator.lane.desk.data().join("helper.log"))?;
        ensure!(log.contains("memory allocation of"), "it says why it ended");
        operator.page = None;
        // The chip has the secrets of a keying that nothing proved.
        canary::check(operator.lane).await?;
        operator.let_go()?;
        operator.finish_and_check().await
    });
}

/// Leaves the helper of a lane no room for memory, and asks for some until it crashes: the Rust
/// runtime ends a program that gets none, and says so.
async fn crash(lane: &mut Lane) -> anyhow::Result<ExitStatus> {
    let id = lane.desk.helper_id().context("the helper runs")?;
    let process = Pid::from_raw(i32::try_from(id)?).context("no process has the number 0")?;
    for resource in [Resource::As, Resource::Data] {
        prlimit(Some(process), resource, Rlimit { current: Some(0), maximum: Some(0) })?;
    }
    let mut pages = Vec::new();
    for _ in 0..PAGES {
        pages.push(lane.page().await);
        if let Some(status) = lane.desk.helper_end()? {
            return Ok(status);
        }
    }
    bail!("the helper has room for {PAGES} pages")
}
