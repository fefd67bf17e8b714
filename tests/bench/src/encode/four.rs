use crate::place::{Place, READERS};
use std::time::Duration;

/// Measures four jobs at the same time, and one alone, each on a fresh card; gives both times in
/// this order. From pair to pair the order is turned around.
pub(crate) async fn pair(
    place: &mut Place,
    number: usize,
    delay: Duration,
) -> anyhow::Result<(Duration, Duration)> {
    let reader = READERS[number / 2 % READERS.len()];
    Ok(match number % 2 {
        0 => {
            let four = at_once(place, &READERS, delay).await?;
            (four, at_once(place, &[reader], delay).await?)
        }
        _ => {
            let one = at_once(place, &[reader], delay).await?;
            (at_once(place, &READERS, delay).await?, one)
        }
    })
}

async fn at_once(
    place: &mut Place,
    readers: &[usize],
    delay: Duration,
) -> anyhow::Result<Duration> {
    let mut jobs = Vec::new();
    for card in place.cards(readers, delay).await? {
        jobs.push(place.sealed_job(&card));
    }
    let (times, _) = place.execute_all(jobs).await?;
    Ok(times.accepted_to_receipt)
}
