//! What `--verbose` shows on standard error: sections as on the wire, with `>` and `<` as curl does, and what
//! happens between them with `*`.

use super::{console, escape};
use axum_trailers::syntax::protocol_name;
use axum_trailers_client::OnSend;
use http::{HeaderMap, Request, Response, Version, request};
use std::fmt::{Display, Write};

/// Shows each request when it is sent, which is when its protocol is known.
pub(super) fn show_requests<B>(request: &mut Request<B>) {
    request.extensions_mut().insert(OnSend::new(|head: &request::Parts| {
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut lines = format!("> {} {path} {}\n", head.method, protocol_name(head.version));
        if head.version >= Version::HTTP_2
            && let Some(authority) = head.uri.authority()
        {
            let host = authority.as_str().rsplit('@').next().unwrap_or_default();
            let _infallible = writeln!(lines, "> host: {host}");
        }
        fields(&mut lines, '>', &head.headers);
        console::error(format_args!("{lines}>"));
    }));
}

pub(super) fn response<B>(response: &Response<B>) {
    let mut lines = format!("< {} {}\n", protocol_name(response.version()), response.status());
    fields(&mut lines, '<', response.headers());
    console::error(format_args!("{lines}<"));
}

pub(super) fn trailers(section: &HeaderMap) {
    let mut lines = String::new();
    fields(&mut lines, '<', section);
    console::error(format_args!("{lines}<"));
}

/// Shows the trailer section of a request when it is sent.
pub(super) fn request_trailers(sections: [&HeaderMap; 2]) {
    let mut lines = String::new();
    for section in sections {
        fields(&mut lines, '>', section);
    }
    if !lines.is_empty() {
        console::error(lines.trim_end());
    }
}

/// Shows that the alternative with this host and port has failed.
pub(super) fn fallback(alternative: &str, reason: &dyn Display) {
    let line = format!("HTTP/3 at {alternative} failed, falling back to TCP: {reason}");
    console::error(format_args!("* {}", escape::line(line.as_bytes())));
}

fn fields(lines: &mut String, mark: char, section: &HeaderMap) {
    for (name, value) in section {
        let value: &dyn Display =
            if value.is_sensitive() { &"(not shown)" } else { &escape::line(value.as_bytes()) };
        let _infallible = writeln!(lines, "{mark} {name}: {value}");
    }
}
