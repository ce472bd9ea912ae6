//! An upload that the server cuts is broken for its reader, even one on another runtime.

use super::prelude::{RawBody, ReadContent, Router, post};
use crate::support::{TestServer, raw, soon};
use std::{num::NonZeroUsize, thread};
use tokio::{io::AsyncWriteExt, runtime::Handle, sync::mpsc};

/// Reads on the test's runtime, which outlives the server's threads.
fn app(came: mpsc::UnboundedSender<Result<String, String>>) -> Router {
    let elsewhere = Handle::current();
    let read = move |RawBody(mut body): RawBody| async move {
        elsewhere.spawn(async move {
            let mut content = String::new();
            while let Some(chunk) = body.data().await {
                match chunk {
                    Ok(chunk) => content += &String::from_utf8_lossy(&chunk),
                    Err(_broken) => return came.send(Err(content)),
                }
                came.send(Ok(content.clone())).expect("it is waited for");
            }
            came.send(Ok(content + ", whole"))
        });
        std::future::pending::<()>().await;
    };
    Router::new().route("/", post(read))
}

const HEADS: [&str; 2] = ["content-length: 10", "transfer-encoding: chunked"];

#[tokio::test]
async fn upload_that_the_end_of_the_server_cuts_is_broken() {
    for threads in [1, thread::available_parallelism().map_or(2, NonZeroUsize::get)] {
        for head in [HEADS[0], HEADS[1], "h2"] {
            let (sender, mut came) = mpsc::unbounded_channel();
            let mut server = TestServer::with(app(sender), |server| server.threads(threads));
            let mut client = match head {
                "h2" => raw::http2_began(server.address, "POST", "/").await,
                _ => raw::tls(server.address, "http/1.1").await,
            };
            let bytes = match head {
                "h2" => raw::http2_frame(0, 0, 1, b"hello"),
                "content-length: 10" => {
                    format!("POST / HTTP/1.1\r\nhost: a\r\n{head}\r\n\r\nhello").into_bytes()
                }
                _ => format!("POST / HTTP/1.1\r\nhost: a\r\n{head}\r\n\r\n5\r\nhello\r\n").into_bytes(),
            };
            client.write_all(&bytes).await.expect("sent");
            while soon("content", came.recv()).await.expect("content") != Ok("hello".to_owned()) {}

            server.handle.abort();
            soon("the end", &mut server.served).await.expect("no panic").expect("no error");
            let end = loop {
                match soon("the end of the content", came.recv()).await.expect("an end") {
                    // hyper 0.14's channel also yields empty chunks.
                    Ok(content) if content == "hello" => {}
                    end => break end,
                }
            };
            assert_eq!(end, Err("hello".to_owned()), "{head} on {threads} threads");
        }
    }
}

#[tokio::test]
async fn upload_that_comes_to_its_end_is_whole() {
    let (sender, mut came) = mpsc::unbounded_channel();
    let server = TestServer::start(app(sender));
    for (head, content) in [(HEADS[0], "helloworld"), (HEADS[1], "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n")] {
        let mut client = raw::tls(server.address, "http/1.1").await;
        let request = format!("POST / HTTP/1.1\r\nhost: a\r\n{head}\r\n\r\n{content}");
        client.write_all(request.as_bytes()).await.expect("sent");
        while soon("content", came.recv()).await.expect("content") != Ok("helloworld, whole".to_owned()) {}
    }
}
