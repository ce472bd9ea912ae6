//! HTTP/2 frames and messages that violate RFC 9113 or RFC 7541 are rejected, and similar valid ones are served.

use super::prelude::{Router, any, get};
use crate::support::{
    TestServer,
    log::Log,
    raw::{self, http2_frame as frame, http2_head as head, http2_stream_frames},
    soon,
};
use Reaction::{ConnectionError, Quiet, Served, StreamError};
use axum_trailers::request::{CollectedBody, RequestBodyError};
use std::future::pending;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};
use tokio_rustls::client::TlsStream;

/// Reports whether a request to `/` was whole. Requests to `/held` get no response.
fn app(came: mpsc::UnboundedSender<bool>) -> Router {
    let collect = |body: Result<CollectedBody, RequestBodyError>| async move {
        came.send(body.is_ok()).expect("it is waited for");
    };
    let app = Router::new().route("/", any(collect)).route("/next", get(|| async {}));
    app.route("/held", any(pending::<()>))
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const UNKNOWN: u8 = 0x16;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const WHOLE: u8 = END_STREAM | END_HEADERS;
const PADDED: u8 = 8;
const WITH_PRIORITY: u8 = 32;

/// How the server reacts, as seen on stream 1.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reaction {
    Served,
    /// Nothing arrives on its stream.
    Quiet,
    /// Only its stream is reset, with this code.
    StreamError(u32),
    /// The connection ends with this code and no further response.
    ConnectionError(u32),
}

const NO_ERROR: u32 = 0;
/// Allowed instead of any more specific code (RFC 9113 section 5.4); a connection error is allowed instead of a stream
/// error (section 5.4.1). The tables contain the server's actual behaviour.
const PROTOCOL_ERROR: u32 = 1;
const FLOW_CONTROL_ERROR: u32 = 3;
const STREAM_CLOSED: u32 = 5;
const FRAME_SIZE_ERROR: u32 = 6;

const RESET: Reaction = StreamError(PROTOCOL_ERROR);
const ENDED: Reaction = ConnectionError(PROTOCOL_ERROR);
const TOO_LARGE: Reaction = ConnectionError(FRAME_SIZE_ERROR);

/// A description, the frames, and the reaction.
type Row = (String, Vec<u8>, Reaction);

fn row(what: impl Into<String>, frames: &[Vec<u8>], reaction: Reaction) -> Row {
    (what.into(), frames.concat(), reaction)
}

/// The stream of a valid request that follows each row.
const NEXT: u8 = 0x7f;

/// Sends each row's frames between these, each to a new server.
async fn check(before: &[Vec<u8>], rows: impl IntoIterator<Item = Row>, after: &[Vec<u8>]) {
    for (what, frames, expected) in rows {
        let (sender, mut came) = mpsc::unbounded_channel();
        let server = TestServer::start(app(sender));
        let client = raw::tls(server.address, "h2").await;
        let frames = [raw::http2_preface(), before.concat(), frames, after.concat()].concat();
        assert_eq!(reaction(client, &frames, &what).await, expected, "{what}");
        drop(server);
        let mut is_whole = false;
        while let Some(whole) = soon("the end of all handlers", came.recv()).await {
            is_whole |= whole;
        }
        assert_eq!(is_whole, expected == Served, "whole for a handler: {what}");
    }
}

