//! A handler can ask for a response that breaks off in a certain way, at a certain point.

use super::prelude::{Extension, IntoResponse, Path, Router, get, route};
use crate::support::{
    TestServer,
    log::Log,
    protocols::{Protocol, Why, over_each_protocol, read},
    raw, soon,
};
use axum_trailers::{
    body, declared,
    trailers::{
        Trailers,
        server::{
            BreakConnection,
            BreakKind::{self, Alert, Close, GoAway, Reset},
            BreakPoint::{self, Body, Chunk, Head},
            FramingOverride, LengthOverride,
        },
    },
};
use std::io;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Ten bytes of content in one chunk, and a trailer.
fn content() -> impl IntoResponse {
    let (mut sender, body) = body::channel(1024, declared!["x-end"]);
    tokio::spawn(async move {
        sender.send("0123456789").await.expect("a reader");
        let mut trailers = Trailers::new();
        trailers.insert("x-end", 1).expect("a field");
        let _broken = sender.finish(trailers);
    });
    body
}

fn asked(kind: &str, at: &str) -> BreakConnection {
    let kind = KINDS.into_iter().find(|one| one.to_string() == kind).expect("a kind");
    BreakConnection::new(kind, POINTS.into_iter().find(|one| one.to_string() == at).expect("a point"))
}

const KINDS: [BreakKind; 4] = [Reset, Close, Alert, GoAway];
const POINTS: [BreakPoint; 4] = [Head, Body, Chunk, BreakPoint::Trailers];

fn app() -> Router {
    let known = |Path((kind, at)): Path<(String, String)>| async move {
        (Extension(asked(&kind, &at)), [("content-length", "10")], content())
    };
    let unknown =
        |Path((kind, at)): Path<(String, String)>| async move { (Extension(asked(&kind, &at)), content()) };
    let sized = |Path((kind, at)): Path<(String, String)>| async move {
        (Extension(asked(&kind, &at)), "0123456789")
    };
    Router::new()
        .route(&route("/known/{kind}/{at}"), get(known))
        .route(&route("/unknown/{kind}/{at}"), get(unknown))
        .route(&route("/sized/{kind}/{at}"), get(sized))
        .route("/ok", get(|| async { "ok" }))
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// With FIN, over TLS after `close_notify`.
    Clean,
    /// With FIN and without `close_notify`.
    Bare,
    /// With a fatal alert, and then FIN.
    Alert,
    Reset,
}

impl End {
    fn of(read: &io::Result<usize>) -> Self {
        let Err(error) = read else { return Self::Clean };
        match error.kind() {
            io::ErrorKind::ConnectionReset => Self::Reset,
            io::ErrorKind::UnexpectedEof => Self::Bare,
            _ if error.to_string().contains("fatal alert") => Self::Alert,
            kind => panic!("{kind}: {error}"),
        }
    }

    fn expected(kind: BreakKind) -> Self {
        match kind {
            Reset => Self::Reset,
            Alert => Self::Alert,
            _ => Self::Clean,
        }
    }
}

/// Everything that arrives, and how the connection ends.
async fn sent(server: &TestServer, is_tls: bool, alpn: &str, request: &[u8]) -> (Vec<u8>, End) {
    let mut wire = Vec::new();
    let tcp = TcpStream::connect(server.address).await.expect("a connection");
    if !is_tls {
        let mut client = tcp;
        client.write_all(request).await.expect("sent");
        let end = soon("the end", client.read_to_end(&mut wire)).await;
        return (wire, End::of(&end));
    }
    let mut client = raw::handshake(tcp, &[alpn]).await;
    client.write_all(request).await.expect("sent");
    let end = End::of(&soon("the end", client.read_to_end(&mut wire)).await);
    if end != End::Reset {
        let after = soon("FIN", client.get_mut().0.read(&mut [0; 1])).await;
        assert_eq!(after.expect("no reset"), 0);
    }
    (wire, end)
}

