//! `POST /inspect`: the request as it arrived, as JSON.
//!
//! ```text
//! curl -v -k --no-buffer -d 'hello' 'https://localhost:3000/inspect'
//! ```
//!
//! | Member | |
//! |---|---|
//! | `protocol`, `method`, `authority`, `target` | from the request line and `Host`, or their HTTP/2 equivalents |
//! | `te`, `trailer` | the values of these two fields, as they came |
//! | `headers`, `trailers` | all fields of both sections, each with its name and value, repeated ones too; without the trailer fields that [RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1) forbids |
//! | `announcedButMissing` | names in `Trailer` that did not arrive, except forbidden ones |
//! | `content` | the `length` of the data in bytes, and its `digest` as in `Content-Digest` |
//! | `responseTrailers` | whether trailers can be `sent` back to this client, and `why` |
//!
//! In values, invalid UTF-8 is replaced by U+FFFD. The data is not kept.

use super::{
    Bounds,
    body_limit::{fits, too_large},
    json::Json,
    request_summary::{concluded, values},
};
use axum::{
    RequestExt,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use axum_trailers::{
    compat::Fields,
    digest::{Algorithm, Hashers},
    request::RequestBody,
    syntax::protocol_name,
    trailers::Declared,
};
use futures_util::StreamExt;
use http_02::{Request, header};
use serde_json::{Value, json};

pub(super) async fn inspect(State(bounds): State<Bounds>, request: Request<Body>) -> Result<Json, Response> {
    fits(request.headers(), bounds.body_size).map_err(IntoResponse::into_response)?;
    let response_trailers = concluded(&request);
    let head = json!({
        "protocol": protocol_name(request.version()),
        "method": request.method().as_str(),
        "authority": authority(&request),
        "target": request.uri().path_and_query().map(http_02::uri::PathAndQuery::as_str),
        "te": values(request.headers(), &header::TE),
        "trailer": values(request.headers(), &header::TRAILER),
        "headers": fields(request.headers()),
    });
    let announced = Declared::read(request.headers());
    let mut body: RequestBody = request.extract().await.unwrap_or_else(|never| match never {});

    let (mut length, mut hashers) = (0, Hashers::new([Algorithm::Sha256]));
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(IntoResponse::into_response)?;
        length += chunk.len() as u64;
        if length > bounds.body_size {
            return Err(too_large(bounds.body_size).into_response());
        }
        hashers.update(&chunk);
    }
    let trailers = body.trailers().await.map_err(IntoResponse::into_response)?.into_map();
    let missing = announced.iter().filter(|name| !trailers.contains_key(*name));
    let digests: Vec<_> = hashers.finish().iter().map(ToString::to_string).collect();

    let mut account = head;
    account["content"] = json!({ "length": length, "digest": digests.join(", ") });
    account["trailers"] = fields(&trailers);
    account["announcedButMissing"] = missing.collect();
    account["responseTrailers"] = response_trailers;
    Ok(Json(account))
}

/// HTTP/2 sends it as `:authority` (RFC 9113 §8.3.1).
fn authority(request: &Request<Body>) -> Option<String> {
    let of_target = request.uri().authority().map(ToString::to_string);
    of_target.or_else(|| values(request.headers(), &header::HOST).pop())
}

fn fields(section: &impl Fields) -> Value {
    let field = |(name, value)| json!({ "name": name, "value": String::from_utf8_lossy(value) });
    section.lines().map(field).collect()
}
