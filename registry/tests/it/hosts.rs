//! Every name that the registry may be called by, and every page that may change something, as
//! bytes: this table outlives any rewrite.

use crate::raw::{RawAnswer, RawRegistry};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_registry::Limits;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It reaches its handler.
    Served,
    /// The registry is not called by its name, or the page is not one of its own.
    Foreign,
    /// It is no request at all.
    Nonsense,
}
use Fate::{Foreign, Nonsense, Served};

/// Lines of a GET request after its first one. `{P}` is the registry's port, `{Q}` another one.
const HOSTS: &[(&str, Fate)] = &[
    ("host: 127.0.0.1:{P}", Served),
    ("HOST: 127.0.0.1:{P}", Served),
    ("host: localhost:{P}", Served),
    ("host:  127.0.0.1:{P}\t", Served),
    ("host: 127.0.0.1:{P}\r\norigin: https://evil.example", Served),
    ("host: 127.0.0.1:{P}\r\norigin: null", Served),
    ("accept: */*", Foreign),
    ("host:", Foreign),
    ("host: 127.0.0.1", Foreign),
    ("host: localhost", Foreign),
    ("host: 127.0.0.1:", Foreign),
    ("host: 127.0.0.1:80", Foreign),
    ("host: 127.0.0.1:{Q}", Foreign),
    ("host: 127.0.0.1:0{P}", Foreign),
    ("host: 127.0.0.1:{P}0", Foreign),
    ("host: 127.0.0.1:{P}:{P}", Foreign),
    ("host: 127.0.0.1:{P}/", Foreign),
    ("host: 127.0.0.1 :{P}", Foreign),
    ("host: 127.0.0.2:{P}", Foreign),
    ("host: 127.1:{P}", Foreign),
    ("host: 0.0.0.0:{P}", Foreign),
    ("host: 2130706433:{P}", Foreign),
    ("host: 0x7f.0.0.1:{P}", Foreign),
    ("host: 0177.0.0.1:{P}", Foreign),
    ("host: [::1]:{P}", Foreign),
    ("host: [::ffff:127.0.0.1]:{P}", Foreign),
    ("host: LOCALHOST:{P}", Foreign),
    ("host: localhost.:{P}", Foreign),
    ("host: localhost.localdomain:{P}", Foreign),
    ("host: www.localhost:{P}", Foreign),
    ("host: evil.example", Foreign),
    ("host: evil.example:{P}", Foreign),
    ("host: 127.0.0.1.evil.example:{P}", Foreign),
    ("host: 127.0.0.1:{P}.evil.example", Foreign),
    ("host: 127.0.0.1:{P}@evil.example", Foreign),
    ("host: evil.example@127.0.0.1:{P}", Foreign),
    ("host: evil.example#127.0.0.1:{P}", Foreign),
    ("host: http://127.0.0.1:{P}", Foreign),
    ("host: *:{P}", Foreign),
    ("host: *", Foreign),
    ("host: 127.0.0.1:{P}, 127.0.0.1:{P}", Foreign),
    ("host: 127.0.0.1:{P}\r\nhost: 127.0.0.1:{P}", Foreign),
    ("host: 127.0.0.1:{P}\r\nHost: evil.example", Foreign),
    ("host: evil.example\r\nhost: 127.0.0.1:{P}", Foreign),
    ("x-forwarded-host: 127.0.0.1:{P}", Foreign),
    ("host: evil.example\r\nx-forwarded-host: 127.0.0.1:{P}", Foreign),
    ("host: evil.example\r\nforwarded: host=\"127.0.0.1:{P}\"", Foreign),
    ("host: 127.0.0.1:{P}\u{e9}", Foreign),
    ("host : 127.0.0.1:{P}", Nonsense),
    ("host: 127.0.0.1:{P}\0", Nonsense),
    ("host: evil.example\r\n host: 127.0.0.1:{P}", Nonsense),
    ("host\r\n", Nonsense),
];

