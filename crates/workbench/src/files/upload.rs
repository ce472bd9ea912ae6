use super::{
    Folder,
    download::{Access, Preconditions, Verdict, precondition_failed},
    draft::{Draft, PublishError},
    folder::is_plain,
};
use crate::{
    Bounds,
    admission::Admission,
    body_limit::{fits, too_large},
    client::Client,
    json::Json,
    metrics::WorkbenchMetrics,
    query::bad_request,
    seen::{ObservedBody, Probe},
    segment::Segment,
    spawn,
};
use axum::{
    RequestExt,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use axum_trailers::{
    digest::{Algorithm, Hashers},
    problem::Problem,
    request::{ContentDigestError, RequestBody, RequestBodyError, Verified},
    syntax::list_elements,
};
use futures_util::StreamExt;
use http_02::{HeaderMap, HeaderValue, Request, StatusCode, header};
use serde_json::json;
use std::{io, path::Path, sync::Arc};

/// The largest length of a name, in bytes: the limit of common file systems.
const MAX_NAME: usize = 255;

/// The destination of uploads, if they are allowed.
#[derive(Clone, Debug)]
pub(crate) struct Uploads(Option<Arc<Allowed>>);

#[derive(Debug)]
struct Allowed {
    folder: Folder,
    admission: Admission,
    bounds: Bounds,
}

impl Uploads {
    pub(crate) fn none() -> Self {
        Self(None)
    }

    pub(crate) fn allowed(folder: Folder, bounds: Bounds) -> Self {
        let admission = Admission::new("uploads", bounds.uploads, bounds.uploads_per_client);
        Self(Some(Arc::new(Allowed { folder, admission, bounds })))
    }
}

/// `PUT /files/{name}`.
pub(crate) async fn upload(
    State(uploads): State<Uploads>,
    State(metrics): State<WorkbenchMetrics>,
    name: Result<Segment, Problem>,
    request: Request<Body>,
) -> Response {
    let counted = Counted { metrics, status: None };
    let response = match name {
        Ok(Segment(name)) => taken(uploads, &name, request).await.into_response(),
        Err(problem) => problem.into_response(),
    };
    counted.answered(response.status());
    response
}

/// Counts a failed upload, even if the client has left and the handler is dropped.
struct Counted {
    metrics: WorkbenchMetrics,
    status: Option<StatusCode>,
}

impl Counted {
    fn answered(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.status.is_none_or(|status| !status.is_success()) {
            self.metrics.upload_refused(self.status);
        }
    }
}

async fn taken(uploads: Uploads, name: &str, request: Request<Body>) -> Result<Response, UploadError> {
    let Some(allowed) = uploads.0 else {
        let detail = "uploads are disabled: start the server with --allow-upload";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail).into());
    };
    let preconditions = Preconditions::read(request.headers());
    allowed.check(name).await?;
    whole_file(request.headers())?;
    fits(request.headers(), allowed.bounds.upload_size)?;
    let _permit = allowed.admission.admit(Client::of(request.extensions().get()))?;
    let probe = request.extensions().get::<Arc<Probe>>().cloned();
    let Verified(body): Verified<RequestBody> = request.extract().await?;
    let body = ObservedBody::new(body, probe);
    // RFC 9110 §13.2.1: after all other checks of the header section, before the content.
    let (folder, file) = (allowed.folder.clone(), name.to_owned());
    let current = spawn::thread(move || folder.current(&file)).await.map_err(io::Error::from)??;
    if preconditions.evaluate(Access::Write, &current) != Verdict::Proceed {
        return Err(precondition_failed().into());
    }

    let stored = allowed.store(body, name, preconditions).await?;
    let account = json!({
        "name": name,
        "size": stored.size,
        "digest": stored.digest,
        "stored": if stored.replaced { "replaced" } else { "created" },
    });
    let status = if stored.replaced { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(account)).into_response())
}

struct Stored {
    size: u64,
    digest: String,
    replaced: bool,
}

impl Allowed {
    /// Rejects names that no upload may have.
    async fn check(&self, name: &str) -> Result<(), Problem> {
        let is_portable = !name.contains(['/', '\\']) && !name.contains(char::is_control);
        if name.is_empty()
            || name.len() > MAX_NAME
            || !is_portable
            || !is_plain(Path::new(name))
            || name == "."
        {
            let detail = format!(
                "{name:?} is not a valid name for an upload: use 1 to {MAX_NAME} bytes without slashes, \
                 backslashes, control characters, or a leading dot"
            );
            return Err(bad_request(detail));
        }
        let place = self.folder.root().join(name);
        match tokio::fs::symlink_metadata(&place).await {
            Ok(there) if there.is_dir() => {
                Err(Problem::new(StatusCode::CONFLICT, format!("{name:?} is a folder")))
            }
            _ => Ok(()),
        }
    }

