//! `GET /help`: all routes, each with a curl line that shows it.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/help'
//! ```
//!
//! The response is text, or HTML or JSON if `Accept` prefers it. The curl lines contain the scheme, host and port of the request if
//! they are safe in a shell, and `https://localhost:3000` otherwise.

use super::{Example, ROUTES, Route, accept, faults, html, json::Json, origin::Origin};
use axum::{
    Extension,
    response::{Html, IntoResponse, Response},
};
use axum_trailers::trailers::server::ConnectionInfo;
use http_02::{HeaderMap, HeaderValue, Uri, header};
use serde_json::{Value, json};
use std::fmt::{self, Write};

#[derive(Clone, Copy)]
enum Form {
    Text,
    Html,
    Json,
}

pub(super) async fn help(
    uri: Uri,
    headers: HeaderMap,
    connection: Option<Extension<ConnectionInfo>>,
) -> Response {
    let server = Origin::of(&uri, &headers, connection.as_deref());
    let offered = [("text/plain", Form::Text), ("text/html", Form::Html), ("application/json", Form::Json)];
    let mut response = match accept::preferred(&headers, &offered) {
        Some(Form::Json) => Json(json(&server)).into_response(),
        Some(Form::Html) => {
            ([(header::CONTENT_SECURITY_POLICY, html::POLICY)], Html(page(&server))).into_response()
        }
        // For a client that accepts none of them, text is better than a 406.
        Some(Form::Text) | None => text(&server).into_response(),
    };
    let fields = response.headers_mut();
    fields.insert(header::VARY, HeaderValue::from_static("accept"));
    // The lines contain one client's host. A cache that merges hosts would serve them to others.
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn text(server: &Origin) -> String {
    let mut text = "A workbench for HTTP trailers: one route for each use of trailers.\n\
                    Over HTTP/1.1, add -H 'TE: trailers' to the curl lines, and replace -v by -i.\n\n"
        .to_owned();
    for route in ROUTES {
        describe(route, server, &mut text).expect("memory");
    }
    text += "Parameters that make /bytes and /export misbehave:\n";
    for (parameter, effect) in faults::EXPLAINED {
        writeln!(text, "  {parameter:23}  {}", effect.replace('`', "")).expect("memory");
    }
    text + "\nEvery GET route also accepts HEAD. Every route accepts probe=TOKEN, for GET /seen/{token}.\n"
}

fn describe(route: &Route, server: &Origin, text: &mut String) -> fmt::Result {
    writeln!(text, "{} {}\n  {}", route.method, route.path, route.shows.replace('`', ""))?;
    for (name, list) in [("trailers", route.trailers), ("parameters", route.parameters)] {
        if !list.is_empty() {
            writeln!(text, "  {name}: {}", list.join(", "))?;
        }
    }
    if !route.bounds.is_empty() {
        writeln!(text, "  limits: {}", route.bounds.replace('`', ""))?;
    }
    writeln!(text, "  {}\n", route.curl_at(server))
}

fn page(server: &Origin) -> String {
    let mut body =
        "<p>One route for each use of trailers. <a href=\"/ui\">The page at /ui</a> tries them in this \
                    browser; curl shows every trailer. Over HTTP/1.1, add <code>-H 'TE: trailers'</code> to the curl \
                    lines, and replace <code>-v</code> by <code>-i</code>.</p>\n"
            .to_owned();
    for route in ROUTES {
        describe_in_html(route, server, &mut body).expect("memory");
    }
    body += "<section>\n<h2>Parameters that make /bytes and /export misbehave</h2>\n<dl>\n";
    for (parameter, effect) in faults::EXPLAINED {
        writeln!(body, "<dt><code>{parameter}</code></dt><dd>{}</dd>", html::marked_up(effect))
            .expect("memory");
    }
    body += "</dl>\n</section>\n";
    html::page("Routes of axum-trailers", &body)
}

fn describe_in_html(route: &Route, server: &Origin, body: &mut String) -> fmt::Result {
    let name = format!("{} {}", route.method, html::escaped(route.path));
    writeln!(body, "<section>\n<h2><code>{name}</code></h2>\n<p>{}</p>", html::marked_up(route.shows))?;
    for (name, list) in [("Trailers", route.trailers), ("Parameters", route.parameters)] {
        if !list.is_empty() {
            writeln!(body, "<p>{name}: <code>{}</code></p>", html::escaped(&list.join(", ")))?;
        }
    }
    if !route.bounds.is_empty() {
        writeln!(body, "<p>Limits: {}</p>", html::marked_up(route.bounds))?;
    }
    writeln!(body, "<pre>{}</pre>\n</section>", html::escaped(&route.curl_at(server)))
}

fn json(server: &Origin) -> Value {
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
    let explained = faults::EXPLAINED.iter();
    let faults = explained.map(|(parameter, effect)| json!({ "parameter": parameter, "effect": effect }));
    json!({ "routes": routes.collect::<Value>(), "faults": faults.collect::<Value>() })
}

fn example(example: &Example) -> Value {
    let fields: Value =
        example.fields.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({ "target": example.target, "fields": fields, "content": example.content })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_that_makes_a_response_misbehave_is_explained() {
        for form in [faults::TRAILERS, faults::LENGTH, faults::BREAK, faults::BREAK_AT] {
            let (name, values) = form.split_once('=').expect("a parameter");
            for value in values.split('|') {
                let explains = |(parameter, _): &&(&str, &str)| {
                    let (other, others) = parameter.split_once('=').expect("a parameter");
                    other == name && others.split('|').any(|other| other == value)
                };
                assert_eq!(faults::EXPLAINED.iter().filter(explains).count(), 1, "{name}={value}");
            }
        }
    }
}