/// The same with all that was sent. A client drops content that it reads together with an alert, so it asks again.
async fn sent_whole(
    server: &TestServer,
    is_tls: bool,
    alpn: &str,
    request: &[u8],
    is_whole: impl Fn(&[u8]) -> bool,
) -> (Vec<u8>, End) {
    const TRIES: usize = 5;
    for _ in 1..TRIES {
        let (wire, end) = sent(server, is_tls, alpn, request).await;
        if end != End::Alert || is_whole(&wire) {
            return (wire, end);
        }
    }
    sent(server, is_tls, alpn, request).await
}

fn servers() -> [(bool, TestServer); 2] {
    [(true, TestServer::start(app())), (false, TestServer::plain(app(), |server| server))]
}

#[tokio::test]
async fn http1_response_breaks_off_as_requested() {
    for (is_tls, server) in servers() {
        for kind in [Reset, Close, Alert] {
            if kind == Alert && !is_tls {
                continue;
            }
            for (path, at, content) in [
                ("known", Head, None),
                ("known", Body, Some("5\r\n01234\r\n")),
                ("known", Chunk, Some("A\r\n01234")),
                ("known", BreakPoint::Trailers, Some("A\r\n0123456789\r\n")),
                ("unknown", Body, Some("A\r\n0123456789\r\n")),
                ("unknown", Chunk, Some("A\r\n01234")),
                ("sized", Body, Some("01234")),
                ("sized", Chunk, Some("01234")),
                ("sized", BreakPoint::Trailers, Some("A\r\n0123456789\r\n")),
            ] {
                let request = format!("GET /{path}/{kind}/{at} HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n");
                let came = |wire: &[u8]| {
                    let wire = str::from_utf8(wire).expect("text");
                    wire.split_once("\r\n\r\n").map(|(_, content)| content.to_owned())
                };
                let is_whole = |wire: &[u8]| came(wire).as_deref() == content;
                let (wire, end) = sent_whole(&server, is_tls, "http/1.1", request.as_bytes(), is_whole).await;
                assert_eq!(came(&wire).as_deref(), content, "TLS: {is_tls}, {path}, {kind} at {at}");
                assert_eq!(end, End::expected(kind), "TLS: {is_tls}, {path}, {kind} at {at}");
            }
        }
    }
}

/// The content in the `DATA` frames of stream 1, also in a part of one, and the frames without those of the connection.
fn frames(wire: &[u8]) -> (String, Vec<u8>) {
    const DATA: u8 = 0;
    let (mut content, mut kinds) = (Vec::new(), Vec::new());
    let whole = raw::http2_stream_frames(wire);
    for (stream, kind, flags, payload) in &whole {
        let is_end = flags & 1 != 0 && *kind <= 1;
        assert!(!is_end, "END_STREAM after {payload:?}");
        if *kind == DATA {
            content.extend(*payload);
        } else if *stream == 1 || *kind == 7 {
            kinds.push(*kind);
        }
    }
    let taken: usize = whole.iter().map(|(_, _, _, payload)| 9 + payload.len()).sum();
    if let [a, b, c, DATA, 0, 0, 0, 0, 1, part @ ..] = &wire[taken..] {
        assert_eq!((a, b, c), (&0, &0, &10), "a whole frame has all content");
        content.extend(part);
    }
    (String::from_utf8(content).expect("text"), kinds)
}

