use crate::{
    files::{Access, Current, Preconditions, Validators, Verdict, precondition_failed},
    segment::Segment,
};
use axum::response::{IntoResponse, Response};
use axum_trailers::{
    digest::{Algorithm, Hashers},
    problem::Problem,
};
use http_02::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::sync::OnceLock;

/// The page needs no external resources and has no inline scripts or styles, so content from a response of this server
/// can't become one.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
);

/// Lets the page distinguish a browser that leaves out trailers from one that exposes no timings at all.
const TIMING: HeaderValue = HeaderValue::from_static("header;desc=\"in the header section\"");

/// The next version of the server has a different page.
const IS_CHECKED: HeaderValue = HeaderValue::from_static("no-cache");

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

pub(crate) struct File {
    name: &'static str,
    text: &'static str,
    validators: OnceLock<Validators>,
}

/// A file in this folder under its own name.
macro_rules! file {
    ($name:literal) => {
        File { name: $name, text: include_str!($name), validators: OnceLock::new() }
    };
}

static PAGE: File = file!("page.html");
static ICON: File = file!("icon.svg");

/// A week. Browsers request the icon on every page, even if the page names none.
const ICON_IS_FRESH: &str = "max-age=604800";

static FILES: [File; 28] = [
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
    file!("icon.svg"),
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
pub(crate) async fn file(Segment(name): Segment, headers: HeaderMap) -> Result<Response, Problem> {
    let file = FILES.iter().find(|file| file.name == name).ok_or_else(|| {
        let names: Vec<_> = FILES.iter().map(|file| file.name).collect();
        let detail = format!("the page has no file `{name}`: it has {}", names.join(", "));
        Problem::new(StatusCode::NOT_FOUND, detail)
    })?;
    file.conditional(&headers)
}

/// `GET /favicon.ico`, the default name in browsers. The type is that of the icon.
pub(crate) async fn favicon() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, ICON_IS_FRESH)], &ICON)
}

impl File {
    /// Responds with 304 to a browser that has this version.
    fn conditional(&self, headers: &HeaderMap) -> Result<Response, Problem> {
        let current = Current::File(self.validators().clone());
        match Preconditions::read(headers).evaluate(Access::Read, &current) {
            Verdict::Failed => Err(precondition_failed()),
            Verdict::NotModified => {
                let tag = self.validators().tag().to_field_value();
                let fields = [(header::CACHE_CONTROL, IS_CHECKED), (header::ETAG, tag)];
                Ok((StatusCode::NOT_MODIFIED, fields).into_response())
            }
            Verdict::Proceed => Ok(self.into_response()),
        }
    }

    /// The entity tag is the digest of the content.
    fn validators(&self) -> &Validators {
        self.validators.get_or_init(|| {
            let mut hashers = Hashers::new([Algorithm::Sha256]);
            hashers.update(self.text.as_bytes());
            let digest: String = hashers.finish().iter().map(ToString::to_string).collect();
            Validators::of_built_in(&digest)
        })
    }

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
            (header::CACHE_CONTROL, IS_CHECKED),
            (header::ETAG, self.validators().tag().to_field_value()),
            (SERVER_TIMING, TIMING),
        ];
        (fields, self.text).into_response()
    }
}