    /// Stores a body that proves correct at its end.
    async fn store(
        &self,
        body: ObservedBody,
        name: &str,
        preconditions: Preconditions,
    ) -> Result<Stored, UploadError> {
        let mut draft = Draft::create(self.folder.root().join(name)).await?;
        match self.receive(body, &mut draft).await {
            Ok((size, digest)) => {
                let replaced = draft.publish(self.folder.clone(), name.to_owned(), preconditions).await?;
                Ok(Stored { size, digest, replaced })
            }
            Err(error) => {
                draft.discard().await;
                Err(error)
            }
        }
    }

    /// Writes a body. Returns its size and its digest.
    async fn receive(&self, mut body: ObservedBody, draft: &mut Draft) -> Result<(u64, String), UploadError> {
        let (mut size, mut hashers) = (0, Hashers::new([Algorithm::Sha256]));
        while let Some(chunk) = body.next().await {
            let chunk = chunk?;
            size += chunk.len() as u64;
            if size > self.bounds.upload_size {
                return Err(too_large(self.bounds.upload_size).into());
            }
            hashers.update(&chunk);
            draft.write(&chunk).await?;
        }
        let digests: Vec<_> = hashers.finish().iter().map(ToString::to_string).collect();
        Ok((size, digests.join(", ")))
    }
}

/// Rejects parts of a file and coded files: `GET` would serve them as if they were the whole, uncoded file
/// (RFC 9110 §14.4, §8.4).
fn whole_file(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(header::CONTENT_RANGE) {
        return Err(bad_request("`Content-Range` is not supported: upload the whole file"));
    }
    // An empty list names no coding. RFC 9110 §12.5.3: a response that rejects a coding lists the accepted ones.
    if list_elements(headers, &header::CONTENT_ENCODING).next().is_some() {
        let detail = "`Content-Encoding` is not supported: upload the file without a content coding";
        let identity = HeaderValue::from_static("identity");
        return Err(
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).field(header::ACCEPT_ENCODING, identity)
        );
    }
    Ok(())
}

/// Why nothing was stored.
pub(crate) enum UploadError {
    Asked(Problem),
    Body(RequestBodyError),
    Disk(io::Error),
    NotSynced(io::Error),
}

impl From<PublishError> for UploadError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Precondition => Self::Asked(precondition_failed()),
            PublishError::NotPublished(error) => Self::Disk(error),
            PublishError::NotSynced(error) => Self::NotSynced(error),
        }
    }
}

impl From<Problem> for UploadError {
    fn from(problem: Problem) -> Self {
        Self::Asked(problem)
    }
}

impl From<RequestBodyError> for UploadError {
    fn from(error: RequestBodyError) -> Self {
        Self::Body(error)
    }
}

impl From<ContentDigestError> for UploadError {
    fn from(error: ContentDigestError) -> Self {
        Self::Body(error.into())
    }
}

impl From<io::Error> for UploadError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl IntoResponse for UploadError {
    fn into_response(self) -> Response {
        match self {
            Self::Asked(problem) => problem.into_response(),
            Self::Body(error) => error.into_response(),
            Self::Disk(error) => {
                tracing::error!(%error, "can't store an upload");
                disk_problem(&error).into_response()
            }
            Self::NotSynced(error) => {
                tracing::error!(%error, "can't sync the folder of an upload");
                let detail = format!("the upload is stored, but may not survive a crash: {error}");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail).into_response()
            }
        }
    }
}

fn disk_problem(error: &io::Error) -> Problem {
    let status = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            StatusCode::INSUFFICIENT_STORAGE
        }
        io::ErrorKind::IsADirectory | io::ErrorKind::DirectoryNotEmpty => StatusCode::CONFLICT,
        io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Problem::new(status, format!("can't store the upload; an existing file is unchanged: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_says_has_its_status() {
        for (kind, status) in [
            (io::ErrorKind::StorageFull, 507),
            (io::ErrorKind::QuotaExceeded, 507),
            (io::ErrorKind::FileTooLarge, 507),
            (io::ErrorKind::IsADirectory, 409),
            (io::ErrorKind::InvalidFilename, 400),
            (io::ErrorKind::PermissionDenied, 500),
        ] {
            assert_eq!(UploadError::from(io::Error::from(kind)).into_response().status(), status, "{kind:?}");
        }
        let refused = UploadError::from(PublishError::Precondition).into_response();
        assert_eq!(refused.status(), StatusCode::PRECONDITION_FAILED);
    }
}