/// Sends these frames and the next request, and reads until the connection is closed.
async fn reaction(mut client: TlsStream<TcpStream>, frames: &[u8], what: &str) -> Reaction {
    let next = frame(HEADERS, WHOLE, NEXT, &head("GET", "/next"));
    // Makes the server close after all responses.
    let bye = frame(GOAWAY, 0, 0, &[0; 8]);
    client.write_all(&[frames, &next, &bye].concat()).await.expect("sent");
    let wire = raw::rest_bytes(&mut client).await;
    let (mut answered, mut resets, mut endings) = (Vec::new(), Vec::new(), Vec::new());
    for (stream, kind, _, payload) in http2_stream_frames(&wire) {
        let code = |at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().expect("four bytes"));
        match kind {
            // `:status` 200 in the static table (RFC 7541 appendix A).
            HEADERS if payload[0] == 0x88 && [1, NEXT].contains(&stream) => answered.push(stream),
            RST_STREAM => resets.push((stream, code(0))),
            GOAWAY => endings.push(code(4)),
            _ => {}
        }
    }
    answered.sort_unstable();
    match (&answered[..], &resets[..], &endings[..]) {
        ([1, NEXT], [], [NO_ERROR]) => Served,
        ([NEXT], [], [NO_ERROR]) => Quiet,
        ([NEXT], [(1, code)], [NO_ERROR]) => StreamError(*code),
        ([], [], [code]) => ConnectionError(*code),
        other => panic!("{what}: answered, reset and ended: {other:?}"),
    }
}

/// A request without its content.
fn begun(path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 1, &head("POST", path))
}

fn content(flags: u8) -> Vec<u8> {
    frame(DATA, flags, 1, b"hello")
}

/// A request without content, or a trailer section.
fn last(block: &[u8]) -> Vec<u8> {
    frame(HEADERS, WHOLE, 1, block)
}

/// A field as a literal with a new name (RFC 7541 section 6.2.2).
fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).expect("short")], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

fn trailers() -> Vec<u8> {
    last(&field("x-a", "1"))
}

/// Two parts of a field block: in a header section with other fields between them, and as a trailer section.
fn in_both_sections(what: &str, front: &[u8], back: &[u8], reaction: Reaction) -> [Row; 2] {
    let (request, trailers) = ([front, &head("POST", "/"), back].concat(), [front, back].concat());
    [
        row(format!("{what}, header section"), &[last(&request)], reaction),
        row(format!("{what}, trailer section"), &[begun("/"), content(0), last(&trailers)], reaction),
    ]
}

/// A frame of each type, on this stream.
fn each_frame(stream: u8, reactions: [Reaction; 8]) -> Vec<Row> {
    let section = field("x-a", "1");
    let frames = [
        ("DATA", DATA, 0, &b"hello"[..]),
        ("HEADERS", HEADERS, END_HEADERS, &section),
        ("trailers", HEADERS, WHOLE, &section),
        ("CONTINUATION", CONTINUATION, END_HEADERS, &[]),
        ("PRIORITY", PRIORITY, 0, &[0; 5]),
        ("RST_STREAM", RST_STREAM, 0, &[0, 0, 0, 8]),
        ("WINDOW_UPDATE", WINDOW_UPDATE, 0, &[0, 0, 0, 1]),
        ("unknown type", UNKNOWN, 0xff, b"what"),
    ];
    let rows = frames.into_iter().zip(reactions).map(|((name, kind, flags, payload), reaction)| {
        row(format!("{name} on {stream}"), &[frame(kind, flags, stream, payload)], reaction)
    });
    rows.collect()
}

/// RFC 9113 sections 4.1 and 5.5.
#[tokio::test]
async fn unknown_frames_flags_and_bits_are_ignored() {
    let rows = [
        row("unknown type", &[frame(UNKNOWN, 0xff, 0, b"what")], Served),
        row("unknown type on the stream", &[frame(UNKNOWN, 0xff, 1, b"what")], Served),
        row("flags of PING", &[frame(PING, 0xfe, 0, &[0; 8])], Served),
        row("PING that is an answer", &[frame(PING, ACK, 0, &[0; 8])], Served),
        row("flags of DATA", &[content(0xf6)], Served),
    ];
    let unknown_flags = 0xd2;
    let mut trailers = frame(HEADERS, WHOLE | unknown_flags, 1, &field("x-a", "1"));
    let reserved_bit = &mut trailers[5];
    *reserved_bit |= 0x80;
    check(&[begun("/")], rows, &[trailers]).await;
}

