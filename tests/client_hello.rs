//! Data in a client's first message does not fill the log.

use crate::support::{
    process::{Process, Signal},
    soon,
};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Some clients send the server's IP address as its name.
#[tokio::test]
async fn address_in_place_of_a_name_is_logged_only_if_the_filter_names_rustls() {
    for (filter, is_logged) in
        [("info", false), ("debug", false), ("axum_trailers=info,warn", false), ("rustls=warn,info", true)]
    {
        let mut process = Process::start(&["--listen", "127.0.0.1:0", "--redirect", "off", "--log", filter]);
        let answer = greet(process.address("https")).await;
        assert_eq!(answer.first(), Some(&HANDSHAKE), "a ServerHello");
        process.signal(Signal::TERM);
        let (status, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
        assert!(status.success() && log.contains("SIGTERM"), "{log}");
        assert_eq!(log.contains("Illegal SNI"), is_logged, "--log {filter}: {log}");
    }
}

/// Sends a `ClientHello` and returns the beginning of the answer.
async fn greet(address: SocketAddr) -> Vec<u8> {
    let mut client = TcpStream::connect(address).await.expect("a connection");
    client.write_all(&client_hello("127.0.0.1")).await.expect("sent");
    let mut answer = vec![0; 1024];
    let received = soon("an answer", client.read(&mut answer)).await.expect("an answer");
    answer.truncate(received);
    answer
}

/// The content type of a record ([RFC 8446 §5.1](https://www.rfc-editor.org/rfc/rfc8446#section-5.1)).
const HANDSHAKE: u8 = 22;

/// A record with a TLS 1.2 `ClientHello` ([RFC 5246 §7.4.1.2](https://www.rfc-editor.org/rfc/rfc5246#section-7.4.1.2))
/// and this server name ([RFC 6066 §3](https://www.rfc-editor.org/rfc/rfc6066#section-3)).
fn client_hello(name: &str) -> Vec<u8> {
    let host_name = [&[0][..], &with_length::<2>(name.as_bytes())].concat();
    let extensions = [
        extension(0, &with_length::<2>(&host_name)),
        // x25519, secp256r1
        extension(10, &with_length::<2>(&[0, 29, 0, 23])),
        // ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256, rsa_pkcs1_sha256
        extension(13, &with_length::<2>(&[4, 3, 8, 4, 4, 1])),
        // Extended master secret
        extension(23, &[]),
    ];
    let hello = [
        // Version and random.
        &[3, 3][..],
        &[7; 32],
        // No session
        &[0],
        // ECDHE with AES-128-GCM, by ECDSA and by RSA
        &with_length::<2>(&[0xC0, 0x2B, 0xC0, 0x2F]),
        // No compression
        &[1, 0],
        &with_length::<2>(&extensions.concat()),
    ];
    let message = [&[1][..], &with_length::<3>(&hello.concat())].concat();
    [&[HANDSHAKE, 3, 1][..], &with_length::<2>(&message)].concat()
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &with_length::<2>(content)].concat()
}

/// Prefixes bytes with their length in this number of bytes.
fn with_length<const BYTES: usize>(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len().to_be_bytes();
    [&length[length.len() - BYTES..], bytes].concat()
}
