//! The values of the server's options, in the form that people write.

use crate::cli::values::port;
use axum_trailers_server::ForwardedHeader;
#[cfg(unix)]
use std::path::PathBuf;
use std::{fmt, str::FromStr};

/// The address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// Both loopback addresses. Without a port, the default port of the option.
    Loopback(Option<u16>),
    /// Every address of this machine.
    Any(u16),
    /// A host with a port.
    Host(String),
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "expected a port, or a host and a port: 3000, localhost:3000, 192.0.2.1:3000, \
            [::1]:3000, or :3000 for all addresses of this machine";
        if text == "localhost" {
            return Ok(Self::Loopback(None));
        }
        if let Some(port) = port(text) {
            return Ok(Self::Loopback(Some(port)));
        }
        let (host, number) = text.rsplit_once(':').ok_or(WRONG)?;
        let port = port(number).ok_or(WRONG)?;
        Ok(match host {
            "" => Self::Any(port),
            "localhost" => Self::Loopback(Some(port)),
            // In an IPv6 address without brackets, the colon before the port is ambiguous.
            _ if host.contains(':') && !host.starts_with('[') => return Err(WRONG),
            _ => Self::Host(text.to_owned()),
        })
    }
}

/// The address of a plain listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PlainAddress {
    Tcp(Address),
    #[cfg(unix)]
    Unix(PathBuf),
}

impl FromStr for PlainAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        #[cfg(unix)]
        match text.strip_prefix("unix:") {
            None => {}
            Some("") => return Err("expected a path after unix:".to_owned()),
            Some(path) => return Ok(Self::Unix(path.into())),
        }
        text.parse().map(Self::Tcp).map_err(|error| format!("{error}, or unix:/path"))
    }
}

/// An option's value, or off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OrOff<T> {
    Off,
    On(T),
}

impl<T: FromStr> FromStr for OrOff<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if is_one_of(&OFF, text) { Ok(Self::Off) } else { text.parse().map(Self::On) }
    }
}

/// The words that turn an option off. `0` does not: in an address it means any free port.
const OFF: [&str; 4] = ["off", "none", "false", "no"];

/// Parses a switch: `on`, `true`, `yes` or `1`, `off`, `none`, `false`, `no` or `0`.
pub(super) fn switch(text: &str) -> Result<bool, &'static str> {
    if is_one_of(&["on", "true", "yes", "1"], text) {
        Ok(true)
    } else if is_one_of(&OFF, text) || text == "0" {
        Ok(false)
    } else {
        Err("expected on or off")
    }
}

pub(super) fn forwarded_header(text: &str) -> Result<ForwardedHeader, &'static str> {
    match text {
        "x-forwarded" => Ok(ForwardedHeader::XForwarded),
        "forwarded" => Ok(ForwardedHeader::Forwarded),
        _ => Err("expected x-forwarded or forwarded"),
    }
}

fn is_one_of(words: &[&str], text: &str) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}

impl<T: fmt::Display> fmt::Display for OrOff<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::On(value) => value.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::values::Size;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, expected) in [
            ("3000", Ok(Address::Loopback(Some(3000)))),
            ("0", Ok(Address::Loopback(Some(0)))),
            ("localhost", Ok(Address::Loopback(None))),
            ("localhost:1", Ok(Address::Loopback(Some(1)))),
            (":3000", Ok(Address::Any(3000))),
            ("192.0.2.1:80", Ok(Address::Host("192.0.2.1:80".to_owned()))),
            ("[::1]:80", Ok(Address::Host("[::1]:80".to_owned()))),
            ("example.com:80", Ok(Address::Host("example.com:80".to_owned()))),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
        for wrong in ["", "70000", "+1", ":", "a", "a:", "a:b", "::1", "::1:3000", "-1", "localhost:70000"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn plain_address_may_be_the_path_of_a_unix_socket() {
        assert_eq!("8080".parse(), Ok(PlainAddress::Tcp(Address::Loopback(Some(8080)))));
        #[cfg(unix)]
        for path in ["/run/app.sock", "app.sock", "a:1"] {
            assert_eq!(format!("unix:{path}").parse(), Ok(PlainAddress::Unix(path.into())));
        }
        for wrong in ["", "unix:", "unix", "/run/app.sock"] {
            assert!(wrong.parse::<PlainAddress>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_turn_off_what_can_be_off() {
        for off in ["off", "none", "false", "no", "OFF"] {
            assert_eq!(off.parse(), Ok(OrOff::<Size>::Off));
        }
        assert_eq!("1kB".parse(), Ok(OrOff::On(Size(1000))));
        assert!("on".parse::<OrOff<Address>>().is_err());
        assert_eq!([OrOff::On(Size(1000)), OrOff::Off].map(|value| value.to_string()), ["1kB", "off"]);
    }
}
