//! From an error to an answer: the only place that knows status codes.

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::{ErrorBody, ErrorCode};

/// An error on its way to a client.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    body: ErrorBody,
}

/// What handlers return.
pub(crate) type Answer<T = Response> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        ErrorBody::new(code, message).into()
    }

    /// Too many wrong secrets from one address.
    pub(crate) fn too_many() -> Self {
        Self::new(ErrorCode::TooMany, "Too many tries from this address. Wait 60 s.")
    }

    /// Nothing is done any more.
    pub(crate) fn stopping() -> Self {
        let body = ErrorBody::new(ErrorCode::Fault, "The host is stopping. Try again when it is back.");
        Self { status: StatusCode::SERVICE_UNAVAILABLE, body }
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.body.code
    }
}

impl From<ErrorBody> for Failure {
    fn from(body: ErrorBody) -> Self {
        let status = match body.code {
            ErrorCode::Forbidden | ErrorCode::LinkEnded | ErrorCode::NotShared => StatusCode::FORBIDDEN,
            ErrorCode::Removed | ErrorCode::MustAsk | ErrorCode::BadCode => StatusCode::FORBIDDEN,
            ErrorCode::TooMany => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::BadName | ErrorCode::BadRequest => StatusCode::BAD_REQUEST,
            ErrorCode::CannotBind | ErrorCode::Exists => StatusCode::CONFLICT,
            ErrorCode::TooBig => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, body }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!("{}", self.body.message);
        }
        (self.status, Json(self.body)).into_response()
    }
}

/// 405 in Jupyter's words.
pub(crate) async fn method_not_allowed() -> Failure {
    let body = ErrorBody::new(ErrorCode::BadRequest, "Method Not Allowed");
    Failure { status: StatusCode::METHOD_NOT_ALLOWED, body }
}

/// 404 for an address below `/api` that is none.
pub(crate) fn no_such_endpoint(request: &Request) -> Failure {
    Failure::new(ErrorCode::NotFound, format!("There is nothing at {}", request.uri().path()))
}

/// 500 for a handler that panicked; the panic itself is in the log.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    Failure::new(ErrorCode::Fault, "Something failed on the host; its log says what").into_response()
}
