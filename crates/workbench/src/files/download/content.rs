use super::version::Version;
use crate::spawn;
use axum::body::{Bytes, HttpBody};
use http_02::HeaderMap;
use http_body_04::SizeHint;
use std::{
    collections::VecDeque,
    fs::{File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::task::JoinHandle;

/// The size of a read, in bytes. A stalled reader makes the server hold this much.
const CHUNK: u64 = 32 * 1024;

/// A piece of the content.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(Bytes),
    /// A range of the file.
    Bytes(Range<u64>),
}

/// The content of a response, read from a file while it is sent.
///
/// It fails as soon as the file has changed since the start, and does not send the last bytes. So a client that has
/// received all of it has one state of the file.
#[derive(Debug)]
pub(crate) struct Content {
    pieces: VecDeque<Piece>,
    left: u64,
    reading: Reading,
}

#[derive(Debug)]
enum Reading {
    Idle(Source),
    Busy(JoinHandle<(Source, io::Result<Bytes>)>),
    Ended,
}

/// An open file, with its version at the start.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    version: Version,
    position: u64,
}

impl Content {
    pub(super) fn new(source: Source, pieces: Vec<Piece>) -> Self {
        let left = pieces.iter().map(Piece::length).sum();
        let pieces = pieces.into_iter().filter(|piece| piece.length() > 0).collect();
        Self { pieces, left, reading: Reading::Idle(source) }
    }

    pub(super) fn length(&self) -> u64 {
        self.left
    }

    /// Takes the next wanted bytes of the file, up to the size of one read.
    fn next_bytes(&mut self) -> Option<Range<u64>> {
        let Some(Piece::Bytes(wanted)) = self.pieces.front_mut() else { return None };
        let chunk = wanted.start..wanted.end.min(wanted.start + CHUNK);
        wanted.start = chunk.end;
        if wanted.is_empty() {
            self.pieces.pop_front();
        }
        Some(chunk)
    }

    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            match std::mem::replace(&mut self.reading, Reading::Ended) {
                Reading::Ended => return Poll::Ready(None),
                Reading::Idle(mut source) => {
                    let Some(wanted) = self.next_bytes() else { return Poll::Ready(None) };
                    self.reading = Reading::Busy(spawn::thread(move || {
                        let read = source.read(wanted);
                        (source, read)
                    }));
                }
                Reading::Busy(mut read) => match Pin::new(&mut read).poll(cx) {
                    Poll::Pending => {
                        self.reading = Reading::Busy(read);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok((source, Ok(bytes)))) => {
                        self.reading = Reading::Idle(source);
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                    Poll::Ready(Ok((_, Err(error)))) => return Poll::Ready(Some(Err(error))),
                    Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                },
            }
        }
    }
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Bytes(bytes) => bytes.end - bytes.start,
        }
    }
}

impl Source {
    pub(super) fn new(file: File, metadata: &Metadata) -> Self {
        Self { file, version: Version::of(metadata), position: 0 }
    }

    pub(super) fn read(&mut self, wanted: Range<u64>) -> io::Result<Bytes> {
        if self.position != wanted.start {
            self.file.seek(SeekFrom::Start(wanted.start))?;
        }
        let length = wanted.end - wanted.start;
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        (&self.file).take(length).read_to_end(&mut bytes)?;
        self.position = wanted.end;
        if bytes.len() as u64 != length || !self.version.still_is(&self.file.metadata()?) {
            return Err(io::Error::other("the file changed while it was sent"));
        }
        Ok(bytes.into())
    }
}

