use super::{
    super::{answer, head},
    body::GrpcBody,
    deadline::Deadline,
    status::{exceeded, mark},
};
use crate::trailers::FailureMark;
use axum::{
    BoxError,
    body::{Bytes, boxed},
    response::Response,
};
use http::{HeaderValue, header};
use http_body_1::Body;

/// A service's response as the router would give it, which ends by the deadline.
pub(super) fn older<B>(response: http_1::Response<B>, deadline: Option<Deadline>) -> Response
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let (head, body) = response.into_parts();
    let mut response = match head::older_response(&head) {
        Ok(response) => response,
        Err(error) => return answer::not_passed_on(&error),
    };
    let failure = FailureMark::default();
    mark(&failure, response.headers());
    response.extensions_mut().insert(failure.clone());
    response.map(|()| boxed(GrpcBody::new(body, failure, deadline)))
}

/// The response to a call that has none when its time is over.
pub(super) fn too_late() -> Response {
    let mut response = Response::new(boxed(http_body::Empty::new()));
    *response.headers_mut() = exceeded();
    let grpc = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(header::CONTENT_TYPE, grpc);
    let failure = FailureMark::default();
    mark(&failure, response.headers());
    response.extensions_mut().insert(failure);
    response
}
