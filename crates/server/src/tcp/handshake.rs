//! From a TCP connection to TLS, or to the reason for the failure.

use super::{
    cork::{FULL_RECORD, RECORDS_TOGETHER},
    early_answer,
    socket::Socket,
};
use crate::{accept::Early, client_address::ProxyHeader, tls::Tls};
use axum_trailers::syntax::host_and_port;
use rustls::{AlertDescription, Error as TlsError};
use std::{fmt, io, time::Duration};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How much of a response rustls buffers for a slow reader, in bytes. Its default is 64 KiB.
const TLS_BUFFER: usize = RECORDS_TOGETHER * FULL_RECORD;

/// Why a connection has no TLS.
#[derive(Debug)]
pub(super) enum Failure {
    PlainHttp,
    ProxyHeader,
    NotTls,
    /// There is no common protocol in ALPN.
    Alpn,
    /// The client rejected what it was offered, usually the certificate.
    Refused(AlertDescription),
    Tls(TlsError),
    TimedOut(Duration),
    /// The client left during the handshake.
    Broken(io::Error),
    /// The client left before its first byte, as port checks do.
    Probe,
}

impl Early for Failure {
    fn label(&self) -> &'static str {
        match self {
            Self::PlainHttp => "plain_http",
            Self::ProxyHeader => "proxy_header",
            Self::NotTls => "not_tls",
            Self::Alpn => "alpn",
            Self::Refused(_) => "refused_by_client",
            Self::Tls(_) => "tls",
            Self::TimedOut(_) => "timeout",
            Self::Broken(_) => "client_gone",
            Self::Probe => "probe",
        }
    }

    fn is_probe(&self) -> bool {
        matches!(self, Self::Probe)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlainHttp => f.write_str("the client sent plain HTTP to the TLS port"),
            Self::ProxyHeader => {
                f.write_str("the client sent a PROXY protocol header, which is not expected here")
            }
            Self::NotTls => f.write_str("the client's first bytes are not TLS"),
            Self::Alpn => f.write_str("the client offers no protocol that the server speaks (ALPN)"),
            Self::Refused(alert) => write!(f, "the client rejected the handshake: {alert:?}"),
            Self::Tls(error) => error.fmt(f),
            Self::TimedOut(limit) => write!(f, "the handshake took longer than {limit:?}"),
            Self::Broken(error) => write!(f, "the client left during the handshake: {error}"),
            Self::Probe => f.write_str("the client closed the connection before its first byte"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|error| error.downcast_ref::<TlsError>()) {
            Some(TlsError::NoApplicationProtocol) => Self::Alpn,
            Some(TlsError::AlertReceived(alert)) => Self::Refused(*alert),
            Some(error) => Self::Tls(error.clone()),
            None => Self::Broken(error),
        }
    }
}

/// A connection whose handshake failed.
pub(super) struct Rejected {
    pub(super) failure: Failure,
    /// Set if the client is to get a response.
    plain_http: Option<Socket>,
}

impl From<Failure> for Rejected {
    fn from(failure: Failure) -> Self {
        Self { failure, plain_http: None }
    }
}

/// Performs the handshake. `limit` is the time that it may take since `began`.
pub(super) async fn accept(
    mut socket: Socket,
    tls: &Tls,
    began: Instant,
    limit: Duration,
) -> Result<Box<TlsStream<Socket>>, Rejected> {
    let (deadline, timed_out) = (began + limit, |_elapsed| Failure::TimedOut(limit));
    let opening = timeout_at(deadline, opening(&mut socket)).await.map_err(timed_out)?;
    match opening.map_err(Failure::from)? {
        Opening::Tls => {}
        Opening::PlainHttp => {
            return Err(Rejected { failure: Failure::PlainHttp, plain_http: Some(socket) });
        }
        Opening::ProxyHeader => return Err(Failure::ProxyHeader.into()),
        Opening::Other => return Err(Failure::NotTls.into()),
        Opening::None => return Err(Failure::Probe.into()),
    }
    let acceptor = TlsAcceptor::from(tls.config());
    let buffer = |session: &mut rustls::ServerConnection| session.set_buffer_limit(Some(TLS_BUFFER));
    // Boxed, because it contains the whole handshake.
    let accepted = Box::pin(timeout_at(deadline, acceptor.accept_with(socket, buffer))).await;
    Ok(Box::new(accepted.map_err(timed_out)?.map_err(Failure::from)?))
}

/// What a connection begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    Tls,
    PlainHttp,
    ProxyHeader,
    Other,
    None,
}

async fn opening(socket: &mut Socket) -> io::Result<Opening> {
    let mut are_all = false;
    loop {
        // Some may be here already, behind a header of the PROXY protocol.
        if let Some(known) = Opening::of(socket.peeked(), are_all) {
            return Ok(known);
        }
        let before = socket.peeked().len();
        are_all = socket.peek().await?.len() == before;
    }
}

/// The type of a TLS record that begins a handshake
/// ([RFC 8446 §5.1](https://www.rfc-editor.org/rfc/rfc8446#section-5.1)).
pub(super) const HANDSHAKE: u8 = 22;

/// Methods usually have fewer letters.
const LONGEST_METHOD: usize = 20;

