use super::prelude::*;
use crate::{
    body::{FinishError, StreamBody, channel},
    trailers::{
        Declared, TrailerError, Trailers,
        server::{has_content, section_size},
    },
};
use axum_trailers_testing::{fields as read_fields, scripted};

#[test]
fn names_and_values_are_strings_bytes_numbers_or_those_of_http() {
    let (name, value) = (HeaderName::from_static("x-name"), HeaderValue::from_static("http"));
    let (name_string, value_string) = ("x-name".to_owned(), "&String".to_owned());
    let mut trailers = Trailers::new();
    assert_eq!(trailers.insert(&name, &value), Ok(None));
    assert_eq!(trailers.insert(name.clone(), value.clone()), Ok(Some("http".parse().expect("a value"))));
    trailers.append(&name, value).expect("permitted");
    trailers.append(name, "str").expect("permitted");
    trailers.append("X-Name", "String".to_owned()).expect("permitted");
    trailers.append(&name_string, &value_string).expect("permitted");
    trailers.append(name_string, &b"&[u8]"[..]).expect("permitted");
    trailers.append(&b"x-name"[..], b"Vec<u8>".to_vec()).expect("permitted");
    trailers.append(b"x-name".to_vec(), -1_i64).expect("permitted");
    trailers.append("x-name", 5000).expect("permitted");
    trailers.append("x-name", usize::MAX).expect("permitted");
    let max = usize::MAX.to_string();
    let values: Vec<_> = trailers.as_map().get_all("x-name").iter().collect();
    assert_eq!(
        values,
        ["http", "http", "str", "String", "&String", "&[u8]", "Vec<u8>", "-1", "5000", &max],
        "in this order"
    );
}

#[test]
fn sensitive_value_stays_sensitive() {
    for is_sensitive in [true, false] {
        let mut value = HeaderValue::from_static("secret");
        value.set_sensitive(is_sensitive);
        let mut trailers = Trailers::new();
        trailers.insert("x-a", &value).expect("permitted");
        assert_eq!(trailers.as_map()["x-a"].is_sensitive(), is_sensitive);
        assert_eq!(into_section(trailers)["x-a"].is_sensitive(), is_sensitive);
        let trailers = Trailers::try_from(HeaderMap::from_iter([(HeaderName::from_static("x-a"), value)]));
        assert_eq!(trailers.expect("permitted").as_map()["x-a"].is_sensitive(), is_sensitive);
    }
}

#[test]
fn name_that_is_no_token_is_refused_wherever_it_is_passed() {
    let name = HeaderName::from_static("x\"");
    let fields = || HeaderMap::from_iter([(name.clone(), HeaderValue::from_static("1"))]);
    let mut trailers = Trailers::new();
    assert_eq!(trailers.insert(&name, 1), Err(TrailerError::Name));
    assert_eq!(trailers.append(name.clone(), 1), Err(TrailerError::Name));
    assert!(trailers.is_empty());
    assert_eq!(Declared::new([&name]), Err(TrailerError::Name));
    assert_eq!(Trailers::try_from(fields()), Err(TrailerError::Name));

    let mut body = StreamBody::new(scripted([]));
    assert_eq!(body.set_trailers(fields()), Err(TrailerError::Name));
    assert!(body.into_response().headers().is_empty());

    let (sender, body) = channel(64, Declared::new(["x-a"]).expect("permitted"));
    assert_eq!(sender.finish(fields()), Err(FinishError::Refused(TrailerError::Name)));
    assert!(read_by_contract(body).error.is_some());
}

#[test]
fn declared_names_are_strings_or_those_of_http() {
    let (a, b) = (HeaderName::from_static("x-a"), HeaderName::from_static("x-b"));
    let expected = Declared::new(["x-a", "X-B"]).expect("permitted");
    assert_eq!(Declared::new([&a, &b]), Ok(expected.clone()));
    assert_eq!(Declared::new([a, b]), Ok(expected.clone()));
    assert_eq!(Declared::new(["x-a".to_owned(), "x-b".to_owned()]), Ok(expected));
    assert!(matches!(
        Declared::new([header::HOST]),
        Err(TrailerError::Forbidden { name, .. }) if name == http::header::HOST
    ));
}

#[test]
fn map_becomes_trailers_and_a_map_again() {
    let list = [("x-b", "1"), ("x-a", "2"), ("x-b", "\u{7f}3")];
    let valid = &list[..2];
    let trailers = Trailers::try_from(fields(valid)).expect("permitted");
    assert_eq!(trailers.as_map(), &read_fields(valid));
    assert_eq!(into_section(trailers), fields(valid));
    assert!(HeaderValue::from_bytes(list[2].1.as_bytes()).is_err(), "no map can hold it");

    let full: HeaderMap = (0..24 * 1024)
        .map(|n| (format!("x-{n}").parse::<HeaderName>().expect("a name"), HeaderValue::from(n)))
        .collect();
    let trailers = Trailers::try_from(full.clone()).expect("permitted");
    assert_eq!(into_section(trailers), full, "also a full one");
}

#[test]
fn body_takes_a_map_of_http_or_trailers() {
    let mut trailers = HeaderMap::new();
    trailers.insert("chunky-trailer", HeaderValue::from_static("foo"));
    let checked = Trailers::try_from(trailers.clone()).expect("permitted");
    let mut body = StreamBody::new(scripted([]));
    body.set_trailers(trailers).expect("permitted");
    read_by_contract(body).assert_trailer("chunky-trailer", "foo");
    let mut body = StreamBody::new(scripted([]));
    body.set_trailers(checked).expect("permitted");
    read_by_contract(body).assert_trailer("chunky-trailer", "foo");
}

#[test]
fn sender_takes_a_map_of_http_or_trailers() {
    let open = || channel(64, Declared::new(["x-rows"]).expect("permitted"));
    let rows = || fields(&[("x-rows", "1")]);
    let (sender, body) = open();
    sender.finish(rows()).expect("as declared");
    read_by_contract(body).assert_trailer("x-rows", "1");
    let (sender, body) = open();
    sender.finish(Trailers::try_from(rows()).expect("permitted")).expect("as declared");
    read_by_contract(body).assert_trailer("x-rows", "1");
    let (sender, body) = open();
    assert!(matches!(sender.finish(fields(&[("x-sum", "1")])), Err(FinishError::Undeclared { .. })));
    assert!(read_by_contract(body).error.is_some());
}

#[test]
fn status_and_section_of_http_are_accepted() {
    assert!(has_content("GET", StatusCode::OK) && has_content("GET", StatusCode::NOT_FOUND));
    assert!(!has_content("GET", StatusCode::NO_CONTENT) && !has_content("GET", StatusCode::CONTINUE));
    assert_eq!(section_size(&fields(&[("x-a", "12345"), ("x-a", "")])), 3 + 5 + 32 + 3 + 32);
}
