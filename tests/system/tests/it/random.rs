//! Random schedules over the whole system. A schedule that fails is named with its seed, and is
//! repeated by `cargo xtask soak --seed SEED --count 1`.

use crate::LANES;
use cardwright_system::run_side_by_side;
use cardwright_system::schedule::Schedule;
use std::hash::{BuildHasher as _, RandomState};

#[test]
fn twenty_random_schedules_lose_nothing() {
    // Others in every run; no two runs share a hasher's keys.
    let first = RandomState::new().hash_one(0) >> 32;
    let schedules = (first..first + 20).map(Schedule::from_seed);
    run_side_by_side(LANES, schedules, async |lane, schedule| schedule.run(lane).await);
}
