use crate::place::{Place, READERS};
use std::time::Duration;

/// Measures four jobs at the same time, and one alone, each on a fresh card in a reader of its own.
/// From pair to pair the order is turned around.
pub(crate) async fn pair(
    place: &mut Place,
    number: usize,
    delay: Duration,
) -> anyhow::Result<(Duration, Duration)> {
    let cards = place.cards(&READERS, delay).await?;
    let mut jobs = Vec::new();
    for card in &cards {
        jobs.push(place.sealed_job(card).await?);
    }
    let alone = jobs.remove(number % jobs.len());
    Ok(match number % 2 {
        0 => {
            let (four, _) = place.execute_all(jobs).await?;
            let (one, _) = place.execute(alone).await?;
            (four.accepted_to_receipt, one.accepted_to_receipt)
        }
        _ => {
            let (one, _) = place.execute(alone).await?;
            let (four, _) = place.execute_all(jobs).await?;
            (four.accepted_to_receipt, one.accepted_to_receipt)
        }
    })
}
