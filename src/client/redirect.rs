//! Where a redirect leads, and whether it is followed.

use super::{
    outgoing::{Next, Outgoing},
    target,
};
use axum_trailers_client::ResponseBody;
use http::{Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};

pub(super) enum Redirect {
    None,
    To(Next),
    /// Why it is not followed.
    Refused(String),
}

/// The content of a redirect that is read so that its connection can be used again, in bytes.
const READ: usize = 64 * 1024;

pub(super) fn of<B>(response: &Response<B>, outgoing: &Outgoing) -> Redirect {
    let method = match response.status() {
        StatusCode::SEE_OTHER if outgoing.method != Method::HEAD => Method::GET,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if outgoing.method == Method::POST => Method::GET,
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => outgoing.method.clone(),
        _ => return Redirect::None,
    };
    let Some(location) = response.headers().get(header::LOCATION) else { return Redirect::None };
    let Some(uri) = location.to_str().ok().and_then(|location| target::join(&outgoing.uri, location)) else {
        return Redirect::Refused("its Location is no http or https URL".to_owned());
    };
    if outgoing.uri.scheme_str() == Some("https") && uri.scheme_str() != Some("https") {
        return Redirect::Refused("it leads from https to http".to_owned());
    }
    let keeps_content =
        matches!(response.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let is_same_origin = target::is_same_origin(&outgoing.uri, &uri);
    Redirect::To(Next { method, uri, keeps_content, is_same_origin })
}

/// Reads a short body, so that its connection can be used again.
pub(super) async fn discard(response: Response<ResponseBody>) {
    let _content = Limited::new(response.into_body(), READ).collect().await;
}
