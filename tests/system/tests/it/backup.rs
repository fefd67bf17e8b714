//! Yesterday's backup: a registry is restored from a copy that is older than its chips, and every
//! chip is opened again and set right.

use anyhow::{Context as _, ensure};
use cardwright_protocol::registry::processes::Verdict;
use cardwright_system::operator::Operator;
use cardwright_system::{Boundary, Chip, Dice, Lane, Place, end_state};
use cardwright_virtual_card::{Gate, GateSide};
use std::path::Path;
use xtask::sh::output;

/// The same in every run, so that a failure is nobody's bad luck.
const SEED: u64 = 1;

/// How many chips become whole, and how many are torn beside one in each phase.
const WHOLE: usize = 7;
const TORN: usize = 5;

/// How many outcomes stay with the helper until the registry is restored.
const STRAYS: usize = 2;

/// What becomes of a chip after the copy was taken.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Whole,
    /// Torn out here, and left so.
    Torn(Boundary, GateSide),
}

impl Fate {
    /// The fates of all chips, in the order in which they are encoded.
    fn all(dice: &mut Dice) -> Vec<Self> {
        let mut fates = vec![Self::Whole; WHOLE];
        let others = (0..TORN).map(|_| Boundary::ALL[choose(dice, Boundary::ALL.len())]);
        for at in Boundary::ALL.into_iter().chain(others.collect::<Vec<_>>()) {
            fates.push(Self::Torn(at, [GateSide::Before, GateSide::Inside][choose(dice, 2)]));
        }
        for place in 1..fates.len() {
            fates.swap(place, choose(dice, place + 1));
        }
        fates
    }

    fn gate(self) -> Option<Gate> {
        match self {
            Self::Whole => None,
            Self::Torn(at, GateSide::Before) => Some(at.before()),
            Self::Torn(at, GateSide::Inside) => Some(at.inside()),
        }
    }
}

/// A chip of the days since, out of its reader.
struct Past {
    fate: Fate,
    place: Place,
    /// Of a chip that is whole: Windows knows it by that.
    guid: Option<Vec<u8>>,
}

#[tokio::test]
async fn a_registry_restored_from_yesterday_sets_every_chip_right() -> anyhow::Result<()> {
    let fates = Fate::all(&mut Dice::from_seed(SEED));
    let mut lane = Lane::start(u16::try_from(fates.len())?).await?;
    let done = yesterday(&mut lane, fates).await;
    done.with_context(|| lane.logs())
}

async fn yesterday(lane: &mut Lane, fates: Vec<Fate>) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("yesterday.sqlite");
    // The registry runs meanwhile.
    output(lane.desk.registry_command("backup").arg("--to").arg(&copy))?;
    let last = fates.len() - STRAYS;
    let mut chips = Vec::new();
    for (number, fate) in fates.into_iter().enumerate() {
        let chip = encode(lane, fate, number < last).await;
        chips.push(chip.with_context(|| format!("to leave chip {number} {fate:?}"))?);
    }
    restore(lane, &copy).await?;
    carry_strays(lane).await.context("outcomes that the registry does not know")?;
    for chip in chips {
        let what = format!("to set right what is {:?}", chip.fate);
        set_right(lane, chip).await.context(what)?;
    }
    Ok(())
}

/// Leaves a chip as its fate says.
async fn encode(lane: &mut Lane, fate: Fate, is_carried: bool) -> anyhow::Result<Past> {
    let mut operator = Operator::sit_down(lane).await?;
    let job = match fate.gate() {
        None => operator.next().await?,
        Some(gate) => {
            let job = operator.next_until(gate).await?;
            operator.tear();
            job
        }
    };
    let failure = operator.ended(&job).await?;
    ensure!(failure.is_none() == matches!(fate, Fate::Whole), "{failure:?}");
    operator.tear();
    let place = operator.place.clone();
    if is_carried {
        operator.carry_outcomes().await?;
    }
    let guid = match fate {
        Fate::Whole => Some(Chip::open(&lane.kept_chip(&place))?.guid()?),
        Fate::Torn(..) => None,
    };
    Ok(Past { fate, place, guid })
}

async fn restore(lane: &mut Lane, copy: &Path) -> anyhow::Result<()> {
    lane.desk.stop_registry();
    let restored = lane.desk.registry_command("restore").arg(copy).output()?;
    ensure!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    lane.desk.start_registry()?;
    lane.log_in_again().await
}

/// The helper is told that it may forget them.
async fn carry_strays(lane: &Lane) -> anyhow::Result<()> {
    let mut page = lane.page().await?;
    ensure!(page.helper.outcomes.len() == STRAYS, "{:?}", page.helper.outcomes);
    page.carry_outcomes().await?;
    page.ask_for_outcomes().await?;
    ensure!(page.helper.outcomes.is_empty(), "they are forgotten");
    Ok(())
}

async fn set_right(lane: &mut Lane, past: Past) -> anyhow::Result<()> {
    let Past { fate, place, guid } = past;
    let mut operator = Operator::come_back(lane, place.clone());
    let named_itself = match fate {
        Fate::Whole => true,
        // The card id is written by the first PUT DATA, whether or not it is answered.
        Fate::Torn(Boundary::Identify | Boundary::Authenticate, _)
        | Fate::Torn(Boundary::CardCapability, GateSide::Before) => false,
        Fate::Torn(..) => true,
    };
    let verdict = operator.verdict().await?;
    ensure!((verdict == Verdict::Interrupted) == named_itself, "{verdict:?}");
    operator.finish().await?;
    operator.page = None;
    end_state::check_card_and_chip(lane, &place).await?;
    if let Some(guid) = guid {
        let now = Chip::open(&lane.kept_chip(&place))?.guid()?;
        ensure!(now == guid, "the GUID was {guid:02X?} and is {now:02X?}");
    }
    Ok(())
}

fn choose(dice: &mut Dice, of: usize) -> usize {
    dice.below(of as u64) as usize
}
