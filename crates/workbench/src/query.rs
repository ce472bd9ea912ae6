use axum_trailers::problem::Problem;
use http_02::{StatusCode, Uri};
use percent_encoding::percent_decode;
use std::ops::RangeInclusive;

/// The parameter that names a probe (`seen/`). No route rejects it or has a use for it.
const PROBE: &str = "probe";

/// The parameters of a request's query. A handler takes them one by one, and `finish` rejects the others: a misspelled
/// parameter must not be ignored.
#[derive(Debug)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Query {
    pub(super) fn from_uri(uri: &Uri) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let pairs = raw_pairs(uri).into_iter().map(|(name, value)| (text(name), text(value)));
        Self { pairs: pairs.collect(), known: Vec::new() }
    }

    /// Takes the value of a parameter.
    pub(super) fn take(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        match &self.take_all(name)[..] {
            [] => Ok(None),
            [value] => Ok(Some(value.clone())),
            _ => Err(bad_request(format!("the parameter `{name}` is repeated"))),
        }
    }

    /// Takes the values of a parameter that may be repeated.
    pub(super) fn take_all(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        self.pairs.extract_if(.., |(key, _)| key == name).map(|(_, value)| value).collect()
    }

    /// Takes the value of a numeric parameter within a range.
    pub(super) fn number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Problem> {
        self.take(name)?.map(|text| number(&format!("`{name}`"), &text, range)).transpose()
    }

    /// Takes the value of a parameter that accepts one of these words.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        name: &'static str,
        words: &[(&'static str, T)],
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.take(name)? else {
            return Ok(None);
        };
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == value) {
            return Ok(Some(*meaning));
        }
        let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let detail = format!("`{name}` must be one of {}, not `{value}`", words.join(", "));
        Err(bad_request(detail).with("expected", words))
    }

    /// Rejects parameters that were not taken.
    pub(super) fn finish(self) -> Result<(), Problem> {
        match self.pairs.first() {
            None => Ok(()),
            Some((name, _)) => {
                let detail =
                    format!("unknown parameter `{name}`: the parameters are {}", self.known.join(", "));
                Err(bad_request(detail).with("parameters", self.known))
            }
        }
    }
}

/// The value of [`PROBE`]. If it is repeated, the first one.
pub(super) fn probe(uri: &Uri) -> Option<String> {
    let (_, value) = undecoded_pairs(uri).find(|(name, _)| is_probe(name))?;
    Some(String::from_utf8_lossy(&decoded(value)).into_owned())
}

/// All pairs of a query except [`PROBE`], in order, as bytes: they may be invalid UTF-8.
pub(super) fn raw_pairs(uri: &Uri) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = undecoded_pairs(uri).filter(|(name, _)| !is_probe(name));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn undecoded_pairs(uri: &Uri) -> impl Iterator<Item = (&str, &str)> {
    let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn is_probe(name: &str) -> bool {
    percent_decode(name.as_bytes()).eq(PROBE.bytes())
}

fn decoded(text: &str) -> Vec<u8> {
    percent_decode(text.replace('+', " ").as_bytes()).collect()
}

/// Parses a number within a range. Anything else is a problem that names the range.
pub(super) fn number(what: &str, text: &str, range: RangeInclusive<u64>) -> Result<u64, Problem> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits && range.contains(&number) => Ok(number),
        _ => {
            let (from, to) = range.into_inner();
            let detail = format!("{what} must be a number from {from} to {to}, not `{text}`");
            Err(bad_request(detail).with("minimum", from).with("maximum", to))
        }
    }
}

pub(super) fn bad_request(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    fn query(text: &str) -> Query {
        Query::from_uri(&format!("/?{text}").parse().expect("a URI"))
    }

    async fn told(problem: Problem) -> String {
        let response = problem.into_response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let body = content(response.into_body()).await;
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        problem["detail"].as_str().expect("text").to_owned()
    }

    async fn content(mut body: axum::body::BoxBody) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(chunk) = http_body_04::Body::data(&mut body).await {
            bytes.extend_from_slice(&chunk.expect("in memory"));
        }
        bytes
    }

    #[tokio::test]
    async fn what_is_asked_for_is_taken_and_the_rest_refused() {
        let mut all = query("a=1&b=x+y%26&b=z&c=two");
        assert_eq!(all.number("a", 0..=1).expect("a number"), Some(1));
        assert_eq!(all.take_all("b"), ["x y&", "z"]);
        assert_eq!(all.one_of("c", &[("one", 1), ("two", 2)]).expect("a word"), Some(2));
        assert_eq!(all.take("d").expect("nothing"), None);
        all.finish().expect("nothing is left");

        let mut more = query("a=1&colums=x");
        assert_eq!(more.take("a").expect("one"), Some("1".to_owned()));
        let refused = told(more.finish().expect_err("unknown")).await;
        assert_eq!(refused, "unknown parameter `colums`: the parameters are a");
    }

    #[test]
    fn probe_is_no_parameter() {
        assert!(query("probe=1&%70robe=2&probe").finish().is_ok());
        assert!(query("Probe=1").finish().is_err());
        for (text, expected) in [
            ("a=b&probe=1&probe=2", Some("1")),
            ("%70robe=%31+", Some("1 ")),
            ("probe", Some("")),
            ("xprobe=1&Probe=2", None),
            ("", None),
        ] {
            assert_eq!(probe(&format!("/?{text}").parse().expect("a URI")).as_deref(), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn wrong_values_are_refused_with_what_is_right() {
        for wrong in ["", "-1", "+1", "11", "1.5", "0x1", "99999999999999999999", "one"] {
            let refused = query(&format!("a={}", wrong.replace('+', "%2B"))).number("a", 0..=10);
            assert_eq!(
                told(refused.expect_err(wrong)).await,
                format!("`a` must be a number from 0 to 10, not `{wrong}`")
            );
        }
        let refused = query("a=1&a=1").number("a", 0..=10).expect_err("twice");
        assert_eq!(told(refused).await, "the parameter `a` is repeated");
        let refused = query("a=3").one_of("a", &[("1", ()), ("2", ())]).expect_err("another word");
        assert_eq!(told(refused).await, "`a` must be one of 1, 2, not `3`");
    }
}