/// RFC 9113 sections 4.2 and 6.
#[tokio::test]
async fn frames_of_a_wrong_size_end_the_connection() {
    const MOST: usize = 1 << 14;
    let large = |kind, size| frame(kind, 0, 1, &vec![0; size]);
    let mut rows = vec![
        row("largest DATA", &[large(DATA, MOST)], Served),
        row("too large DATA", &[large(DATA, MOST + 1)], TOO_LARGE),
        row("largest frame of unknown type", &[large(UNKNOWN, MOST)], Served),
        row("too large frame of unknown type", &[large(UNKNOWN, MOST + 1)], TOO_LARGE),
        row("too large HEADERS", &[large(HEADERS, MOST + 1)], TOO_LARGE),
        row("too large CONTINUATION", &[frame(HEADERS, 1, 1, &[]), large(CONTINUATION, MOST + 1)], TOO_LARGE),
        row("HEADERS without a whole priority", &[frame(HEADERS, WITH_PRIORITY, 1, &[0; 4])], ENDED),
        row("GOAWAY with 7 bytes", &[frame(GOAWAY, 0, 0, &[0; 7])], ENDED),
        row("ACK of SETTINGS", &[frame(SETTINGS, ACK, 0, &[])], Served),
        row("ACK of SETTINGS with a setting", &[frame(SETTINGS, ACK, 0, &[1; 6])], ENDED),
    ];
    for (kind, stream, size) in [
        (PRIORITY, 1, 5),
        (RST_STREAM, 1, 4),
        (SETTINGS, 0, 6),
        (PING, 0, 8),
        (WINDOW_UPDATE, 0, 4),
        (WINDOW_UPDATE, 1, 4),
    ] {
        for (size, reaction) in [(size - 1, ENDED), (size, Served), (size + 1, ENDED)] {
            let what = format!("type {kind} on stream {stream} with {size} bytes");
            // A `RST_STREAM` of the right size ends the stream.
            if (kind, reaction) != (RST_STREAM, Served) {
                rows.push(row(what, &[frame(kind, 0, stream, &vec![1; size])], reaction));
            }
        }
    }
    check(&[begun("/"), content(0)], rows, &[trailers()]).await;
}

/// RFC 9113 sections 6.1 to 6.10.
#[tokio::test]
async fn stream_frames_on_stream_0_and_connection_frames_on_a_stream_are_errors() {
    let mut rows = each_frame(0, [ENDED, ENDED, ENDED, ENDED, ENDED, ENDED, Served, Served]);
    for (stream, reaction) in [(0, Served), (1, ENDED)] {
        for (kind, payload) in [(SETTINGS, &[0; 6][..]), (PING, &[0; 8]), (GOAWAY, &[0; 8])] {
            let frame = frame(kind, 0, stream, payload);
            rows.push(row(format!("type {kind} on {stream}"), &[frame], reaction));
        }
    }
    check(&[begun("/"), content(0)], rows, &[trailers()]).await;
}

