use super::{Declared, forbidden::FORBIDDEN};
use crate::syntax::is_lowercase_tchar;

/// Names that were checked when the program was compiled, for the macro [`declared!`](crate::declared).
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct StaticNames {
    line: &'static str,
}

impl StaticNames {
    /// `line` has the same names, joined with `, `.
    ///
    /// # Panics
    ///
    /// If a name is no lower-case token, is forbidden in trailers, or is repeated. In a constant, that is a compile error.
    #[must_use]
    pub const fn new(names: &[&str], line: &'static str) -> Self {
        let mut at = 0;
        let mut n = 0;
        while n < names.len() {
            let name = names[n].as_bytes();
            assert!(
                is_token(name),
                "a trailer field's name must be a token in lower case, such as \"x-row-count\""
            );
            assert!(
                !is_one_of(name, FORBIDDEN, FORBIDDEN.len()),
                "this field is forbidden in trailers (RFC 9110 section 6.5.1)"
            );
            assert!(!is_one_of(name, names, n), "a trailer field is declared twice");
            at += if n == 0 { name.len() } else { name.len() + ", ".len() };
            n += 1;
        }
        assert!(at == line.len(), "the line has the same names");
        Self { line }
    }
}

impl From<StaticNames> for Declared {
    fn from(names: StaticNames) -> Self {
        Self::of_static(names.line)
    }
}

const fn is_token(name: &[u8]) -> bool {
    let mut n = 0;
    while n < name.len() {
        if !is_lowercase_tchar(name[n]) {
            return false;
        }
        n += 1;
    }
    !name.is_empty()
}

/// Whether the name is one of the first `count`.
const fn is_one_of(name: &[u8], names: &[&str], count: usize) -> bool {
    let mut n = 0;
    while n < count {
        if are_equal(name, names[n].as_bytes()) {
            return true;
        }
        n += 1;
    }
    false
}

const fn are_equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut n = 0;
    while n < a.len() {
        if a[n] != b[n] {
            return false;
        }
        n += 1;
    }
    true
}

/// Declares trailer fields whose names are checked when the program is compiled: a name that is not a lower-case token,
/// is forbidden in trailers ([RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1)) or is repeated is a
/// compile error. It creates a [`Declared`](crate::trailers::Declared); for names that are known only at run time use
/// [`Declared::new`](crate::trailers::Declared::new).
///
/// ```
/// use axum_trailers::{body, declared};
///
/// let (sender, body) = body::channel(64 * 1024, declared!["x-row-count", "content-digest"]);
/// # let _ = (sender, body);
/// ```
///
/// ```compile_fail
/// axum_trailers::declared!["content-length"]; // forbidden in trailers
/// ```
#[macro_export]
macro_rules! declared {
    () => {
        $crate::trailers::Declared::none()
    };
    ($first:literal $(, $name:literal)* $(,)?) => {{
        const NAMES: $crate::trailers::StaticNames =
            $crate::trailers::StaticNames::new(&[$first $(, $name)*], concat!($first $(, ", ", $name)*));
        $crate::trailers::Declared::from(NAMES)
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    #[test]
    fn declared_names_are_announced_in_order() {
        assert_eq!(crate::declared![], Declared::none());
        for (declared, names) in [
            (crate::declared!["x-a"], &["x-a"][..]),
            (crate::declared!["x-b", "content-digest", "x-a"], &["x-b", "content-digest", "x-a"]),
        ] {
            assert_eq!(declared, Declared::new(names.iter().copied()).expect("permitted"));
            assert_eq!(declared.to_field_value().expect("names"), *names.join(", "));
        }
    }

    #[test]
    fn names_that_new_refuses_and_repeated_ones_are_refused() {
        for names in [
            &["X-A"][..],
            &[""],
            &["a b"],
            &["x\""],
            &["x-a", "host"],
            &["content-length"],
            &["x-a", "x-b", "x-a"],
        ] {
            let line: &'static str = names.join(", ").leak();
            assert!(catch_unwind(|| StaticNames::new(names, line)).is_err(), "{names:?}");
        }
        for (_, names) in crate::trailers::forbidden_fields() {
            for name in names {
                assert!(catch_unwind(|| StaticNames::new(&[name], name)).is_err(), "{name}");
            }
        }
    }
}