impl HttpBody for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_data(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let is_idle = matches!(self.reading, Reading::Idle(_));
        if is_idle && let Some(Piece::Text(text)) = self.pieces.front() {
            let text = text.clone();
            self.pieces.pop_front();
            self.left -= text.len() as u64;
            return Poll::Ready(Some(Ok(text)));
        }
        let read = ready!(self.poll_bytes(cx));
        match &read {
            Some(Ok(bytes)) => self.left -= bytes.len() as u64,
            Some(Err(_)) | None => self.left = 0,
        }
        Poll::Ready(read)
    }

    fn poll_trailers(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<Option<HeaderMap>>> {
        Poll::Ready(Ok(None))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs,
        time::{Duration, SystemTime},
    };

    fn numbers(length: u32) -> Vec<u8> {
        (0..length).map(|n| n.wrapping_mul(n).to_le_bytes()[1]).collect()
    }

    fn file(content: &[u8]) -> (tempfile::NamedTempFile, Source) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), content).expect("written");
        let opened = File::open(file.path()).expect("a file");
        let metadata = opened.metadata().expect("metadata");
        (file, Source::new(opened, &metadata))
    }

    async fn read(body: &mut Content) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        while let Some(data) = body.data().await {
            let left = body.size_hint().exact().expect("a length");
            content.extend_from_slice(&data?);
            assert_eq!(body.is_end_stream(), left == 0);
        }
        assert!(body.data().await.is_none(), "it stays at its end");
        Ok(content)
    }

    #[tokio::test]
    async fn pieces_arrive_in_order_with_the_announced_length() {
        let content = numbers(100_000);
        let text = |text: &'static str| Piece::Text(Bytes::from(text));
        for (pieces, expected) in [
            (vec![], vec![]),
            (vec![Piece::Bytes(0..0)], vec![]),
            (vec![Piece::Bytes(0..100_000)], content.clone()),
            (vec![Piece::Bytes(99_999..100_000)], content[99_999..].to_vec()),
            (
                vec![
                    text("a"),
                    Piece::Bytes(50_000..90_000),
                    text(""),
                    text("b"),
                    Piece::Bytes(0..3),
                    text("c"),
                ],
                [b"a", &content[50_000..90_000], b"b", &content[..3], b"c"].concat(),
            ),
        ] {
            let (_file, source) = file(&content);
            let mut body = Content::new(source, pieces);
            assert_eq!(body.length(), expected.len() as u64);
            assert!(read(&mut body).await.expect("no error") == expected);
        }
    }

    #[tokio::test]
    async fn file_that_changes_meanwhile_is_never_whole() {
        type Change = fn(&File);
        let changes: [(&str, Change); 4] = [
            ("cut short", |file| file.set_len(70_000).expect("cut")),
            ("grown", |file| file.set_len(130_000).expect("grown")),
            ("written", |file| file.set_modified(SystemTime::now() + Duration::from_secs(9)).expect("dated")),
            ("emptied", |file| file.set_len(0).expect("cut")),
        ];
        for (name, change) in changes {
            let (file, source) = file(&numbers(100_000));
            let mut body = Content::new(source, vec![Piece::Bytes(0..100_000)]);
            let first = body.data().await.expect("data").expect("no error");
            assert_eq!(first.len() as u64, CHUNK);
            change(&File::options().write(true).open(file.path()).expect("a file"));
            assert!(read(&mut body).await.is_err(), "{name}");
            assert!(body.is_end_stream() && body.data().await.is_none(), "{name}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn file_that_is_written_and_gets_its_old_time_again_is_never_whole() {
        let (file, source) = file(&numbers(100_000));
        let modified = file.as_file().metadata().and_then(|file| file.modified()).expect("a time");
        let mut body = Content::new(source, vec![Piece::Bytes(0..100_000)]);
        body.data().await.expect("data").expect("no error");
        std::thread::sleep(Duration::from_millis(20));
        fs::write(file.path(), vec![7; 100_000]).expect("written");
        file.as_file().set_modified(modified).expect("dated");
        assert!(read(&mut body).await.is_err());
    }

    #[tokio::test]
    async fn file_that_is_replaced_meanwhile_comes_as_it_was() {
        let content = numbers(100_000);
        let (file, source) = file(&content);
        let mut body = Content::new(source, vec![Piece::Bytes(0..100_000)]);
        let first = body.data().await.expect("data").expect("no error");
        let other = tempfile::NamedTempFile::new().expect("a file");
        fs::write(other.path(), "another").expect("written");
        other.persist(file.path()).expect("replaced");
        let rest = read(&mut body).await.expect("no error");
        assert!([&first[..], &rest].concat() == content);
    }
}