/// RFC 9113 sections 6.5.2 and 6.9.
#[tokio::test]
async fn settings_and_windows_out_of_range_are_errors() {
    const OVERFLOW: Reaction = ConnectionError(FLOW_CONTROL_ERROR);
    let set = |name, value: u32| frame(SETTINGS, 0, 0, &[&[0, name], &value.to_be_bytes()[..]].concat());
    let add = |stream, window: u32| frame(WINDOW_UPDATE, 0, stream, &window.to_be_bytes());
    // The difference between the largest window and that of the preface.
    let room = (1 << 30) - 1;
    let rows = [
        row("ENABLE_PUSH 1", &[set(2, 1)], Served),
        row("ENABLE_PUSH 2", &[set(2, 2)], ENDED),
        row("largest INITIAL_WINDOW_SIZE", &[set(4, (1 << 31) - 1)], Served),
        row("larger INITIAL_WINDOW_SIZE", &[set(4, 1 << 31)], ENDED),
        row("INITIAL_WINDOW_SIZE past a window", &[add(1, room), set(4, room + 2)], OVERFLOW),
        row("smallest MAX_FRAME_SIZE", &[set(5, 1 << 14)], Served),
        row("smaller MAX_FRAME_SIZE", &[set(5, (1 << 14) - 1)], ENDED),
        row("largest MAX_FRAME_SIZE", &[set(5, (1 << 24) - 1)], Served),
        row("larger MAX_FRAME_SIZE", &[set(5, 1 << 24)], ENDED),
        row("unknown setting", &[set(0x99, u32::MAX)], Served),
        row("connection's window and 1", &[add(0, 1)], Served),
        row("connection's window and 0", &[add(0, 0)], ENDED),
        row("connection's window and too much", &[add(0, room + 1)], OVERFLOW),
        row("stream's window and the most", &[add(1, room)], Served),
        row("stream's window and 0", &[add(1, 0)], ENDED),
        row("stream's window and too much", &[add(1, room + 1)], StreamError(FLOW_CONTROL_ERROR)),
    ];
    check(&[begun("/"), content(0)], rows, &[trailers()]).await;
}

/// RFC 9113 sections 4.3, 6.2 and 6.10.
#[tokio::test]
async fn frames_between_those_of_a_field_block_end_the_connection() {
    let continuation = || frame(CONTINUATION, 0, 1, &[]);
    let mut rows =
        vec![row("nothing", &[], Served), row("CONTINUATION", &[continuation(), continuation()], Served)];
    rows.extend([0, 1, 3].into_iter().flat_map(|stream| each_frame(stream, [ENDED; 8])));
    rows.push(row("SETTINGS", &[frame(SETTINGS, 0, 0, &[])], ENDED));
    rows.push(row("PING", &[frame(PING, 0, 0, &[0; 8])], ENDED));
    let (head, section) = (head("POST", "/"), field("x-a", "1"));
    let begins = |block: &[u8]| frame(HEADERS, END_STREAM, 1, &block[..4]);
    let ends = |block: &[u8]| frame(CONTINUATION, END_HEADERS, 1, &block[4..]);
    check(&[begins(&head)], rows.clone(), &[ends(&head)]).await;
    check(&[begun("/"), content(0), begins(&section)], rows, &[ends(&section)]).await;
}

/// RFC 9113 section 8.1. h2 silently drops such a field if it comes first.
#[tokio::test]
async fn pseudo_headers_in_a_trailer_section_are_refused_wherever_they_stand() {
    let regular = field("x-a", "1");
    let mut fields: Vec<_> = [":path", ":status", ":method", ":authority", ":scheme", ":protocol", ":"]
        .map(|name| (name.to_owned(), field(name, "1")))
        .to_vec();
    fields.extend([
        (":path: / of the static table".to_owned(), vec![0x84]),
        (":status of the static table".to_owned(), vec![0x08, 1, b'1']),
        (":path as Huffman code".to_owned(), vec![0, 0x84, 0xb9, 0x58, 0xd3, 0x3f, 1, b'1']),
    ]);
    let mut rows = Vec::new();
    for (name, pseudo) in fields {
        let section = |fields: &[&[u8]]| last(&fields.concat());
        rows.push(row(format!("{name} alone"), &[section(&[&pseudo])], ENDED));
        rows.push(row(format!("{name} first"), &[section(&[&pseudo, &regular])], ENDED));
        let padded = [&[3][..], &pseudo, &regular, &[0; 3]].concat();
        rows.push(row(format!("{name} padded"), &[frame(HEADERS, WHOLE | PADDED, 1, &padded)], ENDED));
        let parts = [frame(HEADERS, END_STREAM, 1, &[]), frame(CONTINUATION, END_HEADERS, 1, &pseudo)];
        rows.push(row(format!("{name} in CONTINUATION"), &parts, ENDED));
        let behind = section(&[&regular, &pseudo]);
        // Some are not pseudo-header fields of requests.
        let reaction =
            if [":", ":status"].contains(&&*name) || name.starts_with(":status of") { ENDED } else { RESET };
        rows.push(row(format!("{name} behind another field"), &[behind], reaction));
    }
    rows.extend([
        row("a regular field", &[last(&regular)], Served),
        row("a name that is `path`", &[last(&field("path", "1"))], Served),
        row("a value that begins with a colon", &[last(&field("x-a", ":path"))], Served),
        row("no field", &[last(&[])], Served),
    ]);
    check(&[begun("/"), content(0)], rows, &[]).await;
}

