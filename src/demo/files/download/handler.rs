use super::{
    content::{Content, Piece, Source},
    date,
    multipart::{Multipart, content_range},
    precondition::{Access, Current, Preconditions, Validators, Verdict, precondition_failed},
    range::Selected,
};
use crate::{
    demo::{
        files::{Folder, folder::Found},
        in_span,
    },
    problem::Problem,
};
use axum::{
    body::{Body, boxed},
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use std::{
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// `GET /files/…`.
pub(in crate::demo) async fn download(
    State(folder): State<Folder>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let path = path_of(request.uri()).ok_or_else(no_such_file)?;
    let (found, path) = in_span::thread(move || (folder.find(&path), path))
        .await
        .map_err(io::Error::from)
        .and_then(|(found, path)| Ok((found?, path)))
        .map_err(|error| unreadable(&error, request.uri()))?;
    let found = found.ok_or_else(no_such_file)?;
    let download = Download::new(found, &path, SystemTime::now());
    download.answer(request.method(), request.headers())
}

/// A file that is found, and what the response says of it.
struct Download {
    found: Found,
    validators: Validators,
    media_type: &'static str,
    now: SystemTime,
}

impl Download {
    fn new(found: Found, path: &Path, now: SystemTime) -> Self {
        let validators = Validators::of(&found.metadata);
        let media_type = mime_guess::from_path(path).first_raw().unwrap_or("application/octet-stream");
        Self { found, validators, media_type, now }
    }

    /// In the order of [RFC 9110 §13.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2).
    fn answer(self, method: &Method, headers: &HeaderMap) -> Result<Response, Problem> {
        let current = Current::File(self.validators.clone());
        match Preconditions::read(headers).evaluate(Access::Read, &current) {
            Verdict::Failed => return Err(precondition_failed()),
            Verdict::NotModified => return Ok(self.not_modified()),
            Verdict::Proceed => {}
        }
        let length = self.found.metadata.len();
        // RFC 9110 §14.2: `Range` is for GET alone.
        let is_ranged = method == Method::GET && self.validators.allow_range(headers, self.now);
        match if is_ranged { Selected::by(headers, length) } else { Selected::Whole } {
            Selected::Whole => Ok(self.whole()),
            Selected::Parts(parts) => Ok(self.partial(parts)),
            Selected::Nothing => Err(no_such_range(length)),
        }
    }

    /// [RFC 9110 §15.4.5](https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5): with a tag it needs no `Last-Modified`.
    fn not_modified(self) -> Response {
        let fields = [
            (header::DATE, date::to_field_value(date::seconds(self.now))),
            (header::ETAG, self.validators.tag.to_field_value()),
        ];
        (StatusCode::NOT_MODIFIED, fields).into_response()
    }

    fn whole(self) -> Response {
        let media_type = HeaderValue::from_static(self.media_type);
        let length = self.found.metadata.len();
        self.with_content(StatusCode::OK, media_type, vec![Piece::Bytes(0..length)])
    }

    fn partial(self, parts: Vec<std::ops::Range<u64>>) -> Response {
        let length = self.found.metadata.len();
        if let [part] = &*parts {
            let range =
                HeaderValue::try_from(content_range(part, length)).expect("digits make a field value");
            let media_type = HeaderValue::from_static(self.media_type);
            let pieces = vec![Piece::Bytes(part.clone())];
            let mut response = self.with_content(StatusCode::PARTIAL_CONTENT, media_type, pieces);
            response.headers_mut().insert(header::CONTENT_RANGE, range);
            return response;
        }
        let Multipart { media_type, pieces } = Multipart::new(parts, self.media_type, length);
        self.with_content(StatusCode::PARTIAL_CONTENT, media_type, pieces)
    }

    fn with_content(self, status: StatusCode, media_type: HeaderValue, pieces: Vec<Piece>) -> Response {
        let Self { found, validators, now, .. } = self;
        let content = Content::new(Source::new(found.file, &found.metadata), pieces);
        let fields = [
            (header::CONTENT_TYPE, media_type),
            (header::CONTENT_LENGTH, content.length().into()),
            (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
            (header::ETAG, validators.tag.to_field_value()),
            // Of the same moment as `Last-Modified`, which must not be later. hyper's own may be a second old.
            (header::DATE, date::to_field_value(date::seconds(now))),
        ];
        let mut response = (status, fields, boxed(content)).into_response();
        if let Some(modified) = validators.last_modified(now) {
            response.headers_mut().insert(header::LAST_MODIFIED, date::to_field_value(modified));
        }
        response
    }
}

/// The path below the folder, decoded.
fn path_of(uri: &Uri) -> Option<PathBuf> {
    let decoded = percent_encoding::percent_decode_str(uri.path().strip_prefix("/files/")?).collect();
    Some(os_path(decoded))
}

/// A name is any bytes here.
#[cfg(unix)]
fn os_path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn os_path(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

fn no_such_file() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no such file here")
}

fn unreadable(error: &io::Error, uri: &Uri) -> Problem {
    tracing::error!(%error, path = uri.path(), "can't read a file");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the file can't be read")
}

fn no_such_range(length: u64) -> Problem {
    let detail = format!("the file has {length} bytes, and none of the range");
    let range = HeaderValue::try_from(format!("bytes */{length}")).expect("digits make a field value");
    Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, detail).field(header::CONTENT_RANGE, range)
}
