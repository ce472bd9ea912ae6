use super::values::port;
use std::{net::IpAddr, str::FromStr};

/// Addresses to use for a host and a port instead of those of its name: `HOST:PORT:ADDR[,ADDR]…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolve {
    /// In lower case, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// At least one.
    pub(crate) addresses: Vec<IpAddr>,
}

impl FromStr for Resolve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str =
            "expected HOST:PORT:ADDR, such as example.com:443:127.0.0.1 or example.com:443:[::1]";
        let (host, rest) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once("]:").ok_or(WRONG)?,
            None => text.split_once(':').ok_or(WRONG)?,
        };
        let (number, addresses) = rest.split_once(':').ok_or(WRONG)?;
        if host.is_empty() {
            return Err(WRONG.to_owned());
        }
        let port = port(number).ok_or_else(|| format!("{number:?} is not a port; {WRONG}"))?;
        let addresses = addresses
            .split(',')
            .map(|text| address(text).ok_or_else(|| format!("{text:?} is not an IP address; {WRONG}")));
        Ok(Self { host: host.to_ascii_lowercase(), port, addresses: addresses.collect::<Result<_, _>>()? })
    }
}

/// As curl, accepts an IPv6 address with and without brackets.
fn address(text: &str) -> Option<IpAddr> {
    match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.parse().map(IpAddr::V6).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_followed_by_addresses() {
        for (text, host, port, addresses) in [
            ("Example.com:443:127.0.0.1", "example.com", 443, &["127.0.0.1"][..]),
            ("a:80:[::1]", "a", 80, &["::1"]),
            ("a:80:::1", "a", 80, &["::1"]),
            ("a:80:127.0.0.1,[::1],192.0.2.1", "a", 80, &["127.0.0.1", "::1", "192.0.2.1"]),
            ("[2001:db8::1]:1:127.0.0.1", "2001:db8::1", 1, &["127.0.0.1"]),
        ] {
            let addresses = addresses.iter().map(|address| address.parse().expect("an address")).collect();
            let expected = Resolve { host: host.to_owned(), port, addresses };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for (wrong, says) in [
            ("", "HOST:PORT:ADDR"),
            ("a", "HOST:PORT:ADDR"),
            ("a:80", "HOST:PORT:ADDR"),
            (":80:127.0.0.1", "HOST:PORT:ADDR"),
            ("[::1:80:127.0.0.1", "HOST:PORT:ADDR"),
            ("a:http:127.0.0.1", "\"http\" is not a port"),
            ("a:70000:127.0.0.1", "\"70000\" is not a port"),
            ("a:80:", "\"\" is not an IP address"),
            ("a:80:b", "\"b\" is not an IP address"),
            ("a:80:127.0.0.1,", "\"\" is not an IP address"),
            ("a:80:[127.0.0.1]", "is not an IP address"),
            ("a:80:[::1", "is not an IP address"),
        ] {
            let error = wrong.parse::<Resolve>().expect_err(wrong);
            assert!(error.contains(says), "{wrong}: {error}");
        }
    }
}
