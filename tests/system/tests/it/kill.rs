//! The kill matrix: at every boundary of a job, something is killed, closed or stopped.

use crate::LANES;
use anyhow::ensure;
use cardwright_protocol::outcome::FailureCause;
use cardwright_system::operator::Operator;
use cardwright_system::{Boundary, Lane, run_side_by_side};

/// What happens at a boundary.
#[derive(Debug, Clone, Copy)]
enum Deed {
    /// SIGKILL to the helper; then it is started again.
    KillHelper,
    /// SIGKILL to the registry; it is started again when the job has ended.
    KillRegistry,
    /// Both connections of the page end at once; later a new one is opened.
    ClosePage,
    /// The PC/SC service is killed, which takes the power from the chip; then it is started again.
    RestartService,
}

const DEEDS: [Deed; 4] =
    [Deed::KillHelper, Deed::KillRegistry, Deed::ClosePage, Deed::RestartService];

/// Where it happens.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// The chip holds before the first command of a phase.
    Before(Boundary),
    /// The registry has taken the receipt, and the helper does not know.
    BeforeAcknowledgement,
}

#[test]
fn whatever_is_killed_at_any_boundary_the_card_is_finished() {
    let moments = Boundary::ALL.map(Moment::Before).into_iter();
    let moments = moments.chain([Moment::BeforeAcknowledgement]);
    let cases = moments.flat_map(|moment| DEEDS.map(|deed| (moment, deed)));
    run_side_by_side(LANES, cases, async |lane, (moment, deed)| match moment {
        Moment::Before(boundary) => in_the_job(lane, *boundary, *deed).await,
        Moment::BeforeAcknowledgement => before_acknowledgement(lane, *deed).await,
    });
}

async fn in_the_job(lane: &mut Lane, boundary: Boundary, deed: Deed) -> anyhow::Result<()> {
    let mut operator = Operator::sit_down(lane).await?;
    let job = operator.next_until(boundary.before()).await?;
    match deed {
        Deed::KillHelper => {
            operator.lane.desk.kill_helper()?;
            operator.page = None;
            operator.let_go()?;
        }
        Deed::KillRegistry => {
            operator.lane.desk.kill_registry()?;
            operator.let_go()?;
            ensure!(operator.ended(&job).await?.is_none(), "the job needs no registry");
        }
        Deed::ClosePage => {
            operator.page = None;
            operator.let_go()?;
        }
        Deed::RestartService => {
            operator.lane.stop_service()?;
            let failure = operator.ended(&job).await?;
            Operator::check_failed(failure, |failure| {
                failure.cause == FailureCause::ServiceStopped
            })?;
        }
    }
    operator.finish_and_check().await
}

async fn before_acknowledgement(lane: &mut Lane, deed: Deed) -> anyhow::Result<()> {
    let mut operator = Operator::sit_down(lane).await?;
    let job = operator.next().await?;
    ensure!(operator.ended(&job).await?.is_none(), "nothing disturbs the job");
    if let Some(page) = &operator.page {
        for outcome in &page.helper.outcomes {
            // The acknowledgement is lost with whatever happens next.
            page.site.take(outcome).await?;
        }
    }
    match deed {
        Deed::KillHelper => operator.lane.desk.kill_helper()?,
        Deed::KillRegistry => operator.lane.desk.kill_registry()?,
        Deed::ClosePage => {}
        Deed::RestartService => operator.lane.stop_service()?,
    }
    operator.page = None;
    operator.finish_and_check().await
}