#[tokio::test]
async fn connection_that_is_ended_for_a_malformed_message_has_a_log_line() {
    let (log, _guard) = Log::catch();
    let rows = [row("`:path` alone", &[last(&[0x84])], ENDED)];
    check(&[begun("/"), content(0)], rows, &[]).await;
    log.line(&["INFO", "connection closed: malformed message", "pseudo-header field"]).await;
}

/// RFC 7540 section 5.3.1. h2 resets only the stream and does not decode the block.
#[tokio::test]
async fn stream_that_depends_on_itself_ends_the_connection() {
    for (what, dependency, reaction) in [
        ("on no stream", [0, 0, 0, 0], Served),
        ("on another stream", [0, 0, 0, 3], Served),
        ("on itself", [0, 0, 0, 1], ENDED),
        ("on itself alone", [0x80, 0, 0, 1], ENDED),
    ] {
        let section = |flags, block: &[u8]| {
            let padded = [&[2][..], &dependency, &[16], block, &[0; 2]].concat();
            let plain = padded[1..padded.len() - 2].to_vec();
            [(WITH_PRIORITY, plain), (WITH_PRIORITY | PADDED, padded)]
                .map(|(more, payload)| frame(HEADERS, flags | more, 1, &payload))
        };
        let requests = section(END_HEADERS, &head("POST", "/"));
        let requests = requests.map(|request| row(format!("request depends {what}"), &[request], reaction));
        check(&[], requests, &[content(0), trailers()]).await;
        let sections = section(WHOLE, &field("x-a", "1"));
        let sections = sections.map(|section| row(format!("trailers depend {what}"), &[section], reaction));
        check(&[begun("/"), content(0)], sections, &[]).await;
    }
}

/// RFC 9113 sections 5.1, 5.1.1 and 6.10.
#[tokio::test]
async fn frames_without_their_open_stream_or_block_end_the_connection() {
    let get = |stream| frame(HEADERS, WHOLE, stream, &head("GET", "/next"));
    let continuation = || frame(CONTINUATION, END_HEADERS, 1, &[]);
    let mut rows = each_frame(5, [ENDED, ENDED, ENDED, ENDED, Served, ENDED, ENDED, Served]);
    // These open the stream.
    rows.drain(1..3);
    rows.extend([
        row("CONTINUATION after HEADERS", &[continuation()], ENDED),
        row("CONTINUATION after DATA", &[content(0), continuation()], ENDED),
        row("stream of the server's", &[get(2)], ENDED),
        row("streams in rising order", &[get(3), get(7)], Served),
        row("streams in falling order", &[get(7), get(3)], ENDED),
    ]);
    check(&[begun("/")], rows, &[content(0), trailers()]).await;
}

/// RFC 9113 section 5.1, "half-closed (remote)".
#[tokio::test]
async fn frames_after_the_end_of_a_request_are_errors() {
    let section = field("x-a", "1");
    let (begins, ends) = (frame(HEADERS, END_STREAM, 1, &section), frame(CONTINUATION, END_HEADERS, 1, &[]));
    for end in [&[content(END_STREAM)][..], &[trailers()], &[begins, ends]] {
        let before = [begun("/held"), content(0), end.concat()];
        let mut rows = each_frame(1, [ENDED, RESET, ENDED, ENDED, Quiet, Quiet, Quiet, Quiet]);
        let harmless = rows.split_off(4);
        check(&before, rows, &[]).await;
        // A handler that never returns: only a reset ends the stream.
        check(&before, harmless, &[frame(RST_STREAM, 0, 1, &[0, 0, 0, 8])]).await;
    }
}

