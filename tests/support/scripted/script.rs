use super::{Answer, Frames};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;

/// What a server does next on a connection. After the last step it reads until the client closes.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Waits for the next request, with its content.
    Request,
    /// Waits for the header section of the next request only.
    Head,
    Send(Vec<u8>),
    /// Sends pieces of `size` bytes, with a pause after each.
    Pace {
        bytes: Vec<u8>,
        size: usize,
        pause: Duration,
    },
    /// Sends these bytes until the client closes, but at most so many times.
    Flood {
        bytes: Vec<u8>,
        times: usize,
    },
    /// Waits for the test.
    Wait(Arc<Notify>),
    /// Sends and reads nothing more.
    Silence,
    /// Sends the end, after a `close_notify` over TLS.
    Close,
    /// Sends the end of the TCP connection, over TLS without a `close_notify`.
    Abort,
    /// Sends a TCP RST.
    Reset,
}

impl Step {
    /// Answers one request.
    pub(crate) fn answer(is_http2: bool, answer: &Answer) -> Vec<Self> {
        Self::answers(is_http2, std::slice::from_ref(answer))
    }

    /// Answers as many requests, one after the other.
    pub(crate) fn answers(is_http2: bool, answers: &[Answer]) -> Vec<Self> {
        let mut steps = Vec::new();
        for (n, answer) in answers.iter().enumerate() {
            let stream = u8::try_from(2 * n + 1).expect("few streams");
            let bytes = if is_http2 { answer.http2(stream).into() } else { answer.http1() };
            match n {
                0 => steps.extend(Self::respond(is_http2, bytes)),
                _ => steps.extend([Self::Request, Self::Send(bytes)]),
            }
        }
        steps
    }

    /// Answers one request with these bytes, which are frames over HTTP/2.
    pub(crate) fn respond(is_http2: bool, bytes: impl Into<Vec<u8>>) -> Vec<Self> {
        let bytes = bytes.into();
        if !is_http2 {
            return vec![Self::Request, Self::Send(bytes)];
        }
        let preface = Self::Send(Frames::preface().into());
        vec![preface, Self::Request, Self::Send([Frames::acknowledged().into(), bytes].concat())]
    }
}
