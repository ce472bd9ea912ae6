use http::{
    HeaderMap,
    header::{USER_AGENT, VIA},
};

/// What kind of client sent a request, for log and metrics: clients must not be able to choose label values.
#[derive(Clone, Copy)]
pub(crate) struct ClientKind {
    /// The family of the client by its `User-Agent`, or `none` without that field.
    pub(crate) agent: &'static str,
    /// Whether a proxy has added `Via` ([RFC 9110 §7.6.3](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.3)).
    pub(crate) is_proxied: bool,
}

impl ClientKind {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self { agent: family(headers), is_proxied: headers.contains_key(VIA) }
    }

    /// The value of the label.
    pub(crate) fn proxied(self) -> &'static str {
        if self.is_proxied { "true" } else { "false" }
    }
}

fn family(headers: &HeaderMap) -> &'static str {
    match headers.get(USER_AGENT) {
        None => "none",
        Some(value) => family_of(value.as_bytes()),
    }
}

/// The most significant product comes first
/// ([RFC 9110 §10.1.5](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.5)), but browsers all begin with
/// `Mozilla/5.0`.
fn family_of(user_agent: &[u8]) -> &'static str {
    let first = user_agent.split(|byte| matches!(byte, b' ' | b'/' | b'(')).next().unwrap_or_default();
    if first.eq_ignore_ascii_case(b"mozilla") {
        return named(BROWSERS, |product| memchr::memmem::find(user_agent, product.as_bytes()).is_some());
    }
    named(PROGRAMS, |product| {
        let (start, rest) = first.split_at(product.len().min(first.len()));
        start.eq_ignore_ascii_case(product.as_bytes()) && !rest.first().is_some_and(u8::is_ascii_alphabetic)
    })
}

fn named(families: &[(&str, &'static str)], is_it: impl Fn(&str) -> bool) -> &'static str {
    families.iter().find(|(product, _)| is_it(product)).map_or("other", |(_, family)| family)
}

/// A product of each family, anywhere in the field. Each browser also claims to be those below it.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
];

/// The beginning of the first product of each family. No letter may follow it.
const PROGRAMS: &[(&str, &str)] = &[
    ("curl", "curl"),
    ("libcurl", "curl"),
    ("PycURL", "curl"),
    ("Wget", "Wget"),
    ("grpc", "gRPC"),
    ("grpcurl", "gRPC"),
    ("tonic", "gRPC"),
    ("Go-http-client", "Go"),
    ("undici", "undici"),
    ("node", "Node"),
    ("axios", "Node"),
    ("got", "Node"),
    ("Deno", "Deno"),
    ("Bun", "Bun"),
    ("python", "Python"),
    ("aiohttp", "Python"),
    ("okhttp", "okhttp"),
    ("Java", "Java"),
    ("Apache-HttpClient", "Java"),
    ("Jetty", "Java"),
    ("reqwest", "Rust"),
    ("hyper", "Rust"),
    ("ureq", "Rust"),
    ("Ruby", "Ruby"),
    ("Faraday", "Ruby"),
    ("PHP", "PHP"),
    ("GuzzleHttp", "PHP"),
    ("Dart", "Dart"),
    ("h2load", "nghttp2"),
    ("nghttp", "nghttp2"),
    ("Envoy", "Envoy"),
    ("Prometheus", "Prometheus"),
    ("kube-probe", "kube-probe"),
    ("axum-trailers", "axum-trailers"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_recognized_by_user_agent() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
        let safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15";
        for (user_agent, expected) in [
            ("curl/7.88.1", "curl"),
            ("Wget/1.21.3", "Wget"),
            ("grpc-python/1.62.1 grpc-c/39.0.0 (linux; chttp2)", "gRPC"),
            ("tonic/0.14.2", "gRPC"),
            ("Go-http-client/2.0", "Go"),
            ("undici", "undici"),
            ("node", "Node"),
            ("python-requests/2.31.0", "Python"),
            ("Python/3.11 aiohttp/3.9.3", "Python"),
            ("okhttp/4.12.0", "okhttp"),
            ("Java-http-client/17.0.10", "Java"),
            ("nghttp2/1.52.0", "nghttp2"),
            ("Envoy/HC", "Envoy"),
            ("CURL/8", "curl"),
            (chrome, "Chrome"),
            (&format!("{chrome} Edg/126.0.0.0"), "Edge"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0", "Firefox"),
            (safari, "Safari"),
            ("Mozilla/5.0 (compatible; somebot/1.0)", "other"),
            ("my-curl/1.0", "other"),
            ("Bundler/2.4", "other"),
            ("GoTrueClient/1", "other"),
            ("grpcurl/1.9 grpc-go/1.61", "gRPC"),
            ("", "other"),
            (" curl/7", "other"),
        ] {
            assert_eq!(family_of(user_agent.as_bytes()), expected, "{user_agent}");
        }
        assert_eq!(family(&HeaderMap::new()), "none");
    }
}