/// Lines of a request that changes something, besides its host.
const ORIGINS: &[(&str, Fate)] = &[
    ("origin: http://127.0.0.1:{P}", Served),
    ("origin: http://localhost:{P}", Served),
    ("ORIGIN:\thttp://127.0.0.1:{P} ", Served),
    ("accept: */*", Foreign),
    ("origin:", Foreign),
    ("origin: null", Foreign),
    ("origin: *", Foreign),
    ("origin: http://127.0.0.1", Foreign),
    ("origin: http://127.0.0.1:{Q}", Foreign),
    ("origin: http://127.0.0.1:0{P}", Foreign),
    ("origin: http://127.0.0.1:{P}/", Foreign),
    ("origin: http://127.0.0.1:{P}#", Foreign),
    ("origin: http://127.0.0.1:{P}?", Foreign),
    ("origin: http://127.0.0.1:{P}.evil.example", Foreign),
    ("origin: http://127.0.0.1:{P}@evil.example", Foreign),
    ("origin: http://evil.example@127.0.0.1:{P}", Foreign),
    ("origin: http://evil.example/http://127.0.0.1:{P}", Foreign),
    ("origin: https://127.0.0.1:{P}", Foreign),
    ("origin: ws://127.0.0.1:{P}", Foreign),
    ("origin: HTTP://127.0.0.1:{P}", Foreign),
    ("origin: http://LOCALHOST:{P}", Foreign),
    ("origin: http://localhost.:{P}", Foreign),
    ("origin: http://www.localhost:{P}", Foreign),
    ("origin: http://127.1:{P}", Foreign),
    ("origin: http://[::1]:{P}", Foreign),
    ("origin: http://0.0.0.0:{P}", Foreign),
    ("origin: 127.0.0.1:{P}", Foreign),
    ("origin: //127.0.0.1:{P}", Foreign),
    ("origin: https://evil.example", Foreign),
    ("origin: file://", Foreign),
    ("origin: chrome-extension://abcdefghijklmnopabcdefghijklmnop", Foreign),
    ("origin: http://127.0.0.1:{P} http://127.0.0.1:{P}", Foreign),
    ("origin: http://127.0.0.1:{P}, http://127.0.0.1:{P}", Foreign),
    ("origin: http://127.0.0.1:{P}\r\norigin: http://127.0.0.1:{P}", Foreign),
    ("origin: http://127.0.0.1:{P}\r\norigin: null", Foreign),
    ("referer: http://127.0.0.1:{P}/", Foreign),
    ("sec-fetch-site: same-origin", Foreign),
    ("origin: http://127.0.0.1:{P}\u{e9}", Foreign),
    ("origin: http://127.0.0.1:{P}\0", Nonsense),
    ("origin : http://127.0.0.1:{P}", Nonsense),
];

/// First lines, with a good host and no origin.
const TARGETS: &[(&str, Fate)] = &[
    ("GET http://127.0.0.1:{P}/api/v1/session HTTP/1.1", Served),
    ("GET http://evil.example/api/v1/session HTTP/1.1", Foreign),
    ("GET http://evil.example:{P}/api/v1/session HTTP/1.1", Foreign),
    ("GET http://127.0.0.1:{P}@evil.example/api/v1/session HTTP/1.1", Foreign),
    ("CONNECT 127.0.0.1:{P} HTTP/1.1", Foreign),
    ("CONNECT evil.example:443 HTTP/1.1", Foreign),
    ("OPTIONS * HTTP/1.1", Foreign),
    ("OPTIONS /api/v1/session HTTP/1.1", Foreign),
    ("PUT /api/v1/session HTTP/1.1", Foreign),
    ("PATCH /api/v1/session HTTP/1.1", Foreign),
    ("DELETE /api/v1/session HTTP/1.1", Foreign),
    ("TRACE /api/v1/session HTTP/1.1", Foreign),
    ("get /api/v1/session HTTP/1.1", Foreign),
    ("GET api/v1/session HTTP/1.1", Nonsense),
    ("GET /api/v1/session HTTP/2.0", Nonsense),
    ("GET /api/v1/session", Nonsense),
];

#[tokio::test]
async fn the_registry_is_called_by_its_own_names_only() {
    let registry = RawRegistry::in_clear(Limits::default(), None).await;
    for (lines, fate) in HOSTS {
        let request =
            format!("GET /api/v1/session HTTP/1.1\r\n{lines}\r\nconnection: close\r\n\r\n");
        check(&registry, &request, *fate).await;
    }
}

#[tokio::test]
async fn only_its_own_pages_change_something() {
    let registry = RawRegistry::in_clear(Limits::default(), None).await;
    for (lines, fate) in ORIGINS {
        for method in ["POST", "PUT", "DELETE"] {
            let request = format!(
                "{method} /api/v1/session HTTP/1.1\r\nhost: 127.0.0.1:{{P}}\r\n{lines}\r\n\
                 content-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
            );
            check(&registry, &request, *fate).await;
        }
    }
}

#[tokio::test]
async fn the_first_line_does_not_lead_around_it() {
    let registry = RawRegistry::in_clear(Limits::default(), None).await;
    for (line, fate) in TARGETS {
        let request = format!("{line}\r\nhost: 127.0.0.1:{{P}}\r\nconnection: close\r\n\r\n");
        check(&registry, &request, *fate).await;
    }
}

async fn check(registry: &RawRegistry, request: &str, fate: Fate) {
    let port = registry.address.port();
    let other = if port == u16::MAX { port - 1 } else { port + 1 };
    let request = request.replace("{P}", &port.to_string()).replace("{Q}", &other.to_string());
    // Bytes above ASCII are sent as one byte each, as old clients do.
    let bytes: Vec<u8> = request.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let answer = registry.ask(&bytes).await;
    assert_eq!(fate_of(&answer), fate, "{request:?}: {}", answer.head());
    for line in answer.head().lines() {
        assert!(!line.starts_with("access-control-"), "{request:?} opens another page the door");
    }
}

fn fate_of(answer: &RawAnswer) -> Fate {
    match answer.problem() {
        Some(ProblemCode::ForeignOrigin) => Foreign,
        Some(_) => Served,
        // hyper's own answer has no body.
        None => {
            assert_eq!(answer.status(), 400, "{}", answer.head());
            Nonsense
        }
    }
}
