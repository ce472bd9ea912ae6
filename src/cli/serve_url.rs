use super::serve::{Address, PlainAddress};
use std::str::FromStr;

/// Where `check --serve` serves the workbench.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServeUrl {
    Https(Address),
    Http(PlainAddress),
}

impl FromStr for ServeUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, address) = text.split_once("://").unwrap_or_default();
        let address = address.strip_suffix('/').unwrap_or(address);
        match scheme {
            "https" => Ok(Self::Https(address.parse()?)),
            "http" => address.parse().map(Self::Http),
            _ => Err("expected https:// or http:// and an address, such as http://localhost:8080".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_selects_the_protocol_and_an_address_follows() {
        let localhost = |port| Address::Loopback(Some(port));
        for (text, expected) in [
            ("https://localhost:3000", ServeUrl::Https(localhost(3000))),
            ("https://localhost:3000/", ServeUrl::Https(localhost(3000))),
            ("https://localhost", ServeUrl::Https(Address::Loopback(None))),
            ("https://:3000", ServeUrl::Https(Address::Any(3000))),
            ("http://localhost:8080", ServeUrl::Http(PlainAddress::Tcp(localhost(8080)))),
            (
                "http://192.0.2.1:1",
                ServeUrl::Http(PlainAddress::Tcp(Address::Host("192.0.2.1:1".to_owned()))),
            ),
            #[cfg(unix)]
            ("http://unix:/run/a", ServeUrl::Http(PlainAddress::Unix("/run/a".into()))),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for (wrong, says) in [
            ("", "https:// or http://"),
            ("localhost:3000", "https:// or http://"),
            ("h2c://localhost:3000", "https:// or http://"),
            ("https://", "a host and a port"),
            ("https://a/b", "a host and a port"),
            ("https://unix:/run/a", "a host and a port"),
            ("http://localhost:70000", "a host and a port"),
        ] {
            let error = wrong.parse::<ServeUrl>().expect_err(wrong);
            assert!(error.contains(says), "{wrong}: {error}");
        }
    }
}