#[tokio::test]
async fn http2_connection_breaks_off_as_requested() {
    const GOAWAY: u8 = 7;
    for (is_tls, server) in servers() {
        for kind in [Close, Alert, GoAway] {
            if kind == Alert && !is_tls {
                continue;
            }
            for (path, at, content) in [
                ("known", Head, ""),
                ("known", Body, "01234"),
                ("known", Chunk, "01234"),
                ("known", BreakPoint::Trailers, "0123456789"),
                ("unknown", Body, "0123456789"),
                ("unknown", Chunk, "01234"),
                ("sized", Body, "01234"),
                ("sized", Chunk, "01234"),
                ("sized", BreakPoint::Trailers, "0123456789"),
            ] {
                if (kind, at) == (GoAway, Chunk) {
                    continue;
                }
                let path = format!("/{path}/{kind}/{at}");
                let request = raw::http2_frame(1, 5, 1, &raw::http2_head("GET", &path));
                let request = [raw::http2_preface(), request].concat();
                let is_whole = |wire: &[u8]| frames(wire).0 == content;
                let (wire, end) = sent_whole(&server, is_tls, "h2", &request, is_whole).await;
                let (came, kinds) = frames(&wire);
                assert_eq!(came, content, "TLS: {is_tls}, {path}");
                let mut expected = if at == Head { vec![] } else { vec![1] };
                if kind == GoAway {
                    expected.push(GOAWAY);
                    let last = raw::http2_frames(&wire).pop().expect("a frame");
                    assert_eq!(last, (GOAWAY, 0, &[0, 0, 0, 1, 0, 0, 0, 2][..]), "{path}");
                }
                assert_eq!(kinds, expected, "TLS: {is_tls}, {path}");
                assert_eq!(end, End::expected(kind), "TLS: {is_tls}, {path}");
            }
        }
    }
}

over_each_protocol! {
    reset_leaves_the_other_streams_alone, except Http1: "a connection has one response at a time";
    response_breaks_off_at_the_point_that_was_asked_for;
    log_says_that_it_was_asked_for;
}

async fn reset_leaves_the_other_streams_alone(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    for (path, at, expected) in [
        ("known", Body, "01234"),
        ("known", BreakPoint::Trailers, "0123456789"),
        ("unknown", Body, "0123456789"),
        ("sized", Body, "01234"),
    ] {
        let path = format!("/{path}/{Reset}/{at}");
        assert_eq!(client.cut_after(expected, &path).await, protocol.failure(), "{path}");
    }
    let request = client.request("GET", format!("/known/{Reset}/{Head}"));
    assert_eq!(request.send().await.err().expect("a reset").why, protocol.failure());
    assert_eq!(read(client.get("/ok").await).await.expect("whole").content, b"ok");
}

/// What over HTTP/1.1 and HTTP/2 is on the wire is above.
async fn response_breaks_off_at_the_point_that_was_asked_for(protocol: Protocol) {
    let server = TestServer::start(app());
    for kind in [Reset, Close] {
        for (path, at, expected) in [
            ("known", Body, "01234"),
            ("known", BreakPoint::Trailers, "0123456789"),
            ("unknown", Body, "0123456789"),
            ("sized", Body, "01234"),
            ("sized", BreakPoint::Trailers, "0123456789"),
        ] {
            let path = format!("/{path}/{kind}/{at}");
            let client = protocol.client(server.address).await;
            let cut = client.cut(&path).await;
            let why = if kind == Close { Why::Closed } else { protocol.failure() };
            assert_eq!(cut.why, why, "{path}");
            assert!(expected.as_bytes().starts_with(&cut.content), "{path}: {cut:?}");
        }
    }
}