/// RFC 9113 section 5.1, "closed".
#[tokio::test]
async fn frames_on_a_closed_stream_are_errors() {
    let closed = [StreamError(STREAM_CLOSED), ENDED, ENDED, ENDED, Quiet, Quiet, Quiet, Quiet];
    let reset = frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]);
    check(&[begun("/"), content(0), reset], each_frame(1, closed), &[]).await;

    let (sender, _came) = mpsc::unbounded_channel();
    let server = TestServer::start(app(sender));
    for (what, frames, expected) in each_frame(1, closed) {
        let mut client = raw::http2_asked(server.address, "/next").await;
        let mut wire = Vec::new();
        while !http2_stream_frames(&wire).iter().any(|(stream, _, flags, _)| (*stream, flags & 1) == (1, 1)) {
            assert_ne!(soon("a response", client.read_buf(&mut wire)).await.expect("a response"), 0);
        }
        assert_eq!(reaction(client, &frames, &what).await, expected, "{what} after a response");
    }
}

/// RFC 9113 sections 6.1 and 6.2.
#[tokio::test]
async fn padding_as_long_as_its_frame_ends_the_connection() {
    let data = |payload: &[u8]| [begun("/"), frame(DATA, END_STREAM | PADDED, 1, payload)];
    let section = |payload: &[u8]| [begun("/"), content(0), frame(HEADERS, WHOLE | PADDED, 1, payload)];
    let request = |payload: &[u8]| [frame(HEADERS, WHOLE | PADDED, 1, payload)];
    let head = head("POST", "/");
    let length = u8::try_from(head.len()).expect("short") + 1;
    let rows = [
        row("content and padding", &data(b"\x02hello\0\0"), Served),
        row("padding alone", &data(&[4, 0, 0, 0, 0]), Served),
        row("as long as DATA", &data(&[5, 0, 0, 0, 0]), ENDED),
        row("longer than DATA", &data(&[255, 0, 0, 0, 0]), ENDED),
        row("DATA without its length", &data(&[]), ENDED),
        row("header section and padding", &request(&[&[2], &head[..], &[0; 2]].concat()), Served),
        row("as long as a header section", &request(&[&[length], &head[..]].concat()), ENDED),
        row("trailer section and padding", &section(b"\x02\0\x03x-a\x011\0\0"), Served),
        row("padding alone in trailers", &section(&[4, 0, 0, 0, 0]), Served),
        row("as long as a trailer section", &section(&[5, 0, 0, 0, 0]), ENDED),
        row("longer than a trailer section", &section(&[255, 0, 0, 0, 0]), ENDED),
        row("trailer section without its length", &section(&[]), ENDED),
    ];
    check(&[], rows, &[]).await;
}

/// RFC 9113 section 8.1.
#[tokio::test]
async fn trailer_section_that_does_not_end_its_stream_resets_it() {
    let unended = || frame(HEADERS, END_HEADERS, 1, &field("x-a", "1"));
    let rows = [
        row("trailers", &[trailers()], Served),
        row("no end", &[unended()], RESET),
        row("no end, and DATA", &[unended(), content(END_STREAM)], RESET),
        row("no end, and trailers", &[unended(), trailers()], RESET),
        row("a second header section", &[begun("/"), content(END_STREAM)], ENDED),
    ];
    check(&[begun("/"), content(0)], rows, &[]).await;
}

