//! `GET /help`: all routes, each with a curl line that shows it.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/help'
//! ```
//!
//! The response is text, or JSON if `Accept` prefers it. The curl lines contain the host and port of the request if
//! they are safe in a shell, and `localhost:3000` otherwise.

use super::{Example, ROUTES, Route, accept, authority::Authority, json::Json};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Uri, header};
use serde_json::{Value, json};
use std::fmt::{self, Write};

#[derive(Clone, Copy)]
enum Form {
    Text,
    Json,
}

pub(super) async fn help(uri: Uri, headers: HeaderMap) -> Response {
    let server = Authority::of(&uri, &headers);
    let offered = [("text/plain", Form::Text), ("application/json", Form::Json)];
    let mut response = match accept::preferred(&headers, &offered) {
        Some(Form::Json) => Json(json(&server)).into_response(),
        // For a client that accepts neither, text is better than a 406.
        Some(Form::Text) | None => text(&server).into_response(),
    };
    let fields = response.headers_mut();
    fields.insert(header::VARY, HeaderValue::from_static("accept"));
    // The lines contain one client's host. A cache that merges hosts would serve them to others.
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn text(server: &Authority) -> String {
    let mut text = "A workbench for HTTP trailers: one route for each use that they have.\n\n".to_owned();
    for route in ROUTES {
        describe(route, server, &mut text).expect("memory");
    }
    text + "HEAD works wherever GET does.\n"
}

fn describe(route: &Route, server: &Authority, text: &mut String) -> fmt::Result {
    writeln!(text, "{} {}\n  {}", route.method, route.path, route.shows.replace('`', ""))?;
    for (name, list) in [("trailers", route.trailers), ("parameters", route.parameters)] {
        if !list.is_empty() {
            writeln!(text, "  {name}: {}", list.join(", "))?;
        }
    }
    if !route.bounds.is_empty() {
        writeln!(text, "  bounds: {}", route.bounds.replace('`', ""))?;
    }
    writeln!(text, "  {}\n", route.curl_at(server))
}

fn json(server: &Authority) -> Value {
    let routes = ROUTES.iter().map(|route| {
        json!({
            "method": route.method,
            "path": route.path,
            "shows": route.shows,
            "trailers": route.trailers,
            "parameters": route.parameters,
            "bounds": route.bounds,
            "curl": route.curl_at(server),
            "example": example(&route.example),
        })
    });
    json!({ "routes": routes.collect::<Value>() })
}

fn example(example: &Example) -> Value {
    let fields: Value =
        example.fields.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({ "target": example.target, "fields": fields, "content": example.content })
}