#[tokio::test]
async fn what_is_not_possible_is_ignored() {
    for (is_tls, server) in servers() {
        let impossible: &[_] =
            if is_tls { &[(GoAway, Body)] } else { &[(GoAway, Head), (Alert, Body), (Alert, Head)] };
        for (kind, at) in impossible {
            let request = format!("GET /known/{kind}/{at} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            let (wire, end) = sent(&server, is_tls, "http/1.1", request.as_bytes()).await;
            let wire = String::from_utf8(wire).expect("text");
            assert!(wire.ends_with("A\r\n0123456789\r\n0\r\n\r\n"), "{kind} at {at}: {wire}");
            assert_eq!(end, End::Clean, "{kind} at {at}");
        }
    }
    let server = TestServer::start(app());
    let mut client = raw::http2(server.address).await;
    for kind in [Reset, GoAway] {
        let mut body = raw::http2_get(&mut client, &format!("/known/{kind}/{Chunk}")).await;
        assert_eq!(raw::http2_read(&mut body).await.expect("whole"), b"0123456789", "{kind}");
    }
}

#[tokio::test]
async fn response_without_content_breaks_off_at_its_head_only() {
    let server = TestServer::plain(app(), |server| server);
    for (at, status) in [(Head, ""), (Body, "HTTP/1.1 200"), (BreakPoint::Trailers, "HTTP/1.1 200")] {
        let request = format!("HEAD /known/{Close}/{at} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let (wire, end) = sent(&server, false, "", request.as_bytes()).await;
        assert!(wire.starts_with(status.as_bytes()) && wire.is_empty() == status.is_empty(), "{at}");
        assert_eq!(end, End::Clean, "{at}");
    }
}

async fn log_says_that_it_was_asked_for(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(app());
    let cases: &[_] = match protocol {
        Protocol::Http3 => &[(Reset, Head), (Close, Body), (Reset, BreakPoint::Trailers)],
        _ => &[(Reset, Head), (Close, Body), (Alert, Chunk), (Reset, BreakPoint::Trailers)],
    };
    for (kind, at) in cases {
        let client = protocol.client(server.address).await;
        let path = format!("/known/{kind}/{at}");
        client.cut(&path).await;
        let ended = format!("ended=failed: broken by its handler ({kind} at {at})");
        log.line(&[&path, protocol.name(), &ended]).await;
    }
}

/// Each of them asks for a break of the connection: the first one gets it, once.
#[tokio::test]
async fn two_breaks_of_one_connection_are_one() {
    let server = TestServer::start(app());
    let path = format!("/known/{GoAway}/{Body}");
    let request = |stream| raw::http2_frame(1, 5, stream, &raw::http2_head("GET", &path));
    let requests = [raw::http2_preface(), request(1), request(3)].concat();
    let (wire, end) = sent(&server, true, "h2", &requests).await;
    let goaways = raw::http2_frames(&wire).into_iter().filter(|(kind, ..)| *kind == 7).count();
    assert_eq!((goaways, end), (1, End::Clean));
}

/// The end of the content can be reached only without `Content-Length`.
#[tokio::test]
async fn break_instead_of_the_trailers_leaves_out_a_length_that_was_to_be_kept() {
    let handler = || async {
        let kept = FramingOverride::new().with_length(LengthOverride::Exact);
        let asked = BreakConnection::new(Close, BreakPoint::Trailers);
        (Extension(asked), Extension(kept), [("content-length", "10")], content())
    };
    let server = TestServer::start(Router::new().route("/", get(handler)));
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n";
    let (wire, end) = sent(&server, true, "http/1.1", request).await;
    let wire = String::from_utf8(wire).expect("text");
    assert!(wire.ends_with("\r\n\r\nA\r\n0123456789\r\n") && !wire.contains("content-length"), "{wire}");
    assert_eq!(end, End::Clean);
}

/// A connection-wide break takes the other streams along, and their log lines say why.
#[tokio::test]
async fn other_streams_of_a_broken_connection_are_cut() {
    let (log, _guard) = Log::catch();
    let quiet = || async {
        let (sender, body) = body::channel(1024, declared!["x-end"]);
        tokio::spawn(async move {
            sender.closed().await;
        });
        body
    };
    let server = TestServer::start(app().route("/quiet", get(quiet)));
    let mut client = raw::http2(server.address).await;
    let mut quiet = raw::http2_get(&mut client, "/quiet").await;
    let mut broken = raw::http2_get(&mut client, &format!("/known/{GoAway}/{Body}")).await;
    raw::http2_read(&mut broken).await.expect_err("cut");
    raw::http2_read(&mut quiet).await.expect_err("cut");
    log.line(&["/quiet", "ended=cut: a handler asked to break the connection"]).await;
}
