//! Random schedules of tears, kills and recoveries, each repeatable by its seed.

use crate::operator::{Operator, Reached};
use crate::{Dice, Lane};
use anyhow::Context as _;
use cardwright_virtual_card::Gate;

/// Most commands of a job that a step counts to: a job on a fresh chip has about thirty.
const COMMANDS: u64 = 36;

/// Most times that a request on its way is looked at before whatever happens to it.
const LOOKS: u64 = 40;

/// What happens to one card, in its order.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Gives the same schedule again.
    pub seed: u64,
    steps: Vec<Step>,
}

/// *Next* is clicked, and at some moment something happens.
#[derive(Debug, Clone)]
struct Step {
    moment: Moment,
    /// One after the other, before anything is started again.
    deeds: Vec<Deed>,
}

#[derive(Debug, Clone, Copy)]
enum Moment {
    /// A job was issued, and the helper does not have it.
    BeforeExecution,
    /// The chip holds before its Nth command from the beginning of the job.
    BeforeCommand(u64),
    /// The chip has carried its Nth command out, and holds.
    InsideCommand(u64),
    /// The chip holds before it is reset for the read-back.
    BeforeReset,
    /// The outcome is somewhere on its way to the registry, or back: so many looks at it on.
    InTheMail(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Tear,
    Swap,
    KillHelper,
    KillRegistry,
    ClosePage,
    StopService,
}

const DEEDS: [Deed; 6] = [
    Deed::Tear,
    Deed::Swap,
    Deed::KillHelper,
    Deed::KillRegistry,
    Deed::ClosePage,
    Deed::StopService,
];

impl Schedule {
    /// The schedule of a seed.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let mut dice = Dice::from_seed(seed);
        let steps = (0..=dice.below(4)).map(|_| Step::random(&mut dice)).collect();
        Self { seed, steps }
    }

    /// Carries it out on the next card of a lane, lets the operator finish, and checks what must
    /// be true then.
    ///
    /// # Errors
    /// What is not as it must be.
    pub async fn run(&self, lane: &mut Lane) -> anyhow::Result<()> {
        let mut operator = Operator::sit_down(lane).await?;
        for (number, step) in self.steps.iter().enumerate() {
            if operator.settle().await.with_context(|| format!("to settle before step {number}"))? {
                break;
            }
            step.run(&mut operator).await.with_context(|| format!("step {number}"))?;
        }
        operator.finish_and_check().await
    }
}

impl Step {
    fn random(dice: &mut Dice) -> Self {
        let moment = match dice.below(12) {
            0 => Moment::BeforeExecution,
            1 => Moment::BeforeReset,
            2 | 3 => Moment::InTheMail(dice.below(LOOKS)),
            4..=7 => Moment::BeforeCommand(1 + dice.below(COMMANDS)),
            _ => Moment::InsideCommand(1 + dice.below(COMMANDS)),
        };
        // Mostly one thing at a time.
        let count = 1 + dice.below(6) / 4;
        let mut deeds = Vec::new();
        while deeds.len() < count as usize {
            let deed = DEEDS[dice.below(DEEDS.len() as u64) as usize];
            if !deeds.contains(&deed) {
                deeds.push(deed);
            }
        }
        Self { moment, deeds }
    }

    async fn run(&self, operator: &mut Operator<'_>) -> anyhow::Result<()> {
        let gate = match self.moment {
            Moment::BeforeCommand(nth) => Some(Gate::before(nth)),
            Moment::InsideCommand(nth) => Some(Gate::inside(nth)),
            Moment::BeforeReset => Some(Gate::before_reset()),
            Moment::BeforeExecution | Moment::InTheMail(_) => None,
        };
        match (gate, self.moment) {
            (Some(gate), _) => {
                if operator.next_until_or_end(gate).await? == Reached::End {
                    return Ok(());
                }
            }
            (None, Moment::InTheMail(looks)) => {
                let job = operator.next().await?;
                operator.ended(&job).await?;
                mail(operator, looks).await?;
            }
            (None, _) => operator.next_without_execution().await?,
        }
        for deed in &self.deeds {
            deed.run(operator)?;
        }
        // Where another chip or none is in the reader, there is nothing to let go.
        let _ = operator.let_go();
        Ok(())
    }
}

impl Deed {
    fn run(self, operator: &mut Operator<'_>) -> anyhow::Result<()> {
        match self {
            Self::Tear => operator.tear(),
            Self::Swap => operator.swap()?,
            Self::KillHelper => operator.lane.desk.kill_helper()?,
            Self::KillRegistry => operator.lane.desk.kill_registry()?,
            Self::ClosePage => operator.page = None,
            Self::StopService => operator.lane.stop_service()?,
        }
        Ok(())
    }
}

/// Begins to carry the outcomes, and stops somewhere on the way.
async fn mail(operator: &mut Operator<'_>, looks: u64) -> anyhow::Result<()> {
    let enough = async {
        for _ in 0..looks {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        carried = operator.carry_outcomes() => carried,
        () = enough => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_its_schedule_again() {
        let text = |seed| format!("{:?}", Schedule::from_seed(seed));
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }
}
