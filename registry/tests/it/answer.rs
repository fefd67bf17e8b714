use cardwright_protocol::registry::problem::{Problem, ProblemCode};
use reqwest::header;
use serde::de::DeserializeOwned;

/// An answer of the registry.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn ok<T: DeserializeOwned>(self) -> T {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn problem(self) -> Problem {
        let problem: Problem = serde_json::from_str(&self.body)
            .unwrap_or_else(|_| panic!("{}: not a problem: {}", self.status, self.body));
        assert_eq!(self.status, problem.code.status());
        assert!(!problem.message.is_empty());
        problem
    }

    #[track_caller]
    pub(crate) fn refused(self) -> ProblemCode {
        self.problem().code
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
