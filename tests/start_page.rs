//! `GET /` redirects browsers to the page, and sends other clients the chunks and their trailer.

use crate::support::{TestServer, clients, raw, read, workbench};
use std::time::Duration;

/// Values of `Accept`, and whether a browser sends them.
const CASES: [(Option<&str>, bool); 11] = [
    // Firefox, Chromium.
    (Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), true),
    (
        Some(
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
        ),
        true,
    ),
    (Some("text/html"), true),
    (Some("text/*;q=0.5, text/html"), true),
    (None, false),
    // curl, `fetch`.
    (Some("*/*"), false),
    (Some("text/*"), false),
    (Some("text/plain, text/html"), false),
    (Some("text/html;q=0.5, */*"), false),
    (Some("text/html;q=0"), false),
    (Some("image/png"), false),
];

#[tokio::test]
async fn only_clients_that_prefer_html_are_redirected_to_the_page() {
    let server = TestServer::start(workbench(".").router());
    for (protocol, client) in clients() {
        for (accept, is_redirected) in CASES {
            for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
                let case = format!("{method} with {accept:?} over {protocol}");
                let mut request = client.request(method.clone(), server.url("/"));
                if let Some(accept) = accept {
                    request = request.header("accept", accept);
                }
                let response = request.send().await.expect("a response");
                let field =
                    |name: &str| response.headers().get(name).map(|value| value.to_str().expect("text"));
                assert_eq!(field("vary"), Some("accept"), "{case}");
                assert_eq!(field("cache-control"), Some("no-store"), "{case}");
                let (status, location) = if is_redirected { (303, Some("/ui")) } else { (200, None) };
                assert_eq!((response.status().as_u16(), field("location")), (status, location), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn redirect_ends_at_the_page_and_the_chunks_keep_their_trailer() {
    let server = TestServer::start(workbench(".").router());
    for (protocol, client) in clients() {
        let asked = |accept: &'static str| {
            client.get(server.url("/")).header("te", "trailers").header("accept", accept).send()
        };
        let redirect = asked("text/html").await.expect("a response");
        assert!(!redirect.headers().contains_key("trailer"), "{protocol}");
        let page = redirect.headers()["location"].to_str().expect("text").to_owned();
        let ending = read(redirect).await.expect("no error");
        assert!(ending.content.is_empty() && ending.trailers.is_none(), "{protocol}");
        let page = server.get(&client, &page).await;
        assert_eq!(page.status(), 200, "{protocol}");
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8", "{protocol}");

        let ending = read(asked("*/*").await.expect("a response")).await.expect("no error");
        assert_eq!(ending.content, b"hello...world\n", "{protocol}");
        assert_eq!(ending.trailers.expect("trailers")["chunky-trailer"], "foo", "{protocol}");
    }
}

#[tokio::test]
async fn articles_demo_has_its_pause_its_trailer_and_its_own_field() {
    let server = TestServer::start(workbench(".").router());
    for (protocol, client) in clients() {
        let began = std::time::Instant::now();
        let response = server.get(&client, "/").await;
        assert_eq!(response.headers()["trailer"], "chunky-trailer", "{protocol}");
        assert_eq!(response.headers()["trailers"], "chunky-trailer", "{protocol}");
        let ending = read(response).await.expect("no error");
        assert!(began.elapsed() >= Duration::from_secs(2), "{protocol}");
        assert_eq!(ending.content, b"hello...world\n", "{protocol}");
        let trailers = ending.trailers.expect("trailers");
        assert_eq!((trailers.len(), &trailers["chunky-trailer"]), (1, &"foo".parse().expect("a value")));
    }

    let wire = raw::http1(server.address, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(!wire.to_lowercase().contains("trailer"), "{wire}");
}
