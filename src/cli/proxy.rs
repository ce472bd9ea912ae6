use super::url::url;
use http::Uri;
use std::str::FromStr;

/// The value of `--proxy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProxyChoice {
    /// No proxy, whatever the environment says.
    Direct,
    /// A proxy that is asked to `CONNECT`. The URL has a port, and may have a user name and a password.
    Http(Uri),
}

/// That of curl.
const DEFAULT_PORT: u16 = 1080;

impl FromStr for ProxyChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::Direct);
        }
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        if scheme.is_some_and(|scheme| !scheme.eq_ignore_ascii_case("http")) {
            return Err("only HTTP proxies are supported: expected http://HOST:PORT".to_owned());
        }
        let proxy = url(&if scheme.is_some() { text.to_owned() } else { format!("http://{text}") })?;
        if proxy.path_and_query().is_some_and(|path| path != "/") {
            return Err("expected a proxy without a path: http://HOST:PORT".to_owned());
        }
        let authority = proxy.authority().map_or("", |authority| authority.as_str());
        let port = if proxy.port_u16().is_some() { String::new() } else { format!(":{DEFAULT_PORT}") };
        format!("http://{authority}{port}").parse().map(Self::Http).map_err(|error| format!("{error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_is_a_host_with_a_port_and_an_empty_one_is_none() {
        assert_eq!("".parse(), Ok(ProxyChoice::Direct));
        for (text, expected) in [
            ("proxy:3128", "http://proxy:3128/"),
            ("http://proxy:3128", "http://proxy:3128/"),
            ("HTTP://proxy/", "http://proxy:1080/"),
            ("proxy", "http://proxy:1080/"),
            ("[::1]", "http://[::1]:1080/"),
            ("user:password@proxy:1", "http://user:password@proxy:1/"),
        ] {
            let proxy: ProxyChoice = text.parse().expect(text);
            assert_eq!(proxy, ProxyChoice::Http(expected.parse().expect("a URL")), "{text}");
        }
        for (wrong, says) in [
            ("https://proxy:3128", "only HTTP proxies"),
            ("socks5://proxy:1080", "only HTTP proxies"),
            ("proxy:70000", "port"),
            ("proxy:3128/path", "without a path"),
            (":3128", ""),
        ] {
            let error = wrong.parse::<ProxyChoice>().expect_err(wrong);
            assert!(error.contains(says), "{wrong}: {error}");
        }
    }
}
