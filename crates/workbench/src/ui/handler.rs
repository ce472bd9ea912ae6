use crate::segment::Segment;
use axum::response::{IntoResponse, Response};
use axum_trailers::problem::Problem;
use http_02::{HeaderName, HeaderValue, StatusCode, header};

/// The page needs no external resources and has no inline scripts or styles, so content from a response of this server
/// can't become one.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
);

/// Lets the page distinguish a browser that leaves out trailers from one that exposes no timings at all.
const TIMING: HeaderValue = HeaderValue::from_static("header;desc=\"in the header section\"");

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

pub(crate) struct File {
    name: &'static str,
    text: &'static str,
}

/// A file in this folder under its own name.
macro_rules! file {
    ($name:literal) => {
        File { name: $name, text: include_str!($name) }
    };
}

const PAGE: File = file!("page.html");
const ICON: File = file!("icon.svg");

/// A week. Browsers request the icon on every page, even if the page names none.
const ICON_IS_FRESH: &str = "max-age=604800";

const FILES: &[File] = &[
    file!("agent.js"),
    file!("attempt.js"),
    file!("between.js"),
    file!("body.js"),
    file!("browsers.js"),
    file!("card.js"),
    file!("curl.js"),
    file!("cuts.js"),
    file!("dom.js"),
    file!("drawn_labels.js"),
    file!("exports.js"),
    file!("folds.js"),
    file!("form.js"),
    file!("form_labels.js"),
    ICON,
    file!("listing.js"),
    file!("main.js"),
    file!("measured.json"),
    file!("record.js"),
    file!("script.js"),
    file!("shown.js"),
    file!("stream.js"),
    file!("style.css"),
    file!("timeline.js"),
    file!("verdict.js"),
    file!("ways.js"),
    file!("wire.js"),
    file!("words.js"),
];

pub(crate) async fn page() -> &'static File {
    &PAGE
}

/// `GET /ui/{file}`.
pub(crate) async fn file(Segment(name): Segment) -> Result<&'static File, Problem> {
    FILES.iter().find(|file| file.name == name).ok_or_else(|| {
        let names: Vec<_> = FILES.iter().map(|file| file.name).collect();
        let detail = format!("the page has no file `{name}`: it has {}", names.join(", "));
        Problem::new(StatusCode::NOT_FOUND, detail)
    })
}

/// `GET /favicon.ico`, the default name in browsers. The type is that of the icon.
pub(crate) async fn favicon() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, ICON_IS_FRESH)], &ICON)
}

impl File {
    fn content_type(&self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "application/json",
        }
    }
}

impl IntoResponse for &File {
    fn into_response(self) -> Response {
        let fields = [
            (header::CONTENT_TYPE, HeaderValue::from_static(self.content_type())),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            // The next version of the server has a different page.
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (SERVER_TIMING, TIMING),
        ];
        (fields, self.text).into_response()
    }
}
