//! All open connections: who gets in, who goes first when there is no room, and who takes too
//! long. A connection that was cut is as one that its peer closed.

use super::Limits;
use super::proxies::Proxies;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// How long nobody is cut who did something: what it wants may be on its way.
const HEARING: Duration = Duration::from_millis(50);

/// Bits of an IPv6 address that name a network: who has one address of it has all of them.
const NETWORK: u32 = 64;

/// The connections of a server. Clones share them.
#[derive(Clone)]
pub(super) struct Connections {
    limits: Limits,
    proxies: Proxies,
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    /// Numbers connections and exchanges.
    next: u64,
    open: HashMap<u64, Connection>,
}

struct Connection {
    from: IpAddr,
    /// When it began, or when its last exchange ended.
    quiet_since: Instant,
    /// Whether what it had sent when it was accepted was looked at.
    is_heard: bool,
    /// Whether it ever made a request.
    has_asked: bool,
    exchanges: HashMap<u64, (Step, Instant)>,
    /// Ends it; there from when it is served.
    task: Option<AbortHandle>,
}

/// What a request and its answer wait for, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The peer's body.
    Receiving,
    /// Us.
    Working,
    /// The peer, who reads the answer.
    Answering,
}

/// Who goes first when there is no room: the first of these, and of these the oldest; but whoever
/// is fresh goes after all who are not, the oldest first. Whom we are working for stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Never made a request.
    Silent,
    /// Makes none at the moment.
    Idle,
    /// We wait for it in the midst of one.
    Waited,
    /// It waits for us.
    Working,
}

/// The right of a connection to be open.
pub(super) struct Place {
    connections: Connections,
    number: u64,
}

/// A request and its answer, until dropped.
pub(super) struct Exchange {
    connections: Connections,
    connection: u64,
    number: u64,
}

impl Connections {
    pub(super) fn new(limits: Limits, proxies: Proxies) -> Self {
        Self { limits, proxies, table: Arc::default() }
    }

    /// A place for one more, or `None` when all are taken by those whom we are working for and
    /// those who had no time yet to say what they want.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Place> {
        let from = network(address);
        let mut table = self.table();
        if !self.proxies.contain(address) {
            let count = table.open.values().filter(|other| other.from == from).count();
            if count >= self.limits.connections_of_one {
                table.cut_first(&self.limits, |connection| connection.from == from)?;
            }
        }
        if table.open.len() >= self.limits.connections {
            table.cut_first(&self.limits, |_| true)?;
        }
        let number = table.number();
        table.open.insert(number, Connection::new(from));
        Some(Place { connections: self.clone(), number })
    }

    /// This task serves the connection of this number, unless it is gone already.
    pub(super) fn is_served_by(&self, number: u64, task: AbortHandle) {
        if let Some(connection) = self.table().open.get_mut(&number) {
            connection.task = Some(task);
        }
    }

    /// Cuts whoever takes longer than the limits allow.
    pub(super) fn cut_overdue(&self) {
        let now = Instant::now();
        self.table().cut_all(|connection| connection.is_overdue(now, &self.limits));
    }

    /// Cuts whoever never made a request.
    pub(super) fn cut_silent(&self) {
        self.table().cut_all(|connection| connection.rank() == Rank::Silent);
    }

    /// Cuts the one who is to go first, so that there is room for what is more urgent.
    pub(super) fn cut_one(&self) {
        // Where there is none, all are working, and one of them is done next.
        let _ = self.table().cut_first(&self.limits, |_| true);
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// By which number [`Connections::is_served_by`] knows it.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// What it had sent when it was accepted was looked at.
    pub(super) fn is_heard(&self) {
        if let Some(connection) = self.connections.table().open.get_mut(&self.number) {
            connection.is_heard = true;
        }
    }

    /// A request has a whole head; its body may still be to come.
    pub(super) fn begin_exchange(&self) -> Exchange {
        let mut table = self.connections.table();
        let number = table.number();
        if let Some(connection) = table.open.get_mut(&self.number) {
            connection.has_asked = true;
            connection.exchanges.insert(number, (Step::Receiving, Instant::now()));
        }
        Exchange { connections: self.connections.clone(), connection: self.number, number }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.table().open.remove(&self.number);
    }
}

