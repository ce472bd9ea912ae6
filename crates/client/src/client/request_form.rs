//! What a protocol needs in a request's header section.

use super::Target;
use crate::{
    connector::Connection,
    exchange::{Error, OutgoingBody},
    verify::content_length,
};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version, header};

/// Where the client has found the server ([RFC 7838 §5](https://www.rfc-editor.org/rfc/rfc7838#section-5)).
#[cfg(feature = "http3")]
const ALT_USED: &str = "alt-used";

/// Gives a request the form of this connection's protocol. `host` is the `Host` field that the user set.
pub(super) fn adapt(
    request: &mut Request<OutgoingBody>,
    target: &Target,
    host: Option<&HeaderValue>,
    connection: &Connection,
) -> Result<(), Error> {
    *request.version_mut() = connection.transport.version;
    #[cfg(feature = "http3")]
    match connection.alternative() {
        Some(alternative) => {
            request.headers_mut().insert(ALT_USED, alternative.clone());
        }
        // It was not sent to one, in the end.
        None => {
            request.headers_mut().remove(ALT_USED);
        }
    }
    if connection.transport.version >= Version::HTTP_2 {
        return adapt_to_http2(request, target, host);
    }
    adapt_to_http1(request, target, host)?;
    delimit(request, connection);
    Ok(())
}

/// HTTP/2 and HTTP/3 have the whole URL in pseudo-header fields, and no fields of a connection. hyper removes `TE` if
/// `Connection` contains its name.
fn adapt_to_http2(
    request: &mut Request<OutgoingBody>,
    target: &Target,
    host: Option<&HeaderValue>,
) -> Result<(), Error> {
    *request.uri_mut() = target.origin.url(target.path.clone(), host)?;
    let fields = request.headers_mut();
    fields.remove(header::HOST);
    fields.remove(header::CONNECTION);
    fields.remove(header::TRANSFER_ENCODING);
    fields.remove(header::UPGRADE);
    fields.remove("keep-alive");
    fields.remove("proxy-connection");
    if fields.get_all(header::TE).iter().any(|value| value != "trailers") {
        fields.remove(header::TE);
    }
    let length = content_length(fields).ok().flatten().or_else(|| request.body().length());
    announce_length(request, length);
    request.body_mut().delimit_by_stream(length);
    Ok(())
}

fn adapt_to_http1(
    request: &mut Request<OutgoingBody>,
    target: &Target,
    host: Option<&HeaderValue>,
) -> Result<(), Error> {
    *request.uri_mut() = Uri::from(target.path.clone());
    let host = match host {
        Some(host) => host.clone(),
        None => HeaderValue::try_from(target.origin.authority())
            .map_err(|_| Error::Request("the host of the URL can't be sent".to_owned()))?,
    };
    let fields = request.headers_mut();
    fields.insert(header::HOST, host);
    announce_te(fields);
    Ok(())
}

/// `TE` is a field of the connection ([RFC 9110 §10.1.4](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.4)).
fn announce_te(fields: &mut HeaderMap) {
    let names = |value: &HeaderValue| {
        value.to_str().is_ok_and(|value| value.split(',').any(|name| name.trim().eq_ignore_ascii_case("te")))
    };
    if fields.contains_key(header::TE) && !fields.get_all(header::CONNECTION).iter().any(names) {
        fields.append(header::CONNECTION, HeaderValue::from_static("TE"));
    }
}

/// Decides how the end of the content is sent ([RFC 9112 §6](https://www.rfc-editor.org/rfc/rfc9112#section-6)). hyper
/// would drop content of unknown length with methods that rarely have some, and trailers behind content of known length.
fn delimit(request: &mut Request<OutgoingBody>, connection: &Connection) {
    let body = request.body();
    let fields = request.headers();
    let length = content_length(fields).ok().flatten().or_else(|| body.length());
    let has_trailers =
        body.has_unchecked_trailers() || (fields.contains_key(header::TRAILER) && !body.is_empty());
    let is_chunked = has_trailers || fields.contains_key(header::TRANSFER_ENCODING);
    match length {
        Some(length) if !is_chunked => {
            announce_length(request, Some(length));
            request.body_mut().delimit_by_length(length);
        }
        None if body.is_empty() && !is_chunked => {}
        _ => {
            let fields = request.headers_mut();
            fields.remove(header::CONTENT_LENGTH);
            fields.entry(header::TRANSFER_ENCODING).or_insert(HeaderValue::from_static("chunked"));
            request.body_mut().delimit_by_chunks(connection.trailers.clone());
        }
    }
}

/// Content of no length is announced only with methods that usually have some
/// ([RFC 9110 §8.6](https://www.rfc-editor.org/rfc/rfc9110#section-8.6)).
fn announce_length(request: &mut Request<OutgoingBody>, length: Option<u64>) {
    let is_usual = [Method::POST, Method::PUT, Method::PATCH].contains(request.method());
    if let Some(length) = length.filter(|length| *length > 0 || is_usual) {
        request.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
}
