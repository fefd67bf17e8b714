use crate::place::{Place, READERS, Times};
use crate::script::Step;
use std::time::Duration;

/// What was measured side by side: one pair of us and each other side.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) ours: Times,
    pub(crate) yubico: Duration,
    pub(crate) open_sc: Duration,
    pub(crate) bare: Duration,
}

/// Measures every side once, each on a fresh card of its own. From round to round the order is
/// turned around and the readers change hands, so that neither speaks for a side.
pub(crate) async fn round(
    place: &mut Place,
    number: usize,
    delay: Duration,
    steps: &[Step],
) -> anyhow::Result<Round> {
    let mut readers = READERS;
    readers.rotate_left(number % READERS.len());
    let cards = place.cards(&readers, delay).await?;
    let [yubico, ours, bare, open_sc] = &cards[..] else {
        anyhow::bail!("four readers have four cards");
    };
    let job = place.sealed_job(ours);
    Ok(match number % 2 {
        0 => {
            let yubico = place.tools.yubico(&yubico.name)?;
            let (ours, _) = place.execute(job).await?;
            let bare = place.bare.run(&bare.name, steps)?;
            let open_sc = place.tools.open_sc(&open_sc.name)?;
            Round { ours, yubico, open_sc, bare }
        }
        _ => {
            let open_sc = place.tools.open_sc(&open_sc.name)?;
            let bare = place.bare.run(&bare.name, steps)?;
            let (ours, _) = place.execute(job).await?;
            let yubico = place.tools.yubico(&yubico.name)?;
            Round { ours, yubico, open_sc, bare }
        }
    })
}
