use super::head;
use crate::{
    connection::AppBody,
    exchange::{AppResponse, Notes, problems},
};
use axum_06::{body::BoxBody, response::Response};
use http::HeaderMap;

/// Converts a response.
pub(in crate::app) fn newer(response: Response<BoxBody>) -> AppResponse {
    let (parts, body) = response.into_parts();
    let notes = Notes::read(&parts.extensions);
    match head::response(&parts) {
        Ok((status, headers)) => {
            head::reuse_response(parts);
            AppResponse::new(status, headers, notes, AppBody::of_axum_06(body))
        }
        Err(error) => {
            AppResponse::empty(HeaderMap::new()).noting(notes).replaced_by(problems::unsendable(&error))
        }
    }
}