impl Opening {
    /// What these bytes begin, or `None` if more bytes are needed and may arrive.
    fn of(bytes: &[u8], are_all: bool) -> Option<Self> {
        match bytes {
            [] if are_all => return Some(Self::None),
            [HANDSHAKE, ..] => return Some(Self::Tls),
            _ => {}
        }
        if ProxyHeader::SIGNATURES.iter().any(|header| bytes.starts_with(header)) {
            return Some(Self::ProxyHeader);
        }
        let of_method = |byte: &&u8| byte.is_ascii_uppercase() || **byte == b'-';
        let letters = bytes.iter().take_while(of_method).count();
        if bytes.get(letters) == Some(&b' ') && letters > 0 {
            return Some(Self::PlainHttp);
        }
        let is_method = letters == bytes.len() && letters <= LONGEST_METHOD;
        let is_open = is_method || ProxyHeader::SIGNATURES.iter().any(|header| header.starts_with(bytes));
        (are_all || !is_open).then_some(Self::Other)
    }
}

impl Rejected {
    /// Responds in plain HTTP to a client that has sent it.
    pub(super) async fn answer_client(self) {
        if let Some(mut socket) = self.plain_http {
            let advice = advice(socket.peeked());
            early_answer::answer(&mut socket, &advice).await;
        }
    }
}

/// The advice for a client whose request begins with these bytes. It contains the URL if the request names its host in
/// characters that are harmless wherever they are copied to.
fn advice(head: &[u8]) -> String {
    let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    let host = head
        .split_inclusive(|byte| *byte == b'\n')
        .map_while(|line| line.strip_suffix(b"\n"))
        // A blank line ends the header section.
        .take_while(|line| !matches!(line, [] | [b'\r']))
        .filter_map(|line| line.split_at_checked(5))
        .find_map(|(name, value)| name.eq_ignore_ascii_case(b"host:").then_some(value.trim_ascii()))
        .and_then(|host| str::from_utf8(host).ok())
        .filter(|host| host_and_port(host).is_some() && host.bytes().all(is_harmless));
    let port = host.and_then(|host| host.rsplit_once(':')).filter(|(_, port)| !port.ends_with(']'));
    match (host, port.map(|(_, port)| port.parse::<u16>())) {
        (None, _) | (_, Some(Err(_))) => {
            "this port is for HTTPS: use https:// instead of http://\n".to_owned()
        }
        (Some(host), port) => {
            // Without a port, the client has used the default one of http.
            let port = if port.is_some() { "" } else { ":80" };
            format!("this port is for HTTPS: use https://{host}{port}/ instead of http://{host}/\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_are_recognized_however_few_arrive() {
        let cases: [(&[u8], Opening); 12] = [
            (b"\x16\x03\x01\x02\x00", Opening::Tls),
            (b"GET / HTTP/1.1\r\n", Opening::PlainHttp),
            (b"PRI * HTTP/2.0\r\n", Opening::PlainHttp),
            (b"PROPFIND / HTTP/1.1\r\n", Opening::PlainHttp),
            (b"M-SEARCH * HTTP/1.1\r\n", Opening::PlainHttp),
            (b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n", Opening::ProxyHeader),
            (b"\r\n\r\n\0\r\nQUIT\n\x21\x11", Opening::ProxyHeader),
            (b"SSH-2.0-OpenSSH_9.2\r\n", Opening::Other),
            (b"\r\n\r\nGET", Opening::Other),
            (b" GET", Opening::Other),
            (b"\0\0\0", Opening::Other),
            (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", Opening::Other),
        ];
        for (bytes, expected) in cases {
            let found = (1..=bytes.len()).find_map(|here| Opening::of(&bytes[..here], false));
            assert_eq!(found, Some(expected), "{}", bytes.escape_ascii());
        }
        assert_eq!(Opening::of(b"", false), None);
        assert_eq!(Opening::of(b"", true), Some(Opening::None));
        assert_eq!(Opening::of(b"GET", true), Some(Opening::Other));
    }

    #[test]
    fn advice_has_the_url_if_the_host_is_harmless() {
        let generic = "this port is for HTTPS: use https:// instead of http://\n";
        for (host, url) in [
            ("localhost:3000", "https://localhost:3000/ instead of http://localhost:3000/"),
            ("example.com", "https://example.com:80/ instead of http://example.com/"),
            ("[::1]:3000", "https://[::1]:3000/ instead of http://[::1]:3000/"),
            ("[::1]", "https://[::1]:80/ instead of http://[::1]/"),
            ("192.0.2.1", "https://192.0.2.1:80/ instead of http://192.0.2.1/"),
        ] {
            let expected = format!("this port is for HTTPS: use {url}\n");
            assert_eq!(advice(format!("GET / HTTP/1.1\r\nHost:{host}\r\n\r\n").as_bytes()), expected);
            assert_eq!(advice(format!("GET / HTTP/1.1\nhost: {host} \nx").as_bytes()), expected);
            assert_eq!(advice(format!("GET / HTTP/1.1\r\nhost: {host}").as_bytes()), generic, "cut off");
        }
        for host in [
            "",
            ":80",
            "localhost:",
            "a:65536",
            "[::1]:99999999",
            "a b",
            "a;b",
            "$(a)",
            "a'b",
            "<a>",
            "user@a",
            "a/b",
            "ä",
            "a\u{202e}",
        ] {
            let head = format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n");
            assert_eq!(advice(head.as_bytes()), generic, "{host}");
        }
        for end in ["\r\n", "\n"] {
            let head = format!("POST / HTTP/1.1{end}content-length: 9{end}{end}Host: a{end}");
            assert_eq!(advice(head.as_bytes()), generic, "in the body");
        }
        assert_eq!(advice(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), generic);
    }
}
