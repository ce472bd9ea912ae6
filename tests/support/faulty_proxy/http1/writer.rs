use super::super::stream::Stream;
use http::HeaderMap;
use std::io::{self, Write};
use tokio::io::AsyncWriteExt;

/// The sending side of a message.
pub(in crate::support) struct Writer {
    stream: Stream,
    is_chunked: bool,
}

impl Writer {
    /// Writes a header section.
    pub(in crate::support) async fn begin(
        stream: &Stream,
        head: &[u8],
        is_chunked: bool,
    ) -> io::Result<Self> {
        let mut writer = Self { stream: stream.clone(), is_chunked };
        writer.write(head).await?;
        Ok(writer)
    }

    pub(in crate::support) async fn data(&mut self, data: &[u8]) -> io::Result<()> {
        if !self.is_chunked {
            return self.write(data).await;
        }
        // An empty chunk would be the last one.
        if data.is_empty() {
            return Ok(());
        }
        let size = format!("{:x}\r\n", data.len());
        self.write(&[size.as_bytes(), data, b"\r\n"].concat()).await
    }

    /// Trailers are lost if the content is not chunked.
    pub(in crate::support) async fn end(&mut self, trailers: &HeaderMap) -> io::Result<()> {
        if !self.is_chunked {
            return Ok(());
        }
        self.write(&head("0", trailers)).await
    }

    pub(in crate::support) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }
}

/// A first line, fields, and the empty line.
pub(in crate::support) fn head(first: &str, fields: &HeaderMap) -> Vec<u8> {
    let mut bytes = format!("{first}\r\n").into_bytes();
    for (name, value) in fields {
        write!(bytes, "{name}: ").expect("memory");
        bytes.extend(value.as_bytes());
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"\r\n");
    bytes
}
