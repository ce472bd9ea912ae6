use super::prelude::*;
use crate::{
    syntax::is_lowercase_token,
    trailers::{Declared, ForbiddenReason, TrailerError, Trailers},
};
use proptest::{collection::vec, prelude::*};

#[test]
fn repeated_values_are_kept_in_order() {
    let mut trailers = Trailers::new();
    trailers.append("server-timing", "db;dur=1").expect("permitted");
    trailers.append("server-timing", "total;dur=2").expect("permitted");
    let values: Vec<_> = trailers.as_map().get_all("server-timing").iter().collect();
    assert_eq!(values, ["db;dur=1", "total;dur=2"]);
}

#[test]
fn refusals_name_the_field_and_leave_the_map_alone() {
    let mut trailers = Trailers::new();
    let forbidden = trailers.insert(header::CONTENT_TYPE, "text/plain").expect_err("forbidden");
    assert_eq!(
        forbidden.to_string(),
        "`content-type` is forbidden in trailers (content format): send it in the header section"
    );
    assert_eq!(trailers.insert("a b", "1"), Err(TrailerError::Name));
    assert_eq!(trailers.insert(":status", "200"), Err(TrailerError::Name));
    for quoted in ["\"x\"", "x\"", "\""] {
        assert_eq!(trailers.insert(quoted, "1"), Err(TrailerError::Name));
        assert_eq!(trailers.append(quoted, "1"), Err(TrailerError::Name));
    }
    let name = http::HeaderName::from_static("x-a");
    assert_eq!(trailers.append("x-a", "1\r\n2"), Err(TrailerError::Value { name: name.clone() }));
    for value in [" 1", "1\t", " "] {
        let refused = Err(TrailerError::Whitespace { name: name.clone() });
        assert_eq!(trailers.append("x-a", value), refused);
        let fields =
            HeaderMap::from_iter([(HeaderName::from_static("x-a"), HeaderValue::from_static(value))]);
        assert_eq!(Trailers::try_from(fields).map(drop), refused);
    }
    assert!(trailers.is_empty());
}

#[test]
fn a_map_with_one_forbidden_field_is_refused() {
    let mut fields = HeaderMap::new();
    fields.insert("x-row-count", HeaderValue::from(3));
    assert!(Trailers::try_from(fields.clone()).is_ok());
    fields.insert(header::SET_COOKIE, HeaderValue::from_static("a=b"));
    assert!(matches!(
        Trailers::try_from(fields),
        Err(TrailerError::Forbidden { name, reason: ForbiddenReason::Authentication }) if name == "set-cookie"
    ));
}

#[test]
fn a_map_with_a_name_that_is_no_token_is_refused() {
    let fields = HeaderMap::from_iter([(HeaderName::from_static("x\""), HeaderValue::from_static("1"))]);
    assert_eq!(Trailers::try_from(fields), Err(TrailerError::Name));
}

#[test]
fn full_map_is_an_error_and_many_values_are_not() {
    let mut trailers = Trailers::new();
    let refused = (0..30_000).find_map(|n| trailers.append(format!("x-{n}"), n).err());
    assert_eq!(refused, Some(TrailerError::TooMany));
    let full = trailers.clone();
    assert_eq!(trailers.insert("x-more", 1), Err(TrailerError::TooMany));
    assert_eq!(trailers, full);

    let mut trailers = Trailers::new();
    for n in 0..40_000 {
        trailers.append("x-a", n).expect("a value more");
    }
    assert_eq!(trailers.as_map().len(), 40_000);
}

proptest! {
    #[test]
    fn whatever_is_put_in_is_accepted_or_refused(
        fields in vec((vec(any::<u8>(), 0..5), vec(any::<u8>(), 0..8), any::<bool>()), 0..40),
    ) {
        let mut trailers = Trailers::new();
        for (name, value, replaces) in &fields {
            let before = trailers.clone();
            let refused = if *replaces {
                trailers.insert(name.as_slice(), value.as_slice()).err()
            } else {
                trailers.append(name.as_slice(), value.as_slice()).err()
            };
            let is_name = std::str::from_utf8(name)
                .is_ok_and(|name| is_lowercase_token(&name.to_ascii_lowercase()));
            prop_assert_eq!(refused == Some(TrailerError::Name), !is_name, "{:?}", name);
            if refused.is_some() {
                prop_assert_eq!(&trailers, &before);
            }
        }
        prop_assert_eq!(Declared::new(trailers.declared().iter()), Ok(trailers.declared()));
        prop_assert_eq!(Trailers::try_from(into_section(trailers.clone())), Ok(trailers));
    }
}
