//! Answers that hold a secret.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use zeroize::Zeroizing;

/// Room for an answer, in bytes: a text that grows leaves pieces of itself in memory.
const ROOM: usize = 4096;

/// JSON that holds a secret; its bytes are wiped once they were sent. What the HTTP library and the
/// operating system copy of it on the way is theirs.
pub(super) fn shown_once(status: StatusCode, answer: &impl Serialize) -> Response {
    match json(answer) {
        Some(json) => {
            let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            (status, [kind], Body::from(json)).into_response()
        }
        // Types of the wire are plain data, which can always be written.
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn json(answer: &impl Serialize) -> Option<Bytes> {
    let mut json = Zeroizing::new(Vec::with_capacity(ROOM));
    serde_json::to_writer(&mut *json, answer).ok()?;
    Some(Bytes::from_owner(json))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_protocol::ids::WorkstationName;
    use cardwright_protocol::registry::secrets::Revealed;
    use cardwright_protocol::registry::workstations::{Invitation, Workstation, WorkstationState};

    #[test]
    fn an_answer_is_written_in_one_piece_of_memory() {
        let revealed = Revealed { value: "39201847".into(), in_doubt: true };
        assert_eq!(json(&revealed).unwrap(), r#"{"value":"39201847","in_doubt":true}"#);
        let at = || Some("2026-11-22T07:00:00Z".to_owned());
        // The longest one: a character of a name takes up to 4 bytes.
        let workstation = Workstation {
            id: "0123456789abcdef".into(),
            name: WorkstationName("\u{1F4B3}".repeat(64)),
            version: u64::MAX,
            state: WorkstationState::Enrolled,
            helper_version: Some("v".repeat(64)),
            enrolled_at: at(),
            code_until: at(),
            used_at: at(),
        };
        let code = "ABCD-1234-EFGH-5678";
        let invitation = Invitation { workstation, code: code.into(), minutes: 15 };
        assert!(json(&invitation).unwrap().len() < ROOM);
    }
}
