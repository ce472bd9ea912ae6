//! The text in the content of a refusal: a problem document, or another text.

use axum_trailers_client::{ResponseBody, VerifiedBody};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The content that is read, in bytes.
const READ: usize = 64 * 1024;

/// The text that is shown of content that is no problem document, in characters: enough for a message, but not for a page.
const SHOWN: usize = 2000;

/// How long reading it may take. The status is the verdict, and the text only explains it.
const WAIT: Duration = Duration::from_secs(10);

/// Reads the content of a refusal. Returns its text, if it is one. It may contain control characters.
///
/// Longer content is not read to its end.
pub(super) async fn read(
    fields: &HeaderMap,
    body: &mut VerifiedBody<ResponseBody>,
    deadline: Option<Instant>,
) -> Option<String> {
    let mut content = Vec::new();
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            if let Ok(data) = frame.into_data() {
                let room = READ - content.len();
                content.extend_from_slice(&data[..data.len().min(room)]);
                if data.len() > room {
                    break;
                }
            }
        }
    };
    let wait = Instant::now() + WAIT;
    // What has arrived until then is shown.
    let _elapsed = timeout_at(deadline.map_or(wait, |deadline| deadline.min(wait)), reading).await;
    text(&media_type(fields), &content)
}

fn text(media_type: &str, content: &[u8]) -> Option<String> {
    if media_type == "application/problem+json"
        && let Ok(Value::Object(members)) = serde_json::from_slice(content)
    {
        return Some(problem(members));
    }
    let is_text = media_type.is_empty()
        || media_type.starts_with("text/")
        || ["json", "xml"].iter().any(|kind| media_type.ends_with(kind));
    let text = String::from_utf8_lossy(content);
    let text = text.trim();
    if !is_text || text.is_empty() || text.contains('\0') {
        return None;
    }
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => Some(format!("{}…", &text[..end])),
        None => Some(text.to_owned()),
    }
}

/// Title and detail, then each other member in a line of its own
/// ([RFC 9457 §3](https://www.rfc-editor.org/rfc/rfc9457#section-3)).
fn problem(mut members: Map<String, Value>) -> String {
    let as_text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    // The verdict contains it.
    members.remove("status");
    members.retain(|name, value| name != "type" || value != "about:blank");
    let first = ["title", "detail"].map(|name| members.remove(name).map(as_text));
    let others = members.into_iter().map(|(name, value)| format!("{name}: {}", as_text(value)));
    first.into_iter().flatten().chain(others).collect::<Vec<_>>().join("\n")
}

fn media_type(fields: &HeaderMap) -> String {
    let value = fields.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_document_is_lines_of_text() {
        for (document, expected) in [
            (r#"{"title": "No such file", "detail": "a\nb", "status": 404}"#, "No such file\na\nb"),
            (r#"{"type": "about:blank", "title": "Gone", "instance": "/a"}"#, "Gone\ninstance: /a"),
            (r#"{"type": "https://x/", "balance": 3}"#, "balance: 3\ntype: https://x/"),
            (r#"{"title": 5}"#, "5"),
            // It is none, but still a text.
            (r#"["title"]"#, r#"["title"]"#),
            (r#"{"title": "#, r#"{"title":"#),
        ] {
            let text = text("application/problem+json", document.as_bytes());
            assert_eq!(text.as_deref(), Some(expected), "{document}");
        }
    }

    #[test]
    fn only_text_is_shown_and_not_a_whole_page() {
        assert_eq!(text("text/html", b" <h1>no</h1>\n").as_deref(), Some("<h1>no</h1>"));
        assert_eq!(text("", b"no").as_deref(), Some("no"));
        let long = text("text/plain", "ä".repeat(SHOWN + 1).as_bytes()).expect("text");
        assert_eq!(long.chars().count(), SHOWN + 1);
        assert!(long.ends_with('…'));
        for (media_type, content) in
            [("image/png", &b"png"[..]), ("text/plain", b"a\0b"), ("text/plain", b""), ("", b" \n")]
        {
            assert_eq!(text(media_type, content), None, "{media_type}");
        }
    }

    #[test]
    fn media_type_has_no_parameters() {
        let fields =
            |value: &str| HeaderMap::from_iter([(header::CONTENT_TYPE, value.parse().expect("valid"))]);
        assert_eq!(
            media_type(&fields("Application/Problem+JSON; charset=utf-8")),
            "application/problem+json"
        );
        assert_eq!(media_type(&HeaderMap::new()), "");
    }
}
