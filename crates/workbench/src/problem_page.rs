use super::{accept, html};
use axum::{
    body::{self, Body},
    middleware::Next,
    response::Response,
};
use axum_trailers::problem::Problem;
use http::{HeaderValue, Request, header};
use serde_json::Value;
use std::borrow::Cow;

/// The page is plain text and can contain parts of the request.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Turns a problem document into an HTML page if `Accept` prefers HTML, as that of a browser does.
///
/// A layer that adds a digest must wrap this one, because it must hash the page. A response that has passed this layer
/// once is not changed again.
pub(super) async fn present(request: Request<Body>, next: Next<Body>) -> Response {
    let offered = [("application/problem+json", false), ("application/json", false), ("text/html", true)];
    let prefers_html = accept::preferred(request.headers(), &offered) == Some(true);
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    if prefers_html { as_page(response, &problem) } else { response }
}

fn as_page(mut response: Response, problem: &Problem) -> Response {
    let page = page(problem);
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    fields.insert(header::CONTENT_LENGTH, HeaderValue::from(page.len()));
    fields.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // `files::isolated` sets a different one.
    fields.entry(header::CONTENT_SECURITY_POLICY).or_insert(POLICY);
    response.map(|_json| body::boxed(body::Full::from(page)))
}

fn page(problem: &Problem) -> String {
    let heading = format!("{} {}", problem.status().as_u16(), text_of(problem.member("title")));
    let (heading, detail) = (html::escaped(&heading), html::escaped(problem.detail()));
    let is_shown = |name: &str| ["title", "status", "detail"].contains(&name);
    let others = problem.members().filter(|(name, _)| !is_shown(name));
    let others: String = others.map(|(name, value)| described(name, value)).collect();
    html::page(&heading, "", &format!("<p>{detail}</p>\n<dl>\n{others}</dl>\n"))
}

/// A member with its value, or with each value of a list.
fn described(name: &str, value: &Value) -> String {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let values = values.iter().map(|value| format!("<dd>{}</dd>\n", html::escaped(&text_of(Some(value)))));
    format!("<dt>{name}</dt>\n{}", values.collect::<String>())
}

fn text_of(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None => Cow::default(),
        Some(Value::String(text)) => text.into(),
        Some(other) => other.to_string().into(),
    }
}
