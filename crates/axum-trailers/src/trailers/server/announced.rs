use crate::{
    syntax::is_lowercase_token,
    trailers::{Declared, forbidden::is_forbidden},
};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The names in the `Trailer` field of a response
/// ([RFC 9110 §6.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-6.6.2)), for comparing the section that follows with
/// them. It shares the bytes of the field: unlike [`Declared`], it allocates nothing if the field is well-formed.
#[derive(Clone, Debug)]
pub struct Announced(Option<HeaderValue>);

impl Announced {
    /// Reads the names. A field with repeated names, or with some that can't be trailer fields, is rewritten without them.
    pub fn settle(headers: &mut HeaderMap) -> Self {
        if !is_settled(headers) {
            let declared = Declared::read(headers);
            headers.remove(header::TRAILER);
            declared.write(headers);
        }
        Self(headers.get(header::TRAILER).cloned())
    }

    /// The names, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        names(self.0.as_ref())
    }

    /// Whether `name` is announced.
    #[must_use]
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.names().any(|announced| announced == name.as_str())
    }

    /// Whether nothing is announced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

/// Whether the field is as [`Declared::write`] writes it.
fn is_settled(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::TRAILER).iter();
    let (first, None) = (lines.next(), lines.next()) else {
        return false;
    };
    let may_stand = |name: &str| is_lowercase_token(name) && !is_forbidden(name);
    let is_first = |n: usize, name: &str| !names(first).take(n).any(|before| before == name);
    first.is_none_or(|line| line.to_str().is_ok())
        && names(first).enumerate().all(|(n, name)| may_stand(name) && is_first(n, name))
}

fn names(line: Option<&HeaderValue>) -> impl Iterator<Item = &str> {
    let line = line.and_then(|line| line.to_str().ok());
    line.into_iter().flat_map(|line| line.split(',')).map(str::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(lines: &[&'static str]) -> (Vec<String>, Vec<String>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::TRAILER, HeaderValue::from_static(line));
        }
        let announced = Announced::settle(&mut headers);
        let written = headers.get_all(header::TRAILER).iter();
        let written = written.map(|line| line.to_str().expect("text").to_owned()).collect();
        (announced.names().map(str::to_owned).collect(), written)
    }

    #[test]
    fn field_says_what_can_come_and_no_more() {
        let cases: [(&[&str], &[&str], &[&str]); 11] = [
            (&[], &[], &[]),
            (&["x-a"], &["x-a"], &["x-a"]),
            (&["x-a,  x-b"], &["x-a", "x-b"], &["x-a,  x-b"]),
            (&["x-a", "x-b"], &["x-a", "x-b"], &["x-a, x-b"]),
            (&["X-A"], &["x-a"], &["x-a"]),
            (&["x-a, x-b, x-a"], &["x-a", "x-b"], &["x-a, x-b"]),
            (&["x-a, host"], &["x-a"], &["x-a"]),
            (&["x-a,, a b"], &["x-a"], &["x-a"]),
            (&["content-length"], &[], &[]),
            (&["x-a, \"x-b\""], &["x-a"], &["x-a"]),
            (&["x\""], &[], &[]),
        ];
        for (lines, names, written) in cases {
            assert_eq!(
                settled(lines),
                (
                    names.iter().map(|n| (*n).to_owned()).collect(),
                    written.iter().map(|w| (*w).to_owned()).collect()
                ),
                "{lines:?}"
            );
        }
    }
}
