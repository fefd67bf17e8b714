use std::time::Duration;

/// What peers may cost the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections that are open at a time.
    pub connections: usize,
    /// Of these, how many may come from one address: one of IPv4, or one network of IPv6 (/64).
    /// Proxies are not counted.
    pub connections_of_one: usize,
    /// Whoever connected, asked or was answered so lately stays before all others when there is no
    /// room: an honest client needs no longer than that.
    pub fresh: Duration,
    /// From the connection's begin until its first request has a whole head, the TLS handshake
    /// included.
    pub first_request: Duration,
    /// From an answer until the next request has a whole head.
    pub idle: Duration,
    /// From the end of a request's head until the end of its body.
    pub body: Duration,
    /// From the begin of an answer until the network took a part of it (64 KiB), from then until it
    /// took the next one, and so on: a long answer takes its time, whoever stops reading is cut.
    pub answer: Duration,
}

impl Default for Limits {
    /// As many connections as the 1,024 open files leave room for that a process may usually have.
    fn default() -> Self {
        Self {
            connections: 512,
            connections_of_one: 256,
            fresh: Duration::from_secs(1),
            first_request: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            body: Duration::from_secs(20),
            answer: Duration::from_secs(120),
        }
    }
}

impl Limits {
    /// How often it is looked for who takes too long.
    pub(super) fn round(&self) -> Duration {
        let shortest = self.first_request.min(self.idle).min(self.body).min(self.answer);
        (shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }
}
