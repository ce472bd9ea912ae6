use http::HeaderValue;
use std::{
    cell::RefCell,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The value of `Date` for responses of this second ([RFC 9110 §6.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1)).
/// hyper adds it over the other protocols.
pub(super) fn now() -> HeaderValue {
    thread_local! {
        static LAST: RefCell<Option<(u64, HeaderValue)>> = const { RefCell::new(None) };
    }
    let second = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    LAST.with_borrow_mut(|last| match last {
        Some((of, value)) if *of == second => value.clone(),
        _ => {
            let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second));
            let value = HeaderValue::from_str(&text).expect("a date is ASCII");
            *last = Some((second, value.clone()));
            value
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_is_that_of_this_second() {
        let before = SystemTime::now() - Duration::from_secs(1);
        let date = httpdate::parse_http_date(now().to_str().expect("ASCII")).expect("a date");
        assert!(date >= before && date <= SystemTime::now());
        assert_eq!(now(), now());
    }
}
