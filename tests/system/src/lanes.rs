use crate::Lane;
use anyhow::Context as _;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Runs cases on so many lanes, side by side; each lane takes the next case when it is free. All
/// cases run, whatever becomes of one.
///
/// # Panics
/// When a case failed: which ones, why, and what the logs of their lane said last.
pub fn run_side_by_side<C: Send + Debug>(
    lanes: usize,
    cases: impl IntoIterator<Item = C>,
    run: impl AsyncFn(&mut Lane, &C) -> anyhow::Result<()> + Sync,
) {
    let cases: Vec<C> = cases.into_iter().collect();
    let count = cases.len();
    let open = Mutex::new(cases.into_iter());
    let next = || open.lock().unwrap_or_else(PoisonError::into_inner).next();
    let failures = Mutex::new(Vec::new());
    let fail = |text: String| failures.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    thread::scope(|scope| {
        for _ in 0..lanes.min(count) {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.expect("the system has room for a runtime");
                runtime.block_on(async {
                    let mut lane = None;
                    while let Some(case) = next() {
                        if let Err(error) = run_one(&mut lane, count, &case, &run).await {
                            let logs = lane.as_ref().map_or_else(String::new, Lane::logs);
                            fail(format!("{case:?}: {error:#}\n{logs}"));
                            // Whatever it left behind is nobody else's trouble.
                            lane = None;
                        }
                    }
                });
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(
        failures.is_empty(),
        "{} of {count} cases failed:\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

async fn run_one<C>(
    lane: &mut Option<Lane>,
    cards: usize,
    case: &C,
    run: &impl AsyncFn(&mut Lane, &C) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if lane.as_ref().is_none_or(|lane| !lane.has_cards()) {
        *lane = None;
        let cards = u16::try_from(cards.min(100))?;
        *lane = Some(Lane::start(cards).await.context("to start a lane")?);
    }
    let lane = lane.as_mut().context("it was started")?;
    run(lane, case).await
}