impl Exchange {
    /// The request is here as a whole.
    pub(super) fn is_received(&self) {
        self.go_on(Step::Receiving, Step::Working);
    }

    /// The answer begins.
    pub(super) fn is_answered(&self) {
        self.go_on(Step::Receiving, Step::Answering);
        self.go_on(Step::Working, Step::Answering);
    }

    /// The network takes more of the answer.
    pub(super) fn goes_on(&self) {
        self.go_on(Step::Answering, Step::Answering);
    }

    fn go_on(&self, from: Step, to: Step) {
        let mut table = self.connections.table();
        let connection = table.open.get_mut(&self.connection);
        if let Some(entry) = connection.and_then(|c| c.exchanges.get_mut(&self.number))
            && entry.0 == from
        {
            *entry = (to, Instant::now());
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let Some(connection) = self.connections.table().open.get_mut(&self.connection) {
            connection.exchanges.remove(&self.number);
            connection.quiet_since = Instant::now();
        }
    }
}

impl Table {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Cuts the one of these who is to go first.
    fn cut_first(&mut self, limits: &Limits, of: impl Fn(&Connection) -> bool) -> Option<()> {
        let now = Instant::now();
        let age = |connection: &Connection| now.saturating_duration_since(connection.since());
        let these = self.open.iter().filter(|(_, connection)| {
            let was_heard = connection.is_heard || age(connection) >= limits.fresh;
            of(connection) && was_heard && connection.rank() != Rank::Working
        });
        let first = these.min_by_key(|(_, connection)| {
            let since = connection.since();
            let is_fresh = age(connection) < limits.fresh;
            (is_fresh.then_some(since), connection.rank(), since)
        });
        let (number, connection) = first?;
        let number = (age(connection) >= HEARING.min(limits.fresh)).then_some(*number)?;
        self.cut(number);
        Some(())
    }

    fn cut_all(&mut self, these: impl Fn(&Connection) -> bool) {
        let cut = self.open.iter().filter(|(_, connection)| these(connection));
        let cut: Vec<u64> = cut.map(|(number, _)| *number).collect();
        cut.into_iter().for_each(|number| self.cut(number));
    }

    /// From now on it does not count; its task ends as soon as it is looked at.
    fn cut(&mut self, number: u64) {
        if let Some(task) = self.open.remove(&number).and_then(|connection| connection.task) {
            task.abort();
        }
    }
}

impl Connection {
    fn new(from: IpAddr) -> Self {
        let quiet_since = Instant::now();
        Self {
            from,
            quiet_since,
            is_heard: false,
            has_asked: false,
            exchanges: HashMap::new(),
            task: None,
        }
    }

    fn rank(&self) -> Rank {
        match self.exchanges.is_empty() {
            true if self.has_asked => Rank::Idle,
            true => Rank::Silent,
            false if self.exchanges.values().any(|(step, _)| *step == Step::Working) => {
                Rank::Working
            }
            false => Rank::Waited,
        }
    }

    fn since(&self) -> Instant {
        self.exchanges.values().map(|(_, since)| *since).min().unwrap_or(self.quiet_since)
    }

    fn is_overdue(&self, now: Instant, limits: &Limits) -> bool {
        let is_past = |since: Instant, limit| now.saturating_duration_since(since) > limit;
        match self.exchanges.is_empty() {
            true if self.has_asked => is_past(self.quiet_since, limits.idle),
            true => is_past(self.quiet_since, limits.first_request),
            false => self.exchanges.values().any(|(step, since)| match step {
                Step::Receiving => is_past(*since, limits.body),
                Step::Working => false,
                Step::Answering => is_past(*since, limits.answer),
            }),
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let mask = u128::MAX << (Ipv6Addr::BITS - NETWORK);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
        address => address,
    }
}
