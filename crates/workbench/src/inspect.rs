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
//! | `headers`, `trailers` | all fields of both sections, each with its name and value, also repeated ones; without the trailer fields that [RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1) forbids |
//! | `forbiddenTrailers` | the names of these |
//! | `announcedButMissing` | names in `Trailer` that did not arrive, except forbidden ones |
//! | `announcedButInHeaders` | names in `Trailer` that arrived as header fields, except forbidden ones: something on the way may have merged them |
//! | `framing` | how the end of the content is found: `content-length`, `chunked`, `frames` (HTTP/2 or HTTP/3, without a length) or `none` (no content) |
//! | `connection` | `alpn`, `sni` and the version of `tls`, each null if there is none; and whether this is the first request of a `new` connection |
//! | `content` | the `length` of the data in bytes, and its `digest` as in `Content-Digest`; the number of `pieces`, and the `first` and `last` 32 of them, each as milliseconds since the request and bytes |
//! | `hops` | the proxies that the request has passed, as they report themselves: the elements of `Via`, `Forwarded` and `X-Forwarded-For`, and the values of `X-Forwarded-Proto` and `X-Forwarded-Host`. Clients can forge all of them |
//! | `responseTrailers` | whether trailers can be `sent` back to this client, and `why` |
//!
//! In values, invalid UTF-8 is replaced by U+FFFD. The data is not kept.

use super::{
    Bounds,
    body_limit::{fits, too_large},
    hops::hops,
    json::Json,
    pieces::Pieces,
    request_summary::{concluded, connection, forbidden_trailers, framing, values},
    seen::{ObservedBody, Probe},
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
    trailers::{Declared, server::ConnectionInfo},
};
use futures_util::StreamExt;
use http_02::{Request, header};
use serde_json::{Value, json};
use std::{sync::Arc, time::Instant};

pub(super) async fn inspect(State(bounds): State<Bounds>, request: Request<Body>) -> Result<Json, Response> {
    let began = Instant::now();
    fits(request.headers(), bounds.body_size).map_err(IntoResponse::into_response)?;
    let response_trailers = concluded(&request);
    let info: Option<ConnectionInfo> = request.extensions().get().cloned();
    let mut account = json!({
        "protocol": protocol_name(request.version()),
        "method": request.method().as_str(),
        "authority": authority(&request),
        "target": request.uri().path_and_query().map(http_02::uri::PathAndQuery::as_str),
        "te": values(request.headers(), &header::TE),
        "trailer": values(request.headers(), &header::TRAILER),
        "headers": fields(request.headers()),
        "framing": info.as_ref().and_then(framing),
        "connection": info.as_ref().map(connection),
        "hops": hops(request.headers()),
    });
    let announced = Declared::read(request.headers());
    let in_headers: Value = announced.iter().filter(|name| request.headers().contains_key(*name)).collect();
    let probe = request.extensions().get::<Arc<Probe>>().cloned();
    let body: RequestBody = request.extract().await.unwrap_or_else(|never| match never {});
    let mut body = ObservedBody::new(body, probe);

    let (mut pieces, mut hashers) = (Pieces::default(), Hashers::new([Algorithm::Sha256]));
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(IntoResponse::into_response)?;
        pieces.add(began.elapsed(), chunk.len());
        if pieces.bytes() > bounds.body_size {
            return Err(too_large(bounds.body_size).into_response());
        }
        hashers.update(&chunk);
    }
    let trailers = body.trailers().await.map_err(IntoResponse::into_response)?.into_map();
    let missing = announced.iter().filter(|name| !trailers.contains_key(*name));
    let digests: Vec<_> = hashers.finish().iter().map(ToString::to_string).collect();

    let mut content = pieces.to_json("length");
    content["digest"] = digests.join(", ").into();
    account["content"] = content;
    account["trailers"] = fields(&trailers);
    account["announcedButMissing"] = missing.collect();
    account["announcedButInHeaders"] = in_headers;
    account["forbiddenTrailers"] = info.as_ref().map(forbidden_trailers).into();
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
