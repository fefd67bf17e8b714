//! Who has a place in this helper, and who goes when they run out.
//!
//! A connection is *arriving* until its upgrade, then a *stranger* until its ticket, then a *guest*.
//! When there are too many of a rank that anybody can have, the one of it that came first goes:
//! whoever means well is out of it within milliseconds. A guest never goes for another one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// How many connections of each rank there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capacity {
    /// Each costs no more than its unread request.
    pub(crate) arriving: usize,
    /// Each costs no more than one unread frame.
    pub(crate) strangers: usize,
    /// Each may cost frames that it does not read, too.
    pub(crate) guests: usize,
}

/// The places of a helper. Clones are the same places.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    capacity: Capacity,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    /// Counts connections, so that an older one has a smaller number.
    last: u64,
    arriving: BTreeMap<u64, oneshot::Sender<()>>,
    strangers: BTreeMap<u64, oneshot::Sender<()>>,
    guests: usize,
}

/// The place of one connection, free when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    number: u64,
    is_guest: bool,
    places: Places,
    lost: oneshot::Receiver<()>,
}

/// All guests stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoPlace;

impl Places {
    /// Places that nobody has.
    pub(crate) fn new(capacity: Capacity) -> Self {
        Self { capacity, taken: Arc::default() }
    }

    /// The place of a connection that just came.
    pub(crate) fn arrive(&self) -> Place {
        let (loses, lost) = oneshot::channel();
        let mut taken = self.taken();
        taken.last += 1;
        let number = taken.last;
        taken.arriving.insert(number, loses);
        if taken.arriving.len() > self.capacity.arriving {
            lose_first(&mut taken.arriving);
        }
        drop(taken);
        Place { number, is_guest: false, places: self.clone(), lost }
    }

    /// Takes the place of whoever came first and has no ticket. Says whether there was one.
    pub(crate) fn make_room(&self) -> bool {
        let mut taken = self.taken();
        let Taken { arriving, strangers, .. } = &mut *taken;
        lose_first(arriving) || lose_first(strangers)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // No code that holds the lock leaves it half changed where it could panic.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The connection was upgraded.
    pub(crate) fn become_stranger(&mut self) {
        let mut taken = self.places.taken();
        // One that just lost its place is told so when it waits the next time.
        if let Some(loses) = taken.arriving.remove(&self.number) {
            taken.strangers.insert(self.number, loses);
            if taken.strangers.len() > self.places.capacity.strangers {
                lose_first(&mut taken.strangers);
            }
        }
    }

    /// The connection has a ticket: nobody takes its place from now on.
    pub(crate) fn become_guest(&mut self) -> Result<(), NoPlace> {
        let mut taken = self.places.taken();
        if taken.guests == self.places.capacity.guests {
            return Err(NoPlace);
        }
        // Whoever has a ticket stays, even if its place was lost in this moment.
        taken.strangers.remove(&self.number);
        taken.guests += 1;
        self.is_guest = true;
        Ok(())
    }

    /// Done when the place is lost to a connection that came later. Never done for guests.
    pub(crate) async fn lost(&mut self) {
        if self.is_guest || (&mut self.lost).await.is_err() {
            std::future::pending().await
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.arriving.remove(&self.number);
        taken.strangers.remove(&self.number);
        taken.guests -= usize::from(self.is_guest);
    }
}

fn lose_first(rank: &mut BTreeMap<u64, oneshot::Sender<()>>) -> bool {
    let first = rank.pop_first();
    if let Some((_, loses)) = first {
        // An error says that it goes already.
        let _ = loses.send(());
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn places() -> Places {
        Places::new(Capacity { arriving: 2, strangers: 2, guests: 1 })
    }

    fn has_lost(place: &mut Place) -> bool {
        place.lost().now_or_never().is_some()
    }

    #[test]
    fn the_oldest_of_a_rank_goes_when_one_more_comes() {
        let places = places();
        let mut arriving = [places.arrive(), places.arrive(), places.arrive()];
        assert_eq!(arriving.each_mut().map(has_lost), [true, false, false]);
        let [_, mut one, mut two] = arriving;
        one.become_stranger();
        two.become_stranger();
        let mut three = places.arrive();
        three.become_stranger();
        assert_eq!([&mut one, &mut two, &mut three].map(has_lost), [true, false, false]);
    }

    #[test]
    fn a_guest_stays_whoever_comes() {
        let places = places();
        let mut guest = places.arrive();
        guest.become_stranger();
        guest.become_guest().unwrap();
        let mut others: Vec<_> = (0..10).map(|_| places.arrive()).collect();
        others.iter_mut().for_each(Place::become_stranger);
        assert!(!has_lost(&mut guest));
        let last = others.last_mut().unwrap();
        assert_eq!(last.become_guest(), Err(NoPlace));
        drop(guest);
        assert_eq!(last.become_guest(), Ok(()));
    }

    #[test]
    fn room_is_made_by_those_not_upgraded_first() {
        let places = places();
        let mut stranger = places.arrive();
        stranger.become_stranger();
        let mut arriving = places.arrive();
        assert!(places.make_room());
        assert!(has_lost(&mut arriving) && !has_lost(&mut stranger));
        assert!(places.make_room());
        assert!(has_lost(&mut stranger));
        assert!(!places.make_room(), "nobody is left who could go");
    }

    #[test]
    fn a_place_is_free_when_it_is_left() {
        let places = places();
        for _ in 0..5 {
            let mut place = places.arrive();
            place.become_stranger();
            place.become_guest().unwrap();
        }
        let mut first = places.arrive();
        drop(places.arrive());
        drop(places.arrive());
        assert!(!has_lost(&mut first));
    }
}
