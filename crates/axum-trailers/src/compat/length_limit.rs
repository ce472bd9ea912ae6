use std::error::Error;

/// Whether a body failed because it is larger than a limit around it, such as axum's `DefaultBodyLimit`.
pub(crate) fn is_over_limit(error: &(dyn Error + 'static)) -> bool {
    #[cfg(feature = "axum-06")]
    if error.is::<http_body_04::LengthLimitError>() {
        return true;
    }
    error.is::<http_body_util::LengthLimitError>()
}
