use std::net::{Ipv4Addr, SocketAddr};

/// What pages of this computer call the address. Pages of other computers call it by a name that
/// only the configuration can know.
pub(super) fn own_origins(scheme: &str, address: SocketAddr) -> Vec<String> {
    let port = address.port();
    let ip = match address.ip() {
        ip if ip.is_loopback() => ip,
        _ => Ipv4Addr::LOCALHOST.into(),
    };
    vec![
        format!("{scheme}://{}", SocketAddr::new(ip, port)),
        format!("{scheme}://localhost:{port}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_address_is_an_origin_as_it_is_printed() {
        for (address, origin) in [
            ("127.0.0.1:8420", "http://127.0.0.1:8420"),
            ("127.0.0.2:8420", "http://127.0.0.2:8420"),
            ("[::1]:8420", "http://[::1]:8420"),
            ("0.0.0.0:8420", "http://127.0.0.1:8420"),
            ("192.0.2.7:8420", "http://127.0.0.1:8420"),
        ] {
            let own = own_origins("http", address.parse().unwrap());
            assert_eq!(own, [origin, "http://localhost:8420"]);
        }
        let own = own_origins("https", "127.0.0.1:8443".parse().unwrap());
        assert_eq!(own, ["https://127.0.0.1:8443", "https://localhost:8443"]);
    }
}
