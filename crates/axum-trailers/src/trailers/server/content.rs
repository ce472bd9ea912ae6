use crate::compat::Status;
use http::StatusCode;

/// Whether a response has content that trailers could follow
/// ([RFC 9110 §6.4.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.4.1)): not a response to `HEAD`, not 1xx, 204,
/// 205 and 304, and not 2xx to `CONNECT`.
#[must_use]
pub fn has_content(method: &str, status: impl Status) -> bool {
    let status = status.into_status();
    let without = [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED];
    let is_tunnel = method == "CONNECT" && status.is_success();
    method != "HEAD" && !is_tunnel && !status.is_informational() && !without.contains(&status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_and_status_decide() {
        for (method, status, expected) in [
            ("GET", 200, true),
            ("POST", 404, true),
            ("HEAD", 200, false),
            ("GET", 103, false),
            ("GET", 204, false),
            ("PUT", 205, false),
            ("GET", 304, false),
            ("CONNECT", 200, false),
            ("CONNECT", 403, true),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(has_content(method, status), expected, "{method} {status}");
        }
    }
}
