//! The disks of registry and helper fill up at any moment: nothing is half true, and when there is
//! space again the operator finishes.

use anyhow::{Context as _, ensure};
use cardwright_protocol::domain::CardState;
use cardwright_protocol::helper::HelperError;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_system::operator::Operator;
use cardwright_system::{Boundary, Error, Lane};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// Names this test, which runs itself again where it may mount.
const NAME: &str = "full_disk::a_disk_that_fills_up_costs_nothing_but_time";
const INSIDE: &str = "CARDWRIGHT_INSIDE_NAMESPACES";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Registry,
    Helper,
}

#[derive(Debug, Clone, Copy)]
enum Moment {
    BeforeNext,
    InTheJob,
    BeforeTheOutcomeIsTaken,
}

const MOMENTS: [Moment; 3] =
    [Moment::BeforeNext, Moment::InTheJob, Moment::BeforeTheOutcomeIsTaken];

#[tokio::test]
async fn a_disk_that_fills_up_costs_nothing_but_time() -> anyhow::Result<()> {
    if std::env::var_os(INSIDE).is_none() {
        return run_inside();
    }
    let folder = tempfile::Builder::new().prefix("cardwright-").tempdir()?;
    let mut registry = Disk::mount(&folder.path().join("registry"), "4m")?;
    let mut helper = Disk::mount(&folder.path().join("helper"), "64k")?;
    let mut lane = Lane::start_in(folder, 6).await?;
    for moment in MOMENTS {
        // The helper's first: the room of an outcome that was acknowledged serves the next job,
        // however full the disk is.
        for (whose, disk) in [(Whose::Helper, &mut helper), (Whose::Registry, &mut registry)] {
            let done = fill_up(&mut lane, disk, whose, moment).await;
            done.with_context(|| format!("{whose:?}, {moment:?}\n{}", lane.logs()))?;
        }
    }
    Ok(())
}

async fn fill_up(
    lane: &mut Lane,
    disk: &mut Disk,
    whose: Whose,
    moment: Moment,
) -> anyhow::Result<()> {
    let mut operator = Operator::sit_down(lane).await?;
    match moment {
        Moment::BeforeNext => {
            operator.verdict().await?;
            disk.fill()?;
            let error = operator.next().await.err().context("no job is taken without space")?;
            check_says_so(whose, &error)?;
            check_card(&operator, CardState::Produced).await?;
        }
        Moment::InTheJob => {
            let job = operator.next_until(Boundary::Puk.inside()).await?;
            disk.fill()?;
            operator.let_go()?;
            ensure!(operator.ended(&job).await?.is_none(), "the job has its room");
            hand_over(&mut operator, whose).await?;
        }
        Moment::BeforeTheOutcomeIsTaken => {
            let job = operator.next().await?;
            ensure!(operator.ended(&job).await?.is_none(), "nothing disturbs the job");
            disk.fill()?;
            hand_over(&mut operator, whose).await?;
        }
    }
    disk.free()?;
    operator.finish_and_check().await
}

/// The registry takes the receipt wholly or not at all; the helper keeps it so long.
async fn hand_over(operator: &mut Operator<'_>, whose: Whose) -> anyhow::Result<()> {
    let handed_over = operator.carry_outcomes().await;
    let (kept, state) = match whose {
        Whose::Registry => {
            let error = handed_over.err().context("nothing is taken without space")?;
            check_says_so(whose, error.downcast_ref().context("of a page")?)?;
            (1, CardState::Produced)
        }
        Whose::Helper => {
            handed_over?;
            (0, CardState::Unassigned)
        }
    };
    check_card(operator, state).await?;
    let mut page = operator.lane.page().await?;
    page.ask_for_outcomes().await?;
    ensure!(page.helper.outcomes.len() == kept, "{:?}", page.helper.outcomes);
    Ok(())
}

fn check_says_so(whose: Whose, error: &Error) -> anyhow::Result<()> {
    let said = match error {
        Error::Problem(problem) if whose == Whose::Registry => problem.code == ProblemCode::NoSpace,
        Error::Refused(refused) if whose == Whose::Helper => {
            refused.clone().cause() == HelperError::NoSpace
        }
        _ => false,
    };
    ensure!(said, "it says something else: {error}");
    Ok(())
}

async fn check_card(operator: &Operator<'_>, state: CardState) -> anyhow::Result<()> {
    let card = operator.lane.site.card(&operator.place.card).await?;
    ensure!(card.row.state == state, "{card:?}");
    Ok(())
}

/// Runs this test again in user and mount namespaces of its own: no privilege is needed, and
/// whatever it mounts goes with it.
fn run_inside() -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("cw-").tempdir()?;
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--fork", "--kill-child"])
        .arg(std::env::current_exe()?)
        .args(["--exact", NAME])
        .env(INSIDE, "1")
        // What it leaves behind where a disk was is cleared away with this folder.
        .env("TMPDIR", folder.path())
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    ensure!(said.contains("1 passed"), "it ran: {said}");
    Ok(())
}

/// A small disk, in memory.
struct Disk {
    filler: File,
}

impl Disk {
    fn mount(at: &Path, size: &str) -> anyhow::Result<Self> {
        std::fs::create_dir_all(at)?;
        let options = format!("size={size},mode=700");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(at).status()?;
        ensure!(mounted.success(), "a disk can be mounted");
        Ok(Self { filler: File::create(at.join("filler"))? })
    }

    /// Leaves no space.
    fn fill(&mut self) -> anyhow::Result<()> {
        loop {
            match self.filler.write_all(&[1; 1024]) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Gives all that was filled back.
    fn free(&mut self) -> anyhow::Result<()> {
        self.filler.set_len(0)?;
        Ok(std::io::Seek::rewind(&mut self.filler)?)
    }
}
