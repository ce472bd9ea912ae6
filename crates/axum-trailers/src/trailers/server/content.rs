use http::StatusCode;

/// Whether a response has content, which trailers could follow
/// ([RFC 9110 §6.4.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.4.1)): not the answer to `HEAD`, and not
/// 1xx, 204, 205 and 304. The method may be one of `http` 0.2 or `http` 1.
#[must_use]
pub fn has_content(method: &impl AsRef<str>, status: StatusCode) -> bool {
    let without = [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED];
    method.as_ref() != "HEAD" && !status.is_informational() && !without.contains(&status)
}
