use super::{
    super::response::{Body as AnyBody, Cut, Piece, Response, Why},
    connection::Shared,
    frames::{Frame, Frames, REQUEST_CANCELLED},
    qpack,
};
use axum_trailers_testing::http3::{DATA, HEADERS, frame, section};
use http::{HeaderMap, StatusCode};
use quinn::{RecvStream, SendStream};
use std::sync::Arc;

/// A request under way. Dropping it before its end resets the stream, and stops the server.
pub(crate) struct Exchange {
    send: SendStream,
    frames: Option<Frames>,
    connection: Arc<Shared>,
    is_head: bool,
    has_ended: bool,
}

impl Exchange {
    pub(super) fn new(send: SendStream, receive: RecvStream, connection: Arc<Shared>, is_head: bool) -> Self {
        Self { send, frames: Some(Frames::new(receive)), connection, is_head, has_ended: false }
    }

    pub(super) fn end_here(&mut self) {
        // The server may have stopped it.
        let _taken = self.send.finish();
        self.has_ended = true;
    }

    pub(in super::super) async fn send(&mut self, chunk: &[u8]) -> bool {
        if chunk.is_empty() {
            return true;
        }
        self.write(DATA, chunk).await
    }

    pub(in super::super) async fn end(&mut self, last: &[u8], trailers: &HeaderMap) -> bool {
        let mut taken = self.send(last).await;
        if !trailers.is_empty() {
            let fields = trailers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
            taken = self.write(HEADERS, &section(fields)).await;
        }
        self.end_here();
        taken
    }

    async fn write(&mut self, kind: u64, payload: &[u8]) -> bool {
        self.send.write_all(&frame(kind, payload)).await.is_ok()
    }

    pub(in super::super) async fn response(&mut self) -> Result<Response, Cut> {
        let mut frames = self.frames.take().expect("one response");
        loop {
            let section = match frames.next().await? {
                Some(Frame::Other { kind: HEADERS, payload }) => qpack::decode(&payload)?,
                Some(_) => return Err(Why::Malformed("no header section".to_owned()).into()),
                None => return Err(Why::Short.into()),
            };
            let [(name, status)] = &section.pseudo[..] else {
                return Err(Why::Malformed(format!("pseudo-fields {:?}", section.pseudo)).into());
            };
            assert_eq!(name, ":status");
            let status = StatusCode::from_bytes(status).expect("a status");
            if status.is_informational() {
                continue;
            }
            let length = section.fields.get("content-length").filter(|_| !self.is_head && status != 304);
            let length =
                length.map(|length| length.to_str().ok().and_then(|n| n.parse().ok()).expect("a number"));
            let body = Body {
                frames,
                length,
                received: 0,
                has_trailers: false,
                _connection: self.connection.clone(),
            };
            return Ok(Response::new(status, section.fields, AnyBody::Http3(body)));
        }
    }

    /// The status of an informational response.
    pub(in super::super) async fn informational(&mut self) -> StatusCode {
        let frame = self.frames.as_mut().expect("no response yet").next().await.expect("no end");
        let Some(Frame::Other { kind: HEADERS, payload }) = frame else { panic!("no header section") };
        let section = qpack::decode(&payload).expect("a section");
        StatusCode::from_bytes(&section.pseudo[0].1).expect("a status")
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // quinn would end it.
        if !self.has_ended {
            let _stopped = self.send.reset(REQUEST_CANCELLED);
        }
    }
}

/// The rest of a response.
pub(crate) struct Body {
    frames: Frames,
    /// The length that the header section announces.
    length: Option<u64>,
    received: u64,
    has_trailers: bool,
    _connection: Arc<Shared>,
}

impl Body {
    pub(in super::super) async fn next(&mut self) -> Result<Option<Piece>, Why> {
        let frame = self.frames.next().await?;
        if self.has_trailers && frame.is_some() {
            return Err(Why::Malformed("a frame behind the trailer section".to_owned()));
        }
        match frame {
            Some(Frame::Data(data)) => {
                self.received += data.len() as u64;
                Ok(Some(Piece::Data(data)))
            }
            Some(Frame::Other { kind: HEADERS, payload }) => {
                let section = qpack::decode(&payload)?;
                if !section.pseudo.is_empty() {
                    return Err(Why::Malformed(format!("pseudo-fields in trailers: {:?}", section.pseudo)));
                }
                self.has_trailers = true;
                Ok(Some(Piece::Trailers(section.fields)))
            }
            Some(Frame::Other { kind, .. }) => Err(Why::Malformed(format!("a frame of type {kind}"))),
            None if self.length.is_some_and(|length| length != self.received) => Err(Why::Short),
            None => Ok(None),
        }
    }
}
