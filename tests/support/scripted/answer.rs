use super::{Frames, frames::END_STREAM};

/// A response that either protocol can carry. Without `Content-Length` it is chunked over HTTP/1.1.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Fields,
    pub(crate) content: Vec<u8>,
    /// Without a section there is also no announcement.
    pub(crate) trailers: Option<Fields>,
}

type Fields = Vec<(String, Vec<u8>)>;

impl Answer {
    pub(crate) fn new(content: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, fields: Vec::new(), content: content.into(), trailers: None }
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.trailers.get_or_insert_default().push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Announces the length of its content.
    pub(crate) fn sized(self) -> Self {
        let length = self.content.len().to_string();
        self.field("content-length", length)
    }

    fn is_sized(&self) -> bool {
        self.fields.iter().any(|(name, _)| name == "content-length")
    }

    /// The head over HTTP/1.1, with its empty line.
    pub(crate) fn http1_head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Status\r\n", self.status).into_bytes();
        push_lines(&mut head, &self.fields);
        if !self.is_sized() {
            head.extend(b"transfer-encoding: chunked\r\n");
        }
        head.extend(b"\r\n");
        head
    }

    /// What follows the head over HTTP/1.1.
    pub(crate) fn http1_content(&self) -> Vec<u8> {
        if self.is_sized() {
            return self.content.clone();
        }
        let mut content = Vec::new();
        // Two chunks, so that a cut can be between them.
        for chunk in self.content.chunks(self.content.len().div_ceil(2).max(1)) {
            content.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
            content.extend(chunk);
            content.extend(b"\r\n");
        }
        content.extend(b"0\r\n");
        push_lines(&mut content, self.trailers.as_deref().unwrap_or_default());
        content.extend(b"\r\n");
        content
    }

    /// All of it over HTTP/1.1.
    pub(crate) fn http1(&self) -> Vec<u8> {
        [self.http1_head(), self.http1_content()].concat()
    }

    /// All of it over HTTP/2, on this stream.
    pub(crate) fn http2(&self, stream: u8) -> Frames {
        let frames = self.http2_head(stream);
        match &self.trailers {
            None => frames.data(stream, END_STREAM, &self.content),
            Some(trailers) => {
                frames.data(stream, 0, &self.content).section(stream, END_STREAM, borrowed(trailers))
            }
        }
    }

    /// The head over HTTP/2.
    pub(crate) fn http2_head(&self, stream: u8) -> Frames {
        let status = self.status.to_string();
        let fields = [(":status", status.as_bytes())].into_iter().chain(borrowed(&self.fields));
        Frames::new().section(stream, 0, fields)
    }
}

fn borrowed(fields: &[(String, Vec<u8>)]) -> impl Iterator<Item = (&str, &[u8])> {
    fields.iter().map(|(name, value)| (&**name, &**value))
}

fn push_lines(message: &mut Vec<u8>, fields: &[(String, Vec<u8>)]) {
    for (name, value) in fields {
        message.extend(name.as_bytes());
        message.extend(b": ");
        message.extend(value);
        message.extend(b"\r\n");
    }
}
