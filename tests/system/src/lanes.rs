use crate::{Lane, canary};
use anyhow::Context as _;
use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Most cards that a lane has before it is cleared away for a new one.
const CARDS: usize = 100;

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
    let failures = failures_of(lanes, cases, run, |_| ());
    assert!(
        failures.is_empty(),
        "{} of {count} cases failed:\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

/// The same, with what is to be said after each case: how many failed so far. Gives every failure.
pub fn failures_of<C: Send + Debug>(
    lanes: usize,
    cases: Vec<C>,
    run: impl AsyncFn(&mut Lane, &C) -> anyhow::Result<()> + Sync,
    after_each: impl Fn(usize) + Sync,
) -> Vec<String> {
    let count = cases.len();
    let open = Mutex::new(cases.into_iter());
    let failures = Mutex::new(Vec::new());
    let work = async || {
        let mut lane = None;
        loop {
            let next = lock(&open).next();
            let Some(case) = next else { break };
            if let Err(error) = run_one(&mut lane, count, &case, &run).await {
                let logs = lane.as_ref().map_or_else(String::new, Lane::logs);
                lock(&failures).push(format!("{case:?}: {error:#}\n{logs}"));
                // Whatever it left behind is nobody else's trouble.
                lane = None;
            }
            after_each(lock(&failures).len());
        }
        if let Some(lane) = lane
            && let Err(error) = canary::check(&lane).await
        {
            lock(&failures).push(format!("after all cases of a lane: {error:#}"));
        }
    };
    thread::scope(|scope| {
        for _ in 0..lanes.min(count) {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("the system has room for a runtime").block_on(work());
            });
        }
    });
    failures.into_inner().unwrap_or_else(PoisonError::into_inner)
}

async fn run_one<C>(
    lane: &mut Option<Lane>,
    cases: usize,
    case: &C,
    run: &impl AsyncFn(&mut Lane, &C) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if lane.as_ref().is_none_or(|lane| !lane.has_cards()) {
        if let Some(lane) = lane.take() {
            canary::check(&lane).await?;
        }
        let cards = u16::try_from(cases.min(CARDS))?;
        *lane = Some(Lane::start(cards).await.context("to start a lane")?);
    }
    let lane = lane.as_mut().context("it was started")?;
    run(lane, case).await
}

/// Nothing that is locked here is left half changed by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
