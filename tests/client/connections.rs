//! Several URLs of one origin use one connection, as long as it is open.

use crate::support::{
    client::{Place, WIRES, Wire, sha256},
    scripted::{Answer, Frames, Scripted, Step, http1_requests},
    soon,
};

const CONTENT: &[u8] = b"content";

fn answer() -> Answer {
    Answer::new(CONTENT).field("trailer", "content-digest").trailer("content-digest", sha256(CONTENT))
}

fn urls(server: &Scripted, number: usize) -> Vec<String> {
    (0..number).map(|n| server.url(&format!("/{n}"))).collect()
}

async fn get(wire: Wire, server: &Scripted, number: usize) {
    let urls = urls(server, number);
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let place = Place::new();
    let ran = place.get(&[wire.options(), &urls].concat()).await;
    assert_eq!(ran.code(), 0, "{wire:?}: {ran:?}");
    let reports = ran.reports();
    assert!(
        reports.len() == number && reports.iter().all(|report| report["verdict"] == "verified"),
        "{ran:?}"
    );
    assert_eq!(place.names().len(), number, "{wire:?}");
}

#[tokio::test]
async fn several_urls_use_one_connection() {
    for wire in WIRES {
        let script = Step::answers(wire.is_http2, &vec![answer(); 20]);
        let server = Scripted::start(wire.security(), move |_| script.clone()).await;
        get(wire, &server, 20).await;
        assert_eq!(server.received().len(), 1, "{wire:?}");
    }
}

#[tokio::test]
async fn connection_that_was_closed_is_replaced() {
    // Over HTTP/2, a server says GOAWAY first.
    for wire in WIRES.into_iter().filter(|wire| !wire.is_http2) {
        // A whole response, and then the end.
        let script = [Step::answer(wire.is_http2, &answer()), vec![Step::Close]].concat();
        let server = Scripted::start(wire.security(), move |_| script.clone()).await;
        get(wire, &server, 5).await;
        assert_eq!(server.received().len(), 5, "{wire:?}");
    }
}

#[tokio::test]
async fn connection_is_not_used_again_if_the_server_says_so() {
    let wire = WIRES[0];
    // The server keeps it open all the same.
    let both = Step::answers(false, &[answer().field("connection", "close"), answer()]);
    let server = Scripted::start(wire.security(), move |_| both.clone()).await;
    get(wire, &server, 3).await;
    assert_eq!(server.received().len(), 3);

    let wire = WIRES[3];
    let both = [Step::respond(true, answer().http2(1).then(Frames::new().goaway(1, 0))), vec![Step::Request]]
        .concat();
    let server = Scripted::start(wire.security(), move |_| both.clone()).await;
    get(wire, &server, 3).await;
    assert_eq!(server.received().len(), 3);
}

/// A request on a connection that closes at the same time has had no effect, and is sent again.
#[tokio::test]
async fn request_that_meets_a_closed_connection_is_sent_again() {
    for wire in WIRES {
        let whole = Step::answer(wire.is_http2, &answer());
        // The second request arrives, and gets no response.
        let script = move |n| match n {
            0 => [&whole[..], &[Step::Request, Step::Close]].concat(),
            _ => whole.clone(),
        };
        let server = Scripted::start(wire.security(), script).await;
        let place = Place::new();
        let urls = urls(&server, 2);
        let ran = place.get(&[wire.options(), &[&urls[0], &urls[1]]].concat()).await;
        let codes: Vec<_> = ran.reports().iter().map(|report| report["exit_code"].clone()).collect();
        // RFC 9110 §9.2.2: `GET` may be repeated. It is not a success without a response.
        assert_eq!(codes[0], 0, "{wire:?}: {ran:?}");
        let is_repeated = server.received().len() == 2;
        assert_eq!(codes[1], if is_repeated { 0 } else { 6 }, "{wire:?}: {ran:?}");
    }
}

/// What is sent with each request: trailers and digests are asked for, and no coding.
#[tokio::test]
async fn request_asks_for_trailers_digests_and_no_coding() {
    let server = WIRES[0].answering(&answer()).await;
    let ran = Place::new().get(&[&server.url("/a/file?x=%20y#part")]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    let received = server.received();
    let [request] = &http1_requests(received[0].as_bytes())[..] else { panic!("{received:?}") };
    assert!(request.head.starts_with("GET /a/file?x=%20y HTTP/1.1\r\n"), "{}", request.head);
    for (name, value) in [
        ("host", Some(server.address.to_string())),
        ("te", Some("trailers".to_owned())),
        ("connection", Some("TE".to_owned())),
        ("accept-encoding", Some("identity".to_owned())),
        ("range", None),
        ("authorization", None),
        ("cookie", None),
        ("referer", None),
    ] {
        let is_same = match (&value, request.field(name)) {
            (Some(value), Some(found)) => value.eq_ignore_ascii_case(found),
            (None, None) => true,
            _ => false,
        };
        assert!(is_same, "{name} is not {value:?}: {}", request.head);
    }
    for name in ["want-content-digest", "want-repr-digest"] {
        let value = request.field(name).expect("the field");
        assert!(value.contains("sha-256=") && value.contains("sha-512="), "{name}: {value}");
    }
}

/// The same over HTTP/2, where `Connection` is forbidden (RFC 9113 §8.2.2).
#[tokio::test]
async fn request_over_http2_asks_for_the_same_without_connection() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/file", listener.local_addr().expect("its address"));
    let served = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.expect("a connection");
        let mut connection = h2::server::handshake(tcp).await.expect("a preface");
        let (request, mut respond) = connection.accept().await.expect("a request").expect("a request");
        respond.send_response(http::Response::new(()), true).expect("sent");
        // Until the client closes.
        while connection.accept().await.is_some() {}
        request
    });
    let ran = Place::new().get(&["--http2-prior-knowledge", &url]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    let request = soon("the end of the connection", served).await.expect("no panic");
    let fields = request.headers();
    for (name, value) in [
        ("te", Some("trailers")),
        ("accept-encoding", Some("identity")),
        ("connection", None),
        ("host", None),
    ] {
        assert_eq!(fields.get(name).map(|found| found.to_str().expect("text")), value, "{name}: {fields:?}");
    }
    assert!(
        fields.contains_key("want-content-digest") && fields.contains_key("want-repr-digest"),
        "{fields:?}"
    );
}
