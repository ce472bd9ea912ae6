use super::{
    content::{Content, Piece, Source},
    date,
    multipart::{Multipart, content_range},
    precondition::Validators,
    repr_digest::{Identity, WantedDigest},
};
use crate::files::folder::Found;
use axum::{
    body::boxed,
    response::{IntoResponse, Response},
};
use http_02::{HeaderMap, HeaderValue, StatusCode, header};
use std::{ops::Range, path::Path, time::SystemTime};

/// A file with its metadata for responses.
pub(super) struct Representation {
    found: Found,
    pub(super) validators: Validators,
    media_type: &'static str,
    now: SystemTime,
}

impl Representation {
    pub(super) fn new(found: Found, path: &Path, now: SystemTime) -> Self {
        let validators = Validators::of(&found.metadata);
        let media_type = mime_guess::from_path(path).first_raw().unwrap_or("application/octet-stream");
        Self { found, validators, media_type, now }
    }

    pub(super) fn length(&self) -> u64 {
        self.found.metadata.len()
    }

    pub(super) fn allows_range(&self, headers: &HeaderMap) -> bool {
        self.validators.allow_range(headers, self.now)
    }

    /// [RFC 9110 §15.4.5](https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5): with a tag, `Last-Modified` is not
    /// needed.
    pub(super) fn not_modified(&self) -> Response {
        let fields = [
            (header::DATE, date::to_field_value(date::seconds(self.now))),
            (header::ETAG, self.validators.tag.to_field_value()),
        ];
        (StatusCode::NOT_MODIFIED, fields).into_response()
    }

    pub(super) fn whole(self, wanted: WantedDigest) -> Response {
        let mut response = self.head(StatusCode::OK);
        self.describe(response.headers_mut());
        wanted.write_if_known(self.identity(), response.headers_mut());
        if let Some(identity) = self.identity().filter(|identity| identity.is_settled(self.now)) {
            response.extensions_mut().insert(wanted.remember(identity));
        }
        let pieces = vec![Piece::Bytes(0..self.length())];
        self.with(pieces, response).map(boxed)
    }

    /// Some parts of the file, for a request with these fields
    /// ([RFC 9110 §15.3.7](https://www.rfc-editor.org/rfc/rfc9110#section-15.3.7)).
    ///
    /// A client that sends `If-Range` already has the fields that describe the file. It still gets `Repr-Digest` if it
    /// asks for it.
    pub(super) fn partial(
        self,
        parts: Vec<Range<u64>>,
        request: &HeaderMap,
        wanted: &WantedDigest,
    ) -> Response {
        let length = self.length();
        let mut response = self.head(StatusCode::PARTIAL_CONTENT);
        let headers = response.headers_mut();
        if !request.contains_key(header::IF_RANGE) {
            self.describe(headers);
        }
        let pieces = if let [part] = &*parts {
            let range = content_range(part, length);
            let range = HeaderValue::try_from(range).expect("digits make a field value");
            headers.insert(header::CONTENT_RANGE, range);
            vec![Piece::Bytes(part.clone())]
        } else {
            // Each part has a `Content-Range` and the `Content-Type` of the file.
            let Multipart { media_type, pieces } = Multipart::new(parts, self.media_type, length);
            headers.insert(header::CONTENT_TYPE, media_type);
            pieces
        };
        if wanted.write_if_known(self.identity(), response.headers_mut()) {
            return self.with(pieces, response).map(boxed);
        }
        let pending = wanted.begin(&self.found.file, &self.found.metadata);
        let response = self.with(pieces, response);
        match pending {
            Some(pending) => pending.behind(response),
            None => response.map(boxed),
        }
    }

    fn identity(&self) -> Option<Identity> {
        Identity::of(&self.found.metadata)
    }

    /// A header section with the fields that every 206 needs.
    fn head(&self, status: StatusCode) -> Response<()> {
        let mut head = Response::new(());
        *head.status_mut() = status;
        let fields = [
            (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
            (header::ETAG, self.validators.tag.to_field_value()),
            // hyper's own `Date` may be a second old.
            (header::DATE, date::to_field_value(date::seconds(self.now))),
        ];
        head.headers_mut().extend(fields);
        head
    }

    /// Adds the fields that describe the file.
    fn describe(&self, headers: &mut HeaderMap) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        if let Some(modified) = self.validators.last_modified(self.now) {
            headers.insert(header::LAST_MODIFIED, date::to_field_value(modified));
        }
    }

    fn with(self, pieces: Vec<Piece>, head: Response<()>) -> Response<Content> {
        let content = Content::new(Source::new(self.found.file, &self.found.metadata), pieces);
        let mut response = head.map(|()| content);
        let length = response.body().length();
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        response
    }
}
