//! From a TCP connection to TLS, or to the reason why not.

use super::{
    Tls,
    connection::{ALPN, FULL_RECORD, RECORDS_TOGETHER, Socket},
};
use rustls::{AlertDescription, Error as TlsError};
use std::{fmt, io, time::Duration};
use tokio::{io::AsyncWriteExt, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// What rustls keeps of a response for a slow reader, in bytes. Its default is 64 KiB.
const TLS_BUFFER: usize = RECORDS_TOGETHER * FULL_RECORD;

/// Why there is no TLS on a connection.
#[derive(Debug)]
pub(super) enum Failure {
    PlainHttp,
    ProxyHeader,
    NotTls,
    /// ALPN has no protocol that both speak.
    Alpn,
    /// The client does not like what it was offered: the certificate, as a rule.
    Refused(AlertDescription),
    Tls(TlsError),
    TimedOut(Duration),
    /// The client left in the middle.
    Broken(io::Error),
    /// The client left before its first byte, as some do to see whether anybody listens.
    Probe,
}

impl Failure {
    /// For metrics.
    pub(super) fn label(&self) -> &'static str {
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
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlainHttp => f.write_str("the client sent plain HTTP to the TLS port"),
            Self::ProxyHeader => f.write_str("a PROXY protocol header came before TLS; it is not supported"),
            Self::NotTls => f.write_str("the client's first bytes are not TLS"),
            Self::Alpn => {
                let [first, second] = ALPN.map(String::from_utf8_lossy);
                write!(f, "the client offers neither {first} nor {second} (ALPN)")
            }
            Self::Refused(alert) => write!(f, "the client refused the handshake: {alert:?}"),
            Self::Tls(error) => error.fmt(f),
            Self::TimedOut(limit) => write!(f, "the handshake took longer than {limit:?}"),
            Self::Broken(error) => write!(f, "the client broke the handshake off: {error}"),
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

/// Makes the handshake, within its time.
pub(super) async fn accept(
    socket: Socket,
    tls: &Tls,
    limit: Duration,
) -> Result<Box<TlsStream<Socket>>, Failure> {
    // In a box, since it has room for the whole handshake.
    let accepted = Box::pin(timeout(limit, begin(socket, tls))).await;
    accepted.unwrap_or(Err(Failure::TimedOut(limit)))
}

async fn begin(mut socket: Socket, tls: &Tls) -> Result<Box<TlsStream<Socket>>, Failure> {
    match first_bytes(&mut socket).await? {
        FirstBytes::Tls => {}
        FirstBytes::PlainHttp => {
            // That it is not heard changes nothing.
            let _said = tell_plain_http(&mut socket).await;
            return Err(Failure::PlainHttp);
        }
        FirstBytes::ProxyHeader => return Err(Failure::ProxyHeader),
        FirstBytes::Other => return Err(Failure::NotTls),
        FirstBytes::None => return Err(Failure::Probe),
    }
    let acceptor = TlsAcceptor::from(tls.config());
    let buffer = |session: &mut rustls::ServerConnection| session.set_buffer_limit(Some(TLS_BUFFER));
    Ok(Box::new(acceptor.accept_with(socket, buffer).await?))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FirstBytes {
    Tls,
    PlainHttp,
    ProxyHeader,
    Other,
    None,
}

async fn first_bytes(socket: &mut Socket) -> io::Result<FirstBytes> {
    let mut before = 0;
    loop {
        let bytes = socket.peek().await?;
        if let Some(known) = FirstBytes::tell(bytes, bytes.len() == before) {
            return Ok(known);
        }
        before = bytes.len();
    }
}

/// The type of a TLS record that begins a handshake ([RFC 8446 §5.1](https://www.rfc-editor.org/rfc/rfc8446#section-5.1)).
const HANDSHAKE: u8 = 22;

/// How HAProxy's PROXY protocol begins, in its two versions
/// ([its specification](https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt), sections 2.1 and 2.2).
const PROXY_HEADERS: [&[u8]; 2] = [b"PROXY ", b"\r\n\r\n\0\r\nQUIT\n"];

/// A method has fewer letters as a rule.
const LONGEST_METHOD: usize = 20;

impl FirstBytes {
    /// What these bytes begin, or `None` if that is open and there may be more.
    fn tell(bytes: &[u8], are_all: bool) -> Option<Self> {
        match bytes {
            [] if are_all => return Some(Self::None),
            [HANDSHAKE, ..] => return Some(Self::Tls),
            _ => {}
        }
        if PROXY_HEADERS.iter().any(|header| bytes.starts_with(header)) {
            return Some(Self::ProxyHeader);
        }
        let letters = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        if bytes.get(letters) == Some(&b' ') && letters > 0 {
            return Some(Self::PlainHttp);
        }
        let is_method = letters == bytes.len() && letters <= LONGEST_METHOD;
        let is_open = is_method || PROXY_HEADERS.iter().any(|header| header.starts_with(bytes));
        (are_all || !is_open).then_some(Self::Other)
    }
}

const SPEAK_TLS: &str = "this port speaks HTTPS: use https:// instead of http://\n";

/// Answers in the words that the client understands, and takes in what it still says, so that it hears the answer.
async fn tell_plain_http(socket: &mut Socket) -> io::Result<()> {
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{SPEAK_TLS}",
        SPEAK_TLS.len()
    );
    socket.write_all(answer.as_bytes()).await?;
    socket.shutdown().await?;
    socket.drain().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_are_told_apart_however_few_come() {
        let cases: [(&[u8], FirstBytes); 11] = [
            (b"\x16\x03\x01\x02\x00", FirstBytes::Tls),
            (b"GET / HTTP/1.1\r\n", FirstBytes::PlainHttp),
            (b"PRI * HTTP/2.0\r\n", FirstBytes::PlainHttp),
            (b"PROPFIND / HTTP/1.1\r\n", FirstBytes::PlainHttp),
            (b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n", FirstBytes::ProxyHeader),
            (b"\r\n\r\n\0\r\nQUIT\n\x21\x11", FirstBytes::ProxyHeader),
            (b"SSH-2.0-OpenSSH_9.2\r\n", FirstBytes::Other),
            (b"\r\n\r\nGET", FirstBytes::Other),
            (b" GET", FirstBytes::Other),
            (b"\0\0\0", FirstBytes::Other),
            (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", FirstBytes::Other),
        ];
        for (bytes, expected) in cases {
            let told = (1..=bytes.len()).find_map(|here| FirstBytes::tell(&bytes[..here], false));
            assert_eq!(told, Some(expected), "{}", bytes.escape_ascii());
        }
        assert_eq!(FirstBytes::tell(b"", false), None);
        assert_eq!(FirstBytes::tell(b"", true), Some(FirstBytes::None));
        assert_eq!(FirstBytes::tell(b"GET", true), Some(FirstBytes::Other));
    }
}
