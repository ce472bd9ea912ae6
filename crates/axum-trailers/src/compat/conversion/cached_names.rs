//! Converts field names between the two generations of `http`.
//!
//! The same names are used again and again, so each thread caches some pairs: a cached name needs neither a copy nor a
//! check.

use http_02::HeaderName;
use std::cell::RefCell;

/// How many pairs are cached, and the length of the longest cached name.
const PAIRS: usize = 64;
const LONGEST: usize = 64;

type Pair = Option<(HeaderName, http::HeaderName)>;

thread_local! {
    static KNOWN: RefCell<[Pair; PAIRS]> = const { RefCell::new([const { None }; PAIRS]) };
}

/// The name for `http` 0.2. `None` if it is not a token; `http` 1 accepts such names over HTTP/2.
#[must_use]
pub fn older(name: &http::HeaderName) -> Option<HeaderName> {
    KNOWN.with_borrow_mut(|known| {
        let pair = &mut known[place(name.as_str())];
        match pair {
            Some((older, newer)) if newer == name => Some(older.clone()),
            _ => {
                let older = HeaderName::from_bytes(name.as_ref()).ok().filter(|name| !has_quote(name))?;
                keep(pair, &older, name);
                Some(older)
            }
        }
    })
}

/// The name for `http` 1. `None` if it is not a token.
#[must_use]
pub fn newer(name: &HeaderName) -> Option<http::HeaderName> {
    KNOWN.with_borrow_mut(|known| {
        let pair = &mut known[place(name.as_str())];
        match pair {
            Some((older, newer)) if older == name => Some(newer.clone()),
            _ => {
                let newer = http::HeaderName::from_bytes(name.as_ref()).ok()?;
                keep(pair, name, &newer);
                Some(newer)
            }
        }
    })
}

fn keep(pair: &mut Pair, older: &HeaderName, newer: &http::HeaderName) {
    if older.as_str().len() <= LONGEST {
        *pair = Some((older.clone(), newer.clone()));
    }
}

/// Each name has one slot: another name with the same slot replaces it.
fn place(name: &str) -> usize {
    let byte = |at: usize| name.as_bytes().get(at).copied().map_or(0, usize::from);
    let length = name.len();
    (length.wrapping_mul(7) + byte(0) * 3 + byte(length / 2) * 5 + byte(length.saturating_sub(1))) % PAIRS
}

/// The one byte that both generations accept in names from HTTP/2 although no token contains it
/// ([RFC 9110 §5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
fn has_quote(name: &HeaderName) -> bool {
    name.as_str().as_bytes().contains(&b'"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_stays_the_same_even_if_two_share_a_slot() {
        let long = "x".repeat(LONGEST + 1);
        let many: Vec<_> = (0..4 * PAIRS).map(|n| format!("x-{n}")).collect();
        let names = ["host", "content-type", "x-a", &long].into_iter().chain(many.iter().map(String::as_str));
        for name in names.clone().chain(names) {
            let (old, new) = (HeaderName::try_from(name), http::HeaderName::try_from(name));
            let (old, new) = (old.expect("a name"), new.expect("a name"));
            for _ in 0..2 {
                assert_eq!(older(&new).as_ref(), Some(&old));
                assert_eq!(newer(&old).as_ref(), Some(&new));
            }
        }
    }

    #[test]
    fn name_with_a_quote_is_rejected_each_time() {
        let new = http::HeaderName::from_lowercase(b"x\"").expect("accepted over HTTP/2");
        let old = HeaderName::from_bytes(b"x\"").expect("accepted");
        for _ in 0..2 {
            assert_eq!((older(&new), newer(&old)), (None, None));
        }
    }
}