/// RFC 9113 sections 8.2.1 and 8.2.2.
#[tokio::test]
async fn malformed_fields_are_refused_in_each_section() {
    let mut rows = Vec::new();
    for (reaction, fields) in [
        (Served, &[("x-a", "1"), ("te", "trailers")][..]),
        (ENDED, &[("X-A", "1"), ("x-A", "1"), ("x a", "1"), ("x:a", "1"), ("", "1")]),
        (ENDED, &[("x\0a", "1"), ("x\x7f", "1"), ("x\u{e4}", "1")]),
        (ENDED, &[("x-a", "1\0"), ("x-a", "1\n2"), ("x-a", "1\r2")]),
        (RESET, &[("connection", "x-a"), ("keep-alive", "1"), ("proxy-connection", "x-a")]),
        (RESET, &[("transfer-encoding", "chunked"), ("upgrade", "h2c")]),
        (RESET, &[("te", "gzip"), ("te", "trailers, gzip")]),
    ] {
        for (name, value) in fields {
            let what = format!("{name:?}: {value:?}");
            rows.extend(in_both_sections(&what, &[], &field(name, value), reaction));
        }
    }
    check(&[], rows, &[]).await;

    let (good, bad) = (field("x-a", "1"), field("upgrade", "h2c"));
    let part = |kind, flags, block: &[u8]| frame(kind, flags, 1, block);
    let rows = [
        row("whole", &[part(HEADERS, END_STREAM, &good), part(CONTINUATION, END_HEADERS, &good)], Served),
        row("last part", &[part(HEADERS, END_STREAM, &good), part(CONTINUATION, END_HEADERS, &bad)], RESET),
        row("first part", &[part(HEADERS, END_STREAM, &bad), part(CONTINUATION, END_HEADERS, &good)], ENDED),
    ];
    check(&[begun("/"), content(0)], rows, &[]).await;
}

/// RFC 9113 sections 8.3, 8.3.1 and 8.5.
#[tokio::test]
async fn malformed_pseudo_headers_are_refused() {
    // Each letter stands for a field.
    let block = |letters: &str| -> Vec<u8> {
        let field = |letter| match letter {
            'm' => field(":method", "POST"),
            's' => field(":scheme", "https"),
            'a' => field(":authority", "localhost"),
            'p' => field(":path", "/"),
            _ => field("x-a", "1"),
        };
        letters.chars().flat_map(field).collect()
    };
    let mut rows = Vec::new();
    for (reaction, sections) in [
        (Served, &["msapx", "pasm"][..]),
        (RESET, &["msaxp", "xmsap", "mmsap", "mssap", "msaap", "msapp", "sap", "map", "msa", "x", ""]),
    ] {
        rows.extend(sections.iter().map(|letters| row(*letters, &[last(&block(letters))], reaction)));
    }
    for (letters, name, value, reaction) in [
        ("msap", ":unknown", "1", ENDED),
        ("msap", ":", "1", ENDED),
        ("msap", ":status", "200", RESET),
        ("msap", ":protocol", "websocket", RESET),
        ("sap", ":method", "", ENDED),
        ("sap", ":method", "CONNECT", RESET),
        ("msa", ":path", "", RESET),
        ("msa", ":path", "a", RESET),
        ("msa", ":path", "?x", Quiet),
        ("msa", ":path", "/?x", Served),
    ] {
        let block = [block(letters), field(name, value)].concat();
        rows.push(row(format!("{letters} {name} {value:?}"), &[last(&block)], reaction));
    }
    check(&[], rows, &[]).await;
}

