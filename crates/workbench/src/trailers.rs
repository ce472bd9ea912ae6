//! `GET /trailers?name=value&…`: responds with these fields as trailers.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/trailers?x-color=blue&x-color=green&x-size=9'
//! ```
//!
//! A repeated name gives several field lines, in order. A name or value that can't be sent, and a field that
//! [RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1) forbids in a trailer section, gets a 400
//! that explains why; a request without a query gets a 400 that lists the forbidden fields. The limits are those that
//! [`TrailerLimits`] sets for requests: 64 fields and 8 KiB, counted as in
//! [RFC 9113 §6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2): name, value and 32 bytes for each. The body
//! also lists the fields, for clients that can't read trailers. The name `probe` is that of a parameter of all routes, so no
//! trailer has it.

use super::query::{bad_request, raw_pairs};
use axum::response::IntoResponse;
use axum_trailers::{
    body::{self, FinishError},
    problem::Problem,
    trailers::{TrailerError, TrailerLimits, Trailers, forbidden_fields, server::section_size},
};
use http::HeaderValue;
use http_02::{Uri, header};
use serde_json::{Map, Value};

pub(super) async fn trailers(uri: Uri) -> Result<impl IntoResponse, Problem> {
    let trailers = asked_for(&uri)?;
    let list = listed(&trailers);
    let (mut sender, body) = body::channel(16 * 1024, trailers.declared());
    super::spawn::task(async move {
        sender.send(list).await.map_err(|_unsent| FinishError::ReaderGone)?;
        sender.finish(trailers)
    });
    Ok(([(header::CONTENT_TYPE, "text/plain"), (header::CACHE_CONTROL, "no-store")], body))
}

fn asked_for(uri: &Uri) -> Result<Trailers, Problem> {
    let pairs = raw_pairs(uri);
    if pairs.is_empty() {
        let detail = "name the trailer fields in the query, for example /trailers?x-color=blue&x-size=9";
        return Err(bad_request(detail).with("forbidden", forbidden()));
    }
    let most = TrailerLimits::default();
    if pairs.len() > most.fields {
        let detail = format!("the query names {} trailer fields: the limit is {}", pairs.len(), most.fields);
        return Err(bad_request(detail).with("maximum", most.fields));
    }
    let mut trailers = Trailers::new();
    for (name, value) in pairs {
        let shown = String::from_utf8_lossy(&name);
        let rejected = |error: TrailerError| {
            let detail = match error {
                // The other errors contain the name.
                TrailerError::Name => format!("{shown:?}: {error}"),
                _ => error.to_string(),
            };
            bad_request(detail).with("field", shown.as_ref())
        };
        trailers.append(name.as_slice(), value.as_slice()).map_err(rejected)?;
    }
    let size = section_size(trailers.as_map());
    if size > most.size {
        let detail = format!("the trailer section would have {size} bytes: the limit is {}", most.size);
        return Err(bad_request(detail).with("maximum", most.size));
    }
    Ok(trailers)
}

/// The forbidden fields, by reason.
fn forbidden() -> Map<String, Value> {
    forbidden_fields().map(|(reason, names)| (reason.to_string(), names.into())).collect()
}

fn listed(trailers: &Trailers) -> Vec<u8> {
    let line = |name: &str, value: &HeaderValue| [name.as_bytes(), b": ", value.as_bytes(), b"\n"].concat();
    trailers.as_map().iter().flat_map(|(name, value)| line(name.as_str(), value)).collect()
}
