use super::{body::GrpcBody, deadline::Deadline};
use crate::{compat::head, exchange::problems};
use axum::{
    BoxError,
    body::{Bytes, boxed},
    response::Response,
};
use http_body::Body;

/// Converts a service's response to the router's type. It ends by the deadline.
pub(super) fn older<B>(response: http::Response<B>, deadline: Option<Deadline>) -> Response
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let (head, body) = response.into_parts();
    match head::older_response(&head) {
        Ok(response) => response.map(|()| boxed(GrpcBody::new(body, deadline))),
        Err(error) => problems::not_passed_on(&error),
    }
}