/// RFC 9113 section 8.1.1.
#[tokio::test]
async fn content_length_that_is_not_the_sum_of_data_resets_the_stream() {
    let mut rows = Vec::new();
    for (length, reaction) in [("10", Served), ("9", RESET), ("11", RESET), ("5", RESET), ("ten", RESET)] {
        let block = [head("POST", "/"), field("content-length", length)].concat();
        let head = || frame(HEADERS, END_HEADERS, 1, &block);
        let one = frame(DATA, END_STREAM, 1, b"hellohello");
        let padded = frame(DATA, END_STREAM | PADDED, 1, b"\x01hello\0");
        rows.extend([
            row(format!("{length}, one DATA"), &[head(), one], reaction),
            row(format!("{length}, two DATA"), &[head(), content(0), content(END_STREAM)], reaction),
            row(format!("{length}, padded DATA"), &[head(), content(0), padded], reaction),
            row(format!("{length}, trailers"), &[head(), content(0), content(0), trailers()], reaction),
        ]);
    }
    for (lengths, reaction) in [(&["0"][..], Served), (&["1"], RESET), (&["0", "1"], RESET)] {
        let fields = lengths.iter().flat_map(|length| field("content-length", length));
        let block: Vec<_> = head("POST", "/").into_iter().chain(fields).collect();
        rows.push(row(format!("{lengths:?}, no DATA"), &[last(&block)], reaction));
    }
    check(&[], rows, &[]).await;
}

/// RFC 9113 section 4.3, RFC 7541 sections 2.3.3, 4.2, 5.1, 5.2, 6.1 and 6.3.
#[tokio::test]
async fn field_blocks_that_cannot_be_decoded_end_the_connection() {
    let value = |bytes: &[u8]| [&[0, 3], &b"x-a"[..], bytes].concat();
    let whole = field("x-a", "1");
    let mut rows = Vec::new();
    for (what, block, reaction) in [
        ("last entry of the table", vec![0xbd], Served),
        ("entry after it", vec![0xbe], ENDED),
        ("entry far after it", vec![0xff, 0xff, 1], ENDED),
        ("entry 0", vec![0x80], ENDED),
        ("last name of the table", vec![0x0f, 0x2e, 1, b'1'], Served),
        ("name after it", vec![0x0f, 0x2f, 1, b'1'], ENDED),
        ("name after it, to be indexed", vec![0x7e, 1, b'1'], ENDED),
        ("number without an end", vec![0xff; 8], ENDED),
        ("field without its last byte", whole[..whole.len() - 1].to_vec(), ENDED),
        ("size of the table after a field", [&whole[..], &[0x20]].concat(), ENDED),
        ("Huffman code", value(&[0x81, 0x0f]), Served),
        ("Huffman code padded with zeros", value(&[0x81, 0x08]), ENDED),
        ("Huffman code padded with a byte", value(&[0x82, 0x0f, 0xff]), ENDED),
        ("Huffman code that is padding", value(&[0x81, 0xff]), ENDED),
        ("Huffman code with EOS", value(&[0x85, 0xff, 0xff, 0xff, 0xfc, 0x3f]), ENDED),
    ] {
        rows.extend(in_both_sections(what, &[], &block, reaction));
    }
    for (what, size, reaction) in [
        ("table of 0", &[0x20][..], Served),
        ("table of 0, then 4096", &[0x20, 0x3f, 0xe1, 0x1f], Served),
        ("table of 4097", &[0x3f, 0xe2, 0x1f], ENDED),
    ] {
        rows.extend(in_both_sections(what, size, &whole, reaction));
    }
    check(&[], rows, &[]).await;
}

/// RFC 9113 section 4.3. Later streams depend on what such a block adds to the table.
#[tokio::test]
async fn field_blocks_of_reset_streams_are_decoded() {
    let indexed = [&[0x40], &field("x-a", "1")[1..]].concat();
    let malformed = field("upgrade", "h2c");
    let rows = [
        row("nothing", &[], ENDED),
        row("malformed", &[last(&[&malformed[..], &indexed].concat())], RESET),
        row("no end", &[frame(HEADERS, END_HEADERS, 1, &indexed)], RESET),
        row("trailers on the reset stream", &[last(&malformed), last(&indexed)], RESET),
    ];
    let newest = [head("GET", "/next"), vec![0xbe]].concat();
    check(&[begun("/"), content(0)], rows, &[frame(HEADERS, WHOLE, 3, &newest)]).await;
}
