//! Random schedules over the whole system. A schedule that fails is named with its seed, and is
//! repeated by `cargo xtask soak --seed SEED --count 1`.

use crate::LANES;
use cardwright_system::run_side_by_side;
use cardwright_system::schedule::Schedule;

#[test]
fn twenty_random_schedules_lose_nothing() {
    // The same in every run, so that a failure is nobody's bad luck; `cargo xtask soak` takes others.
    let schedules = (1..=20).map(Schedule::from_seed);
    run_side_by_side(LANES, schedules, async |lane, schedule| schedule.run(lane).await);
}
