use super::{accept, html};
use axum::{
    body::{self, Body},
    middleware::Next,
    response::Response,
};
use axum_trailers::problem::Problem;
use http_02::{HeaderValue, Request, header};
use serde_json::Value;
use std::borrow::Cow;

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
    fields.entry(header::CONTENT_SECURITY_POLICY).or_insert(html::POLICY);
    response.map(|_json| body::boxed(body::Full::from(page)))
}

fn page(problem: &Problem) -> String {
    let heading = format!("{} {}", problem.status().as_u16(), text_of(problem.member("title")));
    let (heading, detail) = (html::escaped(&heading), html::marked_up(problem.detail()));
    let detail = detail.replace("see /help", "see <a href=\"/help\">/help</a>");
    // A type of `about:blank` has no meaning of its own (RFC 9457, section 4.2.1).
    let is_elsewhere = |name: &str, value: &Value| {
        ["title", "status", "detail"].contains(&name)
            || (name, value.as_str()) == ("type", Some("about:blank"))
    };
    let others = problem.members().filter(|(name, value)| !is_elsewhere(name, value));
    let others: String = others.map(|(name, value)| described(name, value)).collect();
    let others = if others.is_empty() { others } else { format!("<dl>\n{others}</dl>\n") };
    html::page(&heading, &format!("<p>{detail}</p>\n{others}"))
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
