use super::super::stream::Stream;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::io;
use tokio::io::AsyncReadExt;

/// The receiving side of a connection, with bytes that were received and not used yet.
pub(in crate::support) struct Reader {
    stream: Stream,
    received: BytesMut,
}

impl Reader {
    pub(in crate::support) fn new(stream: Stream) -> Self {
        Self { stream, received: BytesMut::new() }
    }

    /// The first line and the fields of a message.
    pub(in crate::support) async fn head(&mut self) -> io::Result<(String, HeaderMap)> {
        let first = self.line().await?;
        Ok((first, self.fields().await?))
    }

    /// Fields to the empty line.
    pub(super) async fn fields(&mut self) -> io::Result<HeaderMap> {
        let mut fields = HeaderMap::new();
        loop {
            let line = self.bytes().await?;
            if line.is_empty() {
                return Ok(fields);
            }
            let colon = line.iter().position(|byte| *byte == b':');
            let (name, value) = line.split_at(colon.ok_or_else(|| invalid("a field without a colon"))?);
            let name = HeaderName::try_from(name).map_err(invalid)?;
            fields.append(name, HeaderValue::from_bytes(value[1..].trim_ascii()).map_err(invalid)?);
        }
    }

    /// A line without its end.
    pub(super) async fn line(&mut self) -> io::Result<String> {
        String::from_utf8(self.bytes().await?.to_vec()).map_err(invalid)
    }

    async fn bytes(&mut self) -> io::Result<Bytes> {
        loop {
            if let Some(end) = self.received.windows(2).position(|bytes| bytes == b"\r\n") {
                return Ok(self.received.split_to(end + 2).freeze().slice(..end));
            }
            if !self.receive().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Some bytes, at most as many as this. Empty at the end of the connection.
    pub(in crate::support) async fn some(&mut self, most: u64) -> io::Result<Bytes> {
        if self.received.is_empty() {
            self.receive().await?;
        }
        let length = usize::try_from(most).map_or(self.received.len(), |most| most.min(self.received.len()));
        Ok(self.received.split_to(length).freeze())
    }

    /// Returns false at the end of the connection.
    async fn receive(&mut self) -> io::Result<bool> {
        self.received.reserve(64 * 1024);
        Ok(self.stream.read_buf(&mut self.received).await? > 0)
    }
}

pub(super) fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
