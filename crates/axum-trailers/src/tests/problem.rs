use super::{helpers::read_problem, prelude::*};
use crate::problem::Problem;
use serde_json::{Value, json};

#[test]
fn members_of_the_standard_come_first_and_the_others_as_they_were_added() {
    let problem = Problem::new(StatusCode::BAD_REQUEST, "a \"quote\"\nand a line")
        .with("offered", ["b", "a"].as_slice())
        .with("none", Value::Array(Vec::new()))
        .with("fields", json!([{ "name": "x" }]))
        .of_type("urn:x", "X");
    let text = read_by_contract(problem.into_response().into_body()).content;
    let expected = r#"{
  "type": "urn:x",
  "title": "X",
  "status": 400,
  "detail": "a \"quote\"\nand a line",
  "offered": [
    "b",
    "a"
  ],
  "none": [],
  "fields": [
    {
      "name": "x"
    }
  ]
}
"#;
    assert_eq!(text, expected);
    let read: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(read["detail"], "a \"quote\"\nand a line");
}

#[test]
fn response_has_the_status_the_fields_and_the_document() {
    let (name, value) = (HeaderName::from_static("x-b"), HeaderValue::from_static("3"));
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "later")
        .field(header::RETRY_AFTER, HeaderValue::from_static("5"))
        .field("x-a", 1)
        .field("x-a", "2")
        .field(&name, &value)
        .field(name, value);
    assert_eq!((problem.status().as_u16(), problem.detail()), (503, "later"));
    let response = problem.into_response();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let head: Vec<_> =
        response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let length = response.body().size_hint().exact().expect("a known length").to_string();
    assert_eq!(
        head,
        [
            ("content-type", &b"application/problem+json"[..]),
            ("content-length", length.as_bytes()),
            ("retry-after", b"5"),
            ("x-a", b"1"),
            ("x-a", b"2"),
            ("x-b", b"3"),
            ("x-b", b"3"),
        ]
    );
    let kept = response.extensions().get::<Problem>().expect("for layers that render it in another way");
    assert_eq!(kept.detail(), "later");
    let document = read_problem(response);
    assert_eq!((&document["status"], &document["title"]), (&json!(503), &json!("Service Unavailable")));
}

#[test]
fn malformed_field_is_left_out() {
    let quoted = HeaderName::from_static("x\"");
    let problem = Problem::new(StatusCode::BAD_REQUEST, "no")
        .field("a b", "1")
        .field("x-a", "1\r\n2")
        .field("x-b", "3");
    let headers = problem.into_response().headers().clone();
    assert_eq!(headers.len(), 3, "{headers:?}");
    assert_eq!(headers["x-b"], "3");
    let with_quote = Problem::new(StatusCode::BAD_REQUEST, "no").field(quoted, "1").into_response();
    assert_eq!(with_quote.status(), StatusCode::BAD_REQUEST, "never a panic");
}
