use crate::actions::ActionError;
use crate::store::StoreError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cardwright_protocol::registry::problem::{Problem, ProblemCode};
use std::error::Error;

/// What is answered instead of what was asked for.
pub(crate) struct ApiError(pub(super) Problem);

/// The answer of every handler.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

/// An error without a field.
pub(crate) fn problem(code: ProblemCode, message: impl Into<String>) -> ApiError {
    ApiError(Problem { code, message: message.into(), field: None })
}

impl From<ActionError> for ApiError {
    /// The cause of a failure is logged here, once, and sent to nobody.
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Refused(problem) => Self(problem),
            error => {
                let mut causes = Vec::new();
                let mut source = error.source();
                while let Some(cause) = source {
                    causes.push(cause.to_string());
                    source = cause.source();
                }
                tracing::error!(%error, causes = causes.join(": "), "a request failed");
                if let ActionError::Store(StoreError::CannotWrite(_)) = error {
                    return problem(
                        ProblemCode::NoSpace,
                        "The registry's disk is full or cannot be written; nothing was changed. \
                         Tell an admin to make space on it, then try again.",
                    );
                }
                problem(
                    ProblemCode::Internal,
                    "The registry failed; nothing was changed. Try again, and tell an admin if it \
                     stays.",
                )
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.0)).into_response();
        let value = HeaderValue::from_static("no-store");
        response.headers_mut().insert(header::CACHE_CONTROL, value);
        response
    }
}
