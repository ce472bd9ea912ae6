use crate::{
    bounds::MOST_SECTION,
    exchange::{Error, Exchange, Incoming, OnInformational},
    io::{MOST_INFORMATIONAL, too_many_informational},
    verdict::Cut,
    verify::content_length,
};
use axum_trailers_quic::{
    Content, ReceiveError, RecvStream, Stream, check_fields,
    h3::{
        client::RequestStream,
        error::{Code, StreamError},
    },
};
use bytes::Bytes;
use http::{Response, StatusCode};
use std::future::poll_fn;

/// A response whose header section has not arrived. If it is dropped, the request is cancelled
/// ([RFC 9114 §4.1.1](https://www.rfc-editor.org/rfc/rfc9114#section-4.1.1)).
pub(super) struct Awaited {
    /// `None` once it has arrived.
    receiving: Option<RequestStream<RecvStream, Bytes>>,
    control: Stream,
    exchange: Exchange,
}

impl Awaited {
    pub(super) fn new(
        receiving: RequestStream<RecvStream, Bytes>,
        control: Stream,
        exchange: Exchange,
    ) -> Self {
        Self { receiving: Some(receiving), control, exchange }
    }

    /// Receives the header section, and the informational responses in front of it.
    pub(super) async fn receive(
        mut self,
        is_of_head: bool,
        receiver: Option<OnInformational>,
    ) -> Result<Response<Incoming>, Error> {
        let mut number = 0;
        loop {
            let head = self.next().await.map_err(Error::NoResponse)?;
            if !head.status().is_informational() {
                return self.arrived(head, is_of_head).map_err(Error::NoResponse);
            }
            if number == MOST_INFORMATIONAL {
                return Err(Error::NoResponse(too_many_informational()));
            }
            number += 1;
            self.exchange.progress();
            if head.status() == StatusCode::CONTINUE {
                self.exchange.open();
            }
            if let Some(receiver) = &receiver {
                receiver.call(head.status(), head.headers());
            }
        }
    }

    async fn next(&mut self) -> Result<Response<()>, Cut> {
        let Self { receiving, control, exchange } = self;
        let receiving = receiving.as_mut().expect("it is taken once the head has arrived");
        tokio::select! {
            biased;
            head = receiving.recv_response() => head.map_err(|error| cut(error, control)).and_then(check),
            // The caller names the failure.
            () = poll_fn(|cx| exchange.poll_failed(cx)) => Err(Cut::Closed),
        }
    }

    fn arrived(mut self, head: Response<()>, is_of_head: bool) -> Result<Response<Incoming>, Cut> {
        let status = head.status();
        let has_content =
            !is_of_head && ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
        let length = if has_content {
            let wrong = |_| Cut::Malformed("its Content-Length is no number of bytes".to_owned());
            content_length(head.headers()).map_err(wrong)?
        } else {
            Some(0)
        };
        let receiving = self.receiving.take().expect("it is taken once");
        let content = Content::of_response(receiving, &self.control, length);
        Ok(head.map(|()| Incoming::of_http3(content, length, self.exchange.clone())))
    }
}

/// HTTP/3 has no fields of a connection, and no upgrade
/// ([RFC 9114 §4.2](https://www.rfc-editor.org/rfc/rfc9114#section-4.2),
/// [§4.5](https://www.rfc-editor.org/rfc/rfc9114#section-4.5)).
fn check(head: Response<()>) -> Result<Response<()>, Cut> {
    if head.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Cut::Malformed("HTTP/3 has no status 101".to_owned()));
    }
    check_fields(head.headers()).map_err(|fault| Cut::of_http3(&fault.into()))?;
    Ok(head)
}

fn cut(error: StreamError, control: &Stream) -> Cut {
    match ReceiveError::of(error, control) {
        ReceiveError::SectionTooLarge { .. } => {
            Cut::TooLarge(format!("the header section has more than {MOST_SECTION} bytes"))
        }
        error => Cut::of_http3(&error),
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        if let Some(receiving) = &mut self.receiving {
            receiving.stop_sending(Code::H3_REQUEST_CANCELLED);
            self.control.reset(Code::H3_REQUEST_CANCELLED);
            self.exchange.end();
        }
    }
}
