//! Files with a modification time that no HTTP date can express: before 1970, or after the year 9999.
//!
//! tower-http's `ServeDir` panics at such a time. They are sent without `Last-Modified`, and always as a whole: a server may
//! ignore `Range` ([RFC 9110 §14.2](https://www.rfc-editor.org/rfc/rfc9110#section-14.2)), and ignores conditions by date if
//! it has none ([§13.1.3](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.3)).

use super::folder::Found;
use axum::{
    body::{Bytes, StreamBody},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, stream};
use http::{HeaderValue, header};
use std::{
    io,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{fs::File, io::AsyncReadExt};

/// The end of the year 9999.
const LAST: Duration = Duration::from_secs(253_402_300_799);

/// Whether `Last-Modified` can tell this time, to the second.
pub(super) fn is_http_date(time: SystemTime) -> bool {
    time.duration_since(UNIX_EPOCH).is_ok_and(|since| since.as_secs() <= LAST.as_secs())
}

/// The file as a response of known length.
pub(super) async fn serve(path: &Path, found: Found, chunk: usize) -> io::Result<Response> {
    let file = File::open(path).await?;
    let media_type = mime_guess::from_path(path).first_raw().unwrap_or("application/octet-stream");
    let fields = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_LENGTH, found.length.into()),
    ];
    Ok((fields, StreamBody::new(chunks(file, chunk))).into_response())
}

fn chunks(file: File, size: usize) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold(file, move |mut file| async move {
        let mut chunk = Vec::with_capacity(size);
        (&mut file).take(size as u64).read_to_end(&mut chunk).await?;
        Ok((!chunk.is_empty()).then_some((chunk.into(), file)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates_are_the_times_that_httpdate_can_write() {
        let from_epoch = |seconds: u64| UNIX_EPOCH + Duration::from_secs(seconds);
        let last = from_epoch(LAST.as_secs());
        assert!(is_http_date(UNIX_EPOCH) && is_http_date(last + Duration::from_millis(999)));
        assert_eq!(httpdate::fmt_http_date(last), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert!(!is_http_date(UNIX_EPOCH - Duration::from_millis(500)));
        assert!(!is_http_date(last + Duration::from_secs(1)));
    }
}
