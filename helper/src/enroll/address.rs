use super::EnrollError;
use std::fmt;
use std::net::IpAddr;
use ureq::http::Uri;

/// The address of a registry: scheme, host and port.
///
/// Plain HTTP is for registries on this computer alone; nobody but it can listen there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryAddress {
    is_https: bool,
    /// Host and port as in `Host` (RFC 9110, 7.2): lower case, no default port.
    authority: String,
    port: u16,
    is_here: bool,
}

impl RegistryAddress {
    /// Reads an address as people type it.
    ///
    /// # Errors
    /// [`EnrollError::Url`].
    pub fn parse(url: &str) -> Result<Self, EnrollError> {
        // What stands before an `@` is not repeated: it may be a password.
        let shown =
            || url.rsplit_once('@').map_or(url.to_owned(), |(_, host)| format!("***@{host}"));
        let wrong = |why| EnrollError::Url { url: shown(), why };
        let uri: Uri = url.trim().parse().map_err(|_| wrong("this is no address"))?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong("it begins neither with https:// nor with http://")),
        };
        let authority = uri.authority().ok_or(wrong("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("a name or a password has no place in it"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(wrong("it goes on behind the host"));
        }
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() {
            return Err(wrong("it names no host"));
        }
        if !is_https && !is_this_computer(&host) {
            return Err(wrong("over a network a registry is reached by https:// alone"));
        }
        let standard = if is_https { 443 } else { 80 };
        // A port that is there and no number of one was left out by the parser.
        let port = match authority.as_str()[authority.host().len()..].strip_prefix(':') {
            Some(port) => port.parse().map_err(|_| wrong("its port is no number of one"))?,
            None => standard,
        };
        let is_here = is_this_computer(&host) || is_loopback(&host);
        let authority = match port == standard {
            true => host,
            false => format!("{host}:{port}"),
        };
        Ok(Self { is_https, authority, port, is_here })
    }

    /// As browsers send it in `Origin` for pages of the registry.
    #[must_use]
    pub fn origin(&self) -> String {
        self.to_string()
    }

    /// Value of `Host`.
    pub(super) fn host(&self) -> &str {
        &self.authority
    }

    pub(super) fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether it is on this computer: then no proxy leads to it.
    pub(super) fn is_here(&self) -> bool {
        self.is_here
    }

    /// Where to connect. Every name of this computer is 127.0.0.1: no name server is asked, which
    /// could say otherwise (RFC 6761, 6.3).
    pub(super) fn connect_to(&self) -> String {
        match self.is_https {
            true => self.origin(),
            false => format!("http://127.0.0.1:{}", self.port),
        }
    }
}

impl fmt::Display for RegistryAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

fn is_this_computer(host: &str) -> bool {
    host == "127.0.0.1" || host == "localhost" || host.ends_with(".localhost")
}

/// Whether it is an address that no packet leaves this computer for (RFC 6890, 2.2).
fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_scheme_host_and_port() {
        let cases = [
            ("https://cards.example.org", "https://cards.example.org", "https://cards.example.org"),
            (
                "https://Cards.Example.org:443/",
                "https://cards.example.org",
                "https://cards.example.org",
            ),
            (
                "https://cards.example.org:8443",
                "https://cards.example.org:8443",
                "https://cards.example.org:8443",
            ),
            (" http://127.0.0.1:8080\n", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost", "http://localhost", "http://127.0.0.1:80"),
            ("HTTP://LOCALHOST:8080", "http://localhost:8080", "http://127.0.0.1:8080"),
            (
                "http://cards-a1b2.localhost:8080/",
                "http://cards-a1b2.localhost:8080",
                "http://127.0.0.1:8080",
            ),
            (
                "https://[2001:db8::1]:8443",
                "https://[2001:db8::1]:8443",
                "https://[2001:db8::1]:8443",
            ),
        ];
        for (url, origin, connect_to) in cases {
            let address = RegistryAddress::parse(url).unwrap();
            assert_eq!((&*address.origin(), &*address.connect_to()), (origin, connect_to));
        }
    }

    #[test]
    fn what_is_no_address_of_a_registry_is_refused() {
        let cases = [
            ("", "no address"),
            ("cards.example.org", "begins neither"),
            ("ftp://cards.example.org", "begins neither"),
            ("https://", "no address"),
            ("https:///", "no address"),
            ("https://:8080", "names no host"),
            ("https://kärten.example.org", "no address"),
            ("https://cards%2Eexample.org", "no address"),
            ("https://a:47291358@cards.example.org", "a name or a password"),
            ("https://a:47291358@cards.example.org/b?c", "a name or a password"),
            ("https://a:47291358 @cards.example.org", "no address"),
            ("http://127.0.0.1:47291358@cards.example.org", "a name or a password"),
            ("https://cards.example.org/app", "behind the host"),
            ("https://cards.example.org/?a=b", "behind the host"),
            ("https://cards.example.org:99999", "number"),
            ("http://cards.example.org", "https:// alone"),
            ("http://192.168.1.10:8080", "https:// alone"),
            ("http://127.0.0.1.example.org", "https:// alone"),
            ("http://127.0.0.2:8080", "https:// alone"),
            ("http://localhost.:8080", "https:// alone"),
            ("http://notlocalhost", "https:// alone"),
            ("http://localhost.example.org", "https:// alone"),
            ("http://[::1]:8080", "https:// alone"),
            ("http://0.0.0.0:8080", "https:// alone"),
        ];
        for (url, why) in cases {
            let error = RegistryAddress::parse(url).unwrap_err().to_string();
            assert!(error.contains(why), "{url}: {error}");
            assert!(!error.contains("47291358"), "a password is not repeated: {error}");
        }
    }
}
