use super::{
    super::{body::Piece, message::Broken},
    Reader,
    reader::invalid,
};
use http::{
    HeaderMap,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};
use std::io;

/// What follows a header section.
pub(in crate::support) struct Body {
    reader: Reader,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many bytes follow.
    Length(u64),
    /// A chunk follows.
    Chunked,
    /// So many bytes of a chunk follow.
    Chunk(u64),
    /// Everything to the end of the connection follows.
    Rest,
    Ended,
}

impl Body {
    /// The content of a request.
    pub(in crate::support) fn of_request(reader: Reader, fields: &HeaderMap) -> Self {
        Self { reader, state: announced(fields).unwrap_or(State::Ended) }
    }

    /// The content of a response.
    pub(in crate::support) fn of_response(reader: Reader, fields: &HeaderMap) -> Self {
        Self { reader, state: announced(fields).unwrap_or(State::Rest) }
    }

    /// No content.
    pub(in crate::support) fn none(reader: Reader) -> Self {
        Self { reader, state: State::Ended }
    }

    pub(in crate::support) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    pub(in crate::support) fn into_rest(self) -> Option<Reader> {
        self.has_ended().then_some(self.reader)
    }

    pub(in crate::support) async fn next(&mut self) -> Result<Option<Piece>, Broken> {
        let is_length = matches!(self.state, State::Length(_));
        self.read().await.map_err(|error| match Broken::of_http1(&error) {
            Broken::Close if is_length => Broken::Short,
            broken => broken,
        })
    }

    async fn read(&mut self) -> io::Result<Option<Piece>> {
        loop {
            match self.state {
                State::Ended => return Ok(None),
                State::Length(0) => self.state = State::Ended,
                State::Length(left) => {
                    let (data, left) = self.some(left).await?;
                    self.state = State::Length(left);
                    return Ok(Some(data));
                }
                State::Chunked => {
                    let line = self.reader.line().await?;
                    let size = line.split(';').next().unwrap_or_default().trim();
                    let size = u64::from_str_radix(size, 16).map_err(invalid)?;
                    if size > 0 {
                        self.state = State::Chunk(size);
                        continue;
                    }
                    let trailers = self.reader.fields().await?;
                    self.state = State::Ended;
                    return Ok((!trailers.is_empty()).then_some(Piece::Trailers(trailers)));
                }
                State::Chunk(0) => {
                    self.reader.line().await?;
                    self.state = State::Chunked;
                }
                State::Chunk(left) => {
                    let (data, left) = self.some(left).await?;
                    self.state = State::Chunk(left);
                    return Ok(Some(data));
                }
                State::Rest => {
                    let data = self.reader.some(u64::MAX).await?;
                    if !data.is_empty() {
                        return Ok(Some(Piece::Data(data)));
                    }
                    self.state = State::Ended;
                }
            }
        }
    }

    /// Some bytes, and how many are left then.
    async fn some(&mut self, left: u64) -> io::Result<(Piece, u64)> {
        let data = self.reader.some(left).await?;
        if data.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let left = left - data.len() as u64;
        Ok((Piece::Data(data), left))
    }
}

fn announced(fields: &HeaderMap) -> Option<State> {
    if fields.contains_key(TRANSFER_ENCODING) {
        return Some(State::Chunked);
    }
    let length = fields.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()?;
    Some(State::Length(length))
}
