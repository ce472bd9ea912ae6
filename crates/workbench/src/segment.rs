use super::query::bad_request;
use axum::{
    async_trait,
    extract::{FromRequestParts, Path},
};
use axum_trailers::problem::Problem;
use http_02::request::Parts;

/// The variable part of a path, percent-decoded. Invalid UTF-8 is rejected.
pub(super) struct Segment(pub(super) String);

#[async_trait]
impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(decoded)) => Ok(Self(decoded)),
            Err(_rejected) => Err(bad_request("the percent-decoded path is not UTF-8")),
        }
    }
}
