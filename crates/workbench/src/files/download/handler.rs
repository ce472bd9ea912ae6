use super::{
    precondition::{Access, Current, Preconditions, Verdict, precondition_failed},
    range::Selected,
    repr_digest::{ReprDigests, WantedDigest},
    representation::Representation,
};
use crate::{files::Folder, spawn};
use axum::{body::Body, extract::State, response::Response};
use axum_trailers::problem::Problem;
use http_02::{HeaderValue, Method, Request, StatusCode, Uri, header};
use std::{io, path::PathBuf, time::SystemTime};

/// `GET /files/…`, in the order of [RFC 9110 §13.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2).
pub(crate) async fn download(
    State(folder): State<Folder>,
    State(digests): State<ReprDigests>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let file = find(folder, &request).await?;
    let current = Current::File(file.validators.clone());
    match Preconditions::read(request.headers()).evaluate(Access::Read, &current) {
        Verdict::Failed => return Err(precondition_failed()),
        Verdict::NotModified => return Ok(file.not_modified()),
        Verdict::Proceed => {}
    }
    // RFC 9110 §14.2: `Range` is only for GET.
    let is_ranged = request.method() == Method::GET && file.allows_range(request.headers());
    let selected = if is_ranged { Selected::by(request.headers(), file.length()) } else { Selected::Whole };
    let wanted = WantedDigest::of(&request, digests);
    match selected {
        Selected::Whole => Ok(file.whole(wanted)),
        Selected::Parts(parts) => Ok(file.partial(parts, request.headers(), &wanted)),
        Selected::Nothing => Err(no_such_range(file.length())),
    }
}

async fn find(folder: Folder, request: &Request<Body>) -> Result<Representation, Problem> {
    let no_such_file = || Problem::new(StatusCode::NOT_FOUND, "no such file");
    let path = path_of(request.uri()).ok_or_else(no_such_file)?;
    let found = spawn::thread(move || {
        let found = folder.find(&path)?;
        Ok(found.map(|found| Representation::new(found, &path, SystemTime::now())))
    });
    match found.await.unwrap_or_else(|panicked| Err(io::Error::from(panicked))) {
        Ok(found) => found.ok_or_else(no_such_file),
        Err(error) => {
            tracing::error!(%error, path = request.uri().path(), "can't read a file");
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "can't read the file"))
        }
    }
}

/// The path below the folder, percent-decoded.
fn path_of(uri: &Uri) -> Option<PathBuf> {
    let decoded = percent_encoding::percent_decode_str(uri.path().strip_prefix("/files/")?).collect();
    Some(os_path(decoded))
}

/// Names can contain any bytes on Unix.
#[cfg(unix)]
fn os_path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn os_path(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

fn no_such_range(length: u64) -> Problem {
    let detail = format!("the range is outside the file's {length} bytes");
    let range = HeaderValue::try_from(format!("bytes */{length}")).expect("digits make a field value");
    Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, detail).field(header::CONTENT_RANGE, range)
}
