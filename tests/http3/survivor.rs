//! The binary as a process, which must survive what a test does to it.

use super::peer::{Peer, Response};
use crate::support::process::{Process, Signal};
use axum_trailers_testing::http3::head;
use std::net::SocketAddr;

/// A server with a connection that is open before and after.
pub(super) struct Survivor {
    process: Process,
    pub(super) address: SocketAddr,
    other: Peer,
    before: u64,
}

/// How much larger the server's memory may be at its peak, in KiB.
pub(super) const MOST: u64 = 32 * 1024;

impl Survivor {
    pub(super) async fn start(options: &[&str]) -> Self {
        let usual = ["--listen", "127.0.0.1:0", "--redirect", "off", "--threads", "1"];
        let mut process = Process::start(&[&usual, options].concat());
        let address = process.address("https");
        process.read_log();
        let other = Peer::connect(address).await;
        is_served(&other).await;
        let before = process.memory("VmRSS");
        Self { process, address, other, before }
    }

    /// Waits for a line of its log that contains all these parts.
    pub(super) async fn logged(&mut self, parts: &[&str]) {
        self.process.logged(parts).await;
    }

    /// Asks it to shut down.
    pub(super) fn shut_down(&self) {
        self.process.signal(Signal::TERM);
    }

    /// Asserts that the other connection is served, that new ones are, that the memory was bounded, and that nothing has
    /// panicked. The figures are printed.
    pub(super) async fn survives(mut self, what: &str) {
        is_served(&self.other).await;
        is_served(&Peer::connect(self.address).await).await;
        let peak = self.process.memory("VmHWM").saturating_sub(self.before);
        println!("{what}: {} KiB before, {peak} KiB more at the peak", self.before);
        self.process.signal(Signal::TERM);
        drop(self.other);
        let (status, log) = self.process.end();
        assert!(status.success(), "{status}\n{log}");
        assert!(!log.contains("panicked") && !log.contains(" ERROR "), "{log}");
        assert!(peak < MOST, "{what}: {peak} KiB more");
    }
}

async fn is_served(peer: &Peer) {
    let (_send, mut recv) = peer.request(&head("GET", "/bytes/64", &[])).await;
    let response = Response::read(&mut recv).await.expect("a response");
    assert_eq!((response.status(), response.content.len()), (200, 64));
}
