//! An upload that the server cuts is broken for its reader, even one on another runtime.

use super::prelude::{RawBody, ReadContent, Router, post};
use crate::support::{
    TestServer,
    protocols::{Protocol, over_each_protocol},
    soon,
};
use std::{num::NonZeroUsize, thread};
use tokio::{runtime::Handle, sync::mpsc};

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

/// Content that announces its length, and content that does not.
const LENGTHS: [&[(&str, &str)]; 2] = [&[("content-length", "10")], &[]];

over_each_protocol! {
    upload_that_the_end_of_the_server_cuts_is_broken;
    upload_that_comes_to_its_end_is_whole;
}

async fn upload_that_the_end_of_the_server_cuts_is_broken(protocol: Protocol) {
    for threads in [1, thread::available_parallelism().map_or(2, NonZeroUsize::get)] {
        for length in LENGTHS {
            let (sender, mut came) = mpsc::unbounded_channel();
            let mut server = TestServer::with(app(sender), |server| server.threads(threads));
            let client = protocol.client(server.address).await;
            let request = client.request("POST", "/").headers(length).body("hello");
            let _upload = request.begin().await.expect("a stream");
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
            assert_eq!(end, Err("hello".to_owned()), "{length:?} on {threads} threads");
        }
    }
}

async fn upload_that_comes_to_its_end_is_whole(protocol: Protocol) {
    let (sender, mut came) = mpsc::unbounded_channel();
    let server = TestServer::start(app(sender));
    let client = protocol.client(server.address).await;
    for length in LENGTHS {
        let request = client.request("POST", "/").headers(length).body("hello");
        let mut upload = request.begin().await.expect("a stream");
        upload.end("world").await;
        while soon("content", came.recv()).await.expect("content") != Ok("helloworld, whole".to_owned()) {}
    }
}
