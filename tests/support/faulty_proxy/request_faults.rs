use super::{
    Fault,
    body::{Incoming, Piece, length, take_trailers},
    message::{append, is_grpc, joined},
    proxy::Setup,
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Version,
    header::{CONTENT_LENGTH, EXPECT, TE},
    request::Parts,
};

/// What a faulty proxy answers by itself.
pub(super) enum Refusal {
    Status(StatusCode),
    Never,
}

pub(super) fn refusal(setup: &Setup, request: &Parts) -> Option<Refusal> {
    let expects = request.headers.contains_key(EXPECT);
    let is_grpc = is_grpc(&request.headers);
    match setup.fault? {
        Fault::HangOnExpect if expects => Some(Refusal::Never),
        Fault::HangOnHead if request.method == Method::HEAD => Some(Refusal::Never),
        Fault::RefuseExpect if expects => Some(Refusal::Status(StatusCode::EXPECTATION_FAILED)),
        Fault::RefuseGrpc if is_grpc => Some(Refusal::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
        Fault::FailGrpc if is_grpc => Some(Refusal::Status(StatusCode::BAD_GATEWAY)),
        _ => None,
    }
}

/// Changes a header section.
pub(super) fn change(setup: &Setup, request: &mut Parts, client: Version, upstream: Version) {
    let trailers = HeaderValue::from_static("trailers");
    let fields = &mut request.headers;
    // Over HTTP/2, a client gets trailers without asking for them.
    if client == Version::HTTP_2 && upstream == Version::HTTP_11 && !setup.has(Fault::DowngradeToHttp11) {
        fields.entry(TE).or_insert_with(|| trailers.clone());
    }
    match setup.fault {
        Some(Fault::StripTe) => {
            fields.remove(TE);
        }
        Some(Fault::AddTe) => {
            fields.entry(TE).or_insert(trailers);
        }
        Some(Fault::DoubleTe) if fields.contains_key(TE) => {
            fields.append(TE, trailers);
        }
        Some(Fault::ContentAfterHead) if request.method == Method::HEAD => request.method = Method::GET,
        _ => {}
    }
}

/// Whether an upload is forwarded only once it has ended.
pub(super) fn keeps_upload(setup: &Setup, upstream: Version) -> bool {
    upstream == Version::HTTP_10
        || setup.has(Fault::MergeRequestTrailers)
        || setup.has(Fault::CompleteCutUpload)
}

/// Receives all of an upload. Returns `None` if it can't be forwarded.
pub(super) async fn keep_upload(
    setup: &Setup,
    fields: &mut HeaderMap,
    upload: &mut Incoming,
    upstream: Version,
) -> Option<Incoming> {
    let mut pieces = upload.keep().await;
    if setup.has(Fault::CompleteCutUpload) {
        pieces.retain(Result::is_ok);
    } else if pieces.iter().any(Result::is_err) {
        return None;
    }
    let trailers = take_trailers(&mut pieces);
    if setup.has(Fault::MergeRequestTrailers) {
        append(fields, trailers);
    } else if upstream != Version::HTTP_10 && !trailers.is_empty() {
        pieces.push_back(Ok(Piece::Trailers(trailers)));
    }
    if fields.contains_key(CONTENT_LENGTH) || upstream == Version::HTTP_10 {
        fields.insert(CONTENT_LENGTH, length(&pieces).into());
    }
    Some(Incoming::Kept(pieces))
}

/// What becomes of the trailers of a request.
pub(super) enum Fate {
    Sent(HeaderMap),
    Stripped,
    Refused(StatusCode),
    Closed,
}

pub(super) fn fate(setup: &Setup, trailers: HeaderMap) -> Fate {
    match setup.fault {
        Some(Fault::StripRequestTrailers) => Fate::Stripped,
        Some(Fault::JoinRequestTrailers) => Fate::Sent(joined(&trailers)),
        Some(Fault::RefuseRequestTrailers) => Fate::Refused(StatusCode::BAD_REQUEST),
        Some(Fault::FailRequestTrailers) => Fate::Refused(StatusCode::BAD_GATEWAY),
        Some(Fault::CloseAtRequestTrailers) => Fate::Closed,
        _ => Fate::Sent(trailers),
    }
}
