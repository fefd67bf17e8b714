use axum::http::HeaderMap;
use std::net::{IpAddr, SocketAddr};

/// Where the person behind a proxy is named.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Proxies of this registry: what they say of where a request comes from is believed.
#[derive(Debug, Clone)]
pub(super) struct Proxies(Vec<IpAddr>);

impl Proxies {
    pub(super) fn new(addresses: &[IpAddr]) -> Self {
        Self(addresses.iter().map(IpAddr::to_canonical).collect())
    }

    pub(super) fn contain(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Where a request comes from: its peer, or behind our proxies the last address that none of
    /// them has. Everything before that one is what the client says of itself. The port is 0
    /// where a proxy named the address.
    pub(super) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        if !self.contain(peer.ip()) {
            return peer;
        }
        let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
        let entries = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|b| *b == b','));
        for entry in entries {
            let Some(address) = address(entry) else { return peer };
            if !self.contain(address) {
                return SocketAddr::new(address, 0);
            }
        }
        peer
    }
}

fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?.trim();
    let address = text.parse::<IpAddr>().or_else(|_| text.parse().map(|a: SocketAddr| a.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, lines: &[&str], client: &str) {
        let proxies = Proxies::new(&["10.0.0.5".parse().unwrap(), "10.0.0.6".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let found = proxies.client(SocketAddr::new(peer.parse().unwrap(), 40_000), &headers);
        assert_eq!(found.ip().to_string(), client, "{peer} {lines:?}");
    }

    #[test]
    fn only_our_proxies_say_where_a_request_comes_from() {
        check("192.0.2.1", &["203.0.113.9"], "192.0.2.1");
        check("10.0.0.5", &[], "10.0.0.5");
        check("10.0.0.5", &["203.0.113.9"], "203.0.113.9");
        check("::ffff:10.0.0.5", &["203.0.113.9"], "203.0.113.9");
        check("10.0.0.5", &["127.0.0.1, 203.0.113.9"], "203.0.113.9");
        check("10.0.0.5", &["127.0.0.1", "203.0.113.9 , 10.0.0.6"], "203.0.113.9");
        check("10.0.0.5", &["203.0.113.9:4711"], "203.0.113.9");
        check("10.0.0.5", &["[2001:db8::1]:4711"], "2001:db8::1");
        check("10.0.0.5", &["10.0.0.6"], "10.0.0.5");
        for nonsense in ["", "unknown", "203.0.113.9,", "203.0.113.9 127.0.0.1", "::ffff:1.2.3.4.5"]
        {
            check("10.0.0.5", &[nonsense], "10.0.0.5");
        }
    }
}
