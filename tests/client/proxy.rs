//! Which requests pass a proxy: it may see credentials.

use crate::support::{
    client::{Place, WIRES},
    scripted::Answer,
    soon,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::net::TcpListener;

/// A proxy that closes each connection, and the number of them.
async fn proxy() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        while let Ok(connection) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(connection);
        }
    });
    (url, connections)
}

#[tokio::test]
async fn options_and_variables_choose_the_proxy_and_its_exceptions() {
    let server = WIRES[0].answering(&Answer::new(b"content")).await;
    let (proxy, connections) = proxy().await;
    let url = server.url("/file");
    // Options, variables, and whether the proxy is used. `P` stands for its URL.
    for (options, variables, is_used) in [
        (&[][..], &[][..], false),
        (&["-x", "P"], &[], true),
        (&["-x", "P", "--noproxy", "*"], &[], false),
        (&["-x", "P", "--noproxy", "localhost,127.0.0.0/8"], &[], false),
        (&["-x", "P", "--noproxy", "example.com"], &[], true),
        (&["-x", "P"], &[("NO_PROXY", "*")], false),
        (&["-x", "P", "--noproxy", "example.com"], &[("no_proxy", "*")], true),
        (&[], &[("http_proxy", "P")], true),
        (&["-x", ""], &[("http_proxy", "P")], false),
        (&["--noproxy", "*"], &[("http_proxy", "P")], false),
        (&[], &[("http_proxy", "P"), ("no_proxy", "*")], false),
        (&[], &[("all_proxy", "P"), ("NO_PROXY", "127.0.0.1")], false),
        (&[], &[("all_proxy", "P"), ("no_proxy", "example.com"), ("NO_PROXY", "*")], true),
        // A CGI program gets a field of its client in it.
        (&[], &[("HTTP_PROXY", "P")], false),
        (&[], &[("https_proxy", "P")], false),
    ] {
        let place = Place::new();
        let value = |text: &'static str| if text == "P" { proxy.as_str() } else { text };
        let options: Vec<_> = options.iter().map(|option| value(option)).collect();
        let mut command = place.command(&[&["get", "-O", &url], options.as_slice()].concat());
        command.envs(variables.iter().map(|(name, text)| (name, value(text))));
        let before = connections.load(Ordering::SeqCst);
        let running = tokio::process::Command::from(command).kill_on_drop(true).output();
        let ran = soon("the end of the process", running).await.expect("started");
        let was_used = connections.load(Ordering::SeqCst) > before;
        let case = format!("{options:?} {variables:?}: {ran:?}");
        assert_eq!(was_used, is_used, "{case}");
        assert_eq!(ran.status.code(), Some(if is_used { 3 } else { 0 }), "{case}");
        assert_eq!(place.read("file").is_some(), !is_used, "{case}");
    }
}
