use super::Door;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse as _;
use tokio_tungstenite::tungstenite::handshake::server::{Request, create_response, write_response};
use tokio_tungstenite::tungstenite::http::header::{HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue};

/// Longest request that is read, in bytes. Browsers send about 600, and every cookie of 127.0.0.1,
/// whichever program there it belongs to.
pub const MAX_HEAD_LENGTH: usize = 16 * 1024;

/// How much of a refused value is logged, in bytes.
const MAX_LOGGED: usize = 200;

/// What becomes of a connection, by the bytes that it sent so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgment {
    /// More bytes are waited for.
    Incomplete,
    /// A stranger, or nothing that a browser sends: it is told nothing.
    Forbidden,
    /// A page that is let in, asking as the app asks.
    Welcome(Upgrade),
    /// A page that is let in, asking for something that is not here: it is upgraded so that it can
    /// be told, and closed.
    Mistaken(Upgrade),
}

/// How a page's connection is upgraded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// The answer's bytes.
    pub answer: Vec<u8>,
    /// The page's origin: one of the door's.
    pub origin: String,
    /// The port by which the page called this helper.
    pub port: u16,
}

impl Door {
    /// Judges what a connection sent so far. Pure.
    #[must_use]
    pub fn judge(&self, sent: &[u8]) -> Judgment {
        if sent.len() > MAX_HEAD_LENGTH {
            return Judgment::Forbidden;
        }
        match Request::try_parse(sent) {
            Ok(Some((length, request))) => self.judge_request(&request, length == sent.len()),
            Ok(None) if sent.len() == MAX_HEAD_LENGTH => Judgment::Forbidden,
            Ok(None) => Judgment::Incomplete,
            Err(_) => Judgment::Forbidden,
        }
    }

    /// The method and the version of HTTP were checked by the parser.
    fn judge_request(&self, request: &Request, is_all: bool) -> Judgment {
        let headers = request.headers();
        let (host, origin) = (only_value(headers, &HOST), only_value(headers, &ORIGIN));
        let origin = known(&self.origins, origin).zip(known(&self.hosts, host));
        // An absolute URI names a host that would count instead of `Host` (RFC 9112, 3.2.2).
        let names_host = request.uri().authority().is_some() || request.uri().scheme().is_some();
        let (Some((origin, host)), false) = (origin, names_host) else {
            log_refused(headers);
            return Judgment::Forbidden;
        };
        let Ok(mut response) = create_response(request) else { return Judgment::Forbidden };
        // A browser that asked for a subprotocol shows an answer without one as a failure.
        let subprotocol = headers.get(SEC_WEBSOCKET_PROTOCOL).and_then(first_token);
        if let Some(subprotocol) = &subprotocol {
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, subprotocol.clone());
        }
        let mut answer = Vec::new();
        if write_response(&mut answer, &response).is_err() {
            return Judgment::Forbidden;
        }
        let upgrade = Upgrade { answer, origin: origin.to_owned(), port: port_of(host) };
        // Bytes behind the request would be frames sent before the answer was known.
        match request.uri() == "/" && !headers.contains_key(SEC_WEBSOCKET_PROTOCOL) && is_all {
            true => Judgment::Welcome(upgrade),
            false => Judgment::Mistaken(upgrade),
        }
    }
}

/// The value of a header that is there exactly once.
fn only_value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes()),
        _ => None,
    }
}

/// The entry that is equal byte by byte.
fn known<'a>(list: &'a [String], value: Option<&[u8]>) -> Option<&'a str> {
    let value = value?;
    list.iter().find(|entry| entry.as_bytes() == value).map(String::as_str)
}

/// The port in a value of `Host`; where there is none, that of HTTP (RFC 9110, 4.2.1).
fn port_of(host: &str) -> u16 {
    host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(80)
}

/// The first of a list, where it is a token (RFC 9110, 5.6.2).
fn first_token(list: &HeaderValue) -> Option<HeaderValue> {
    let first = list.to_str().ok()?.split(',').next()?.trim();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (!first.is_empty() && first.bytes().all(is_token)).then(|| first.parse().ok())?
}

fn log_refused(headers: &HeaderMap) {
    let text = |name| {
        let value = only_value(headers, name)?;
        Some(value[..value.len().min(MAX_LOGGED)].escape_ascii().to_string())
    };
    tracing::warn!(
        origin = text(&ORIGIN),
        host = text(&HOST),
        "refused a connection: this is no page of the registry, or `hosts` is configured otherwise"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8421\r\nOrigin: https://a.example\r\n\
                        Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    fn door() -> Door {
        Door {
            origins: vec!["https://a.example".to_owned()],
            hosts: vec!["127.0.0.1:8421".to_owned()],
        }
    }

    fn name(judgment: &Judgment) -> &'static str {
        match judgment {
            Judgment::Incomplete => "incomplete",
            Judgment::Forbidden => "forbidden",
            Judgment::Welcome(_) => "welcome",
            Judgment::Mistaken(_) => "mistaken",
        }
    }

    #[test]
    fn a_page_is_welcome_and_told_of_its_mistakes_and_nobody_else() {
        let subprotocol = |value: &str| {
            HEAD.replace("\r\n\r\n", &format!("\r\nSec-WebSocket-Protocol: {value}\r\n\r\n"))
        };
        let cases = [
            (HEAD.to_owned(), "welcome"),
            (HEAD.replace("GET / ", "GET /readers "), "mistaken"),
            (HEAD.replace("GET / ", "GET /?a=b "), "mistaken"),
            (HEAD.replace("GET / ", "GET * "), "mistaken"),
            (format!("{HEAD}more"), "mistaken"),
            (subprotocol("chat, superchat"), "mistaken"),
            (subprotocol("a b"), "mistaken"),
            (HEAD.replace("GET / ", "GET http://127.0.0.1:8421/ "), "forbidden"),
            (HEAD.replace("GET / ", "GET //127.0.0.1:8421/ "), "mistaken"),
            (HEAD.replace("GET / ", "GET 127.0.0.1:8421 "), "forbidden"),
            (HEAD.replace("a.example", "b.example"), "forbidden"),
            (HEAD.replace("8421", "8422"), "forbidden"),
            (HEAD.replace("Version: 13", "Version: 12"), "forbidden"),
            (HEAD.replace("websocket", "h2c"), "forbidden"),
            (HEAD.replace("GET", "POST"), "forbidden"),
            (HEAD.replace("GET / ", "GET /readers ").replace("a.example", "b"), "forbidden"),
            (HEAD[..HEAD.len() - 1].to_owned(), "incomplete"),
            (String::new(), "incomplete"),
        ];
        for (head, expected) in cases {
            assert_eq!(name(&door().judge(head.as_bytes())), expected, "{head}");
        }
        let Judgment::Mistaken(upgrade) = door().judge(subprotocol("chat, a").as_bytes()) else {
            panic!("a page that can be told")
        };
        let answer = String::from_utf8(upgrade.answer).unwrap().to_ascii_lowercase();
        assert!(answer.contains("\r\nsec-websocket-protocol: chat\r\n"), "{answer}");
        assert_eq!(upgrade.origin, "https://a.example");
        assert_eq!(upgrade.port, 8421);
        assert_eq!([port_of("localhost"), port_of("[::1]:9000"), port_of("[::1]")], [80, 9000, 80]);
    }

    #[test]
    fn a_request_has_a_length_that_it_cannot_pass() {
        let long = |length: usize| {
            let head = HEAD.replace("\r\n\r\n", "\r\nCookie: \r\n\r\n");
            let cookie = "a".repeat(length - head.len());
            head.replace("Cookie: ", &format!("Cookie: {cookie}"))
        };
        assert_eq!(name(&door().judge(long(MAX_HEAD_LENGTH).as_bytes())), "welcome");
        assert_eq!(name(&door().judge(long(MAX_HEAD_LENGTH + 1).as_bytes())), "forbidden");
        let endless = [b'a'; MAX_HEAD_LENGTH];
        assert_eq!(name(&door().judge(&endless)), "forbidden");
    }

    /// What stands behind the name of a header, read in the simplest way.
    fn values<'a>(head: &'a [u8], name: &str) -> Vec<&'a [u8]> {
        let lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        let header = |line: &'a [u8]| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let is_it = line[..colon].eq_ignore_ascii_case(name.as_bytes());
            is_it.then(|| line[colon + 1..].trim_ascii())
        };
        lines.skip(1).take_while(|line| !line.is_empty()).filter_map(header).collect()
    }

    /// What is put into a head, by chance or because it could be taken for something else.
    fn put_in() -> impl Strategy<Value = Vec<u8>> {
        let tokens = [
            "\r\n",
            "\n",
            "\r",
            "\0",
            " ",
            "\t",
            ":",
            ",",
            "\r\n\r\n",
            "\r\n ",
            "\r\nOrigin: null",
            "\r\norigin:https://a.example",
            "\r\nHost: localhost:8421",
            "http://localhost",
            ".evil.example",
        ];
        let token =
            prop::sample::select(tokens.to_vec()).prop_map(|token| token.as_bytes().to_vec());
        prop_oneof![token, prop::collection::vec(any::<u8>(), 0..8)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn whoever_is_upgraded_named_one_origin_and_one_host_of_the_door(
            changes in prop::collection::vec((0..HEAD.len(), 0_usize..6, put_in()), 0..4),
            cut in 0..HEAD.len(),
        ) {
            let mut head = HEAD.as_bytes().to_vec();
            for (place, lost, come) in changes {
                let place = place.min(head.len());
                let end = (place + lost).min(head.len());
                head.splice(place..end, come);
            }
            let judgment = door().judge(&head);
            if let Judgment::Welcome(upgrade) | Judgment::Mistaken(upgrade) = &judgment {
                prop_assert_eq!(&*upgrade.origin, "https://a.example");
                prop_assert_eq!(values(&head, "origin"), [b"https://a.example"]);
                prop_assert_eq!(values(&head, "host"), [b"127.0.0.1:8421"]);
            }
            // Who was refused once cannot talk its way in.
            if door().judge(&head[..cut.min(head.len())]) == Judgment::Forbidden {
                prop_assert_eq!(judgment, Judgment::Forbidden);
            }
        }

        #[test]
        fn any_bytes_are_judged(bytes: Vec<u8>) {
            let judgment = door().judge(&bytes);
            prop_assert!(matches!(judgment, Judgment::Incomplete | Judgment::Forbidden));
        }
    }
}
