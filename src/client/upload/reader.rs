use super::{
    plan::{Hashing, Plan},
    sending::Sending,
    source::{Opened, Reader, Source},
};
use axum_trailers::digest::{Algorithm, CONTENT_DIGEST, Hashers};
use bytes::Bytes;
use http::HeaderMap;
use std::{io, thread};
use tokio::sync::mpsc::{Receiver, Sender, channel, error::SendError};

/// What the thread has read.
#[derive(Debug)]
pub(super) enum Piece {
    Data(Bytes),
    End(HeaderMap),
    /// The content can't be sent: why.
    Failed(String),
}

/// How much is read at once, in bytes, if no size is given.
const READ: usize = 64 * 1024;

/// The number of pieces that wait for the connection.
const WAITING: usize = 8;

/// Reads content on a thread of its own. `length` was announced.
pub(super) fn spawn(opened: Opened, plan: Plan, length: Option<u64>, sending: Sending) -> Receiver<Piece> {
    let (sender, receiver) = channel(WAITING);
    let failure = sender.clone();
    let run = move || Reading::new(opened, &plan, length, &sending).run(&sender);
    if let Err(error) = thread::Builder::new().name("content".to_owned()).spawn(run) {
        // The channel is empty.
        let _sent = failure.try_send(Piece::Failed(format!("can't start a thread: {error}")));
    }
    receiver
}

struct Reading<'a> {
    opened: Opened,
    reader: Reader,
    plan: &'a Plan,
    length: Option<u64>,
    read: u64,
    hashers: Option<Hashers>,
    sending: &'a Sending,
}

impl<'a> Reading<'a> {
    fn new(mut opened: Opened, plan: &'a Plan, length: Option<u64>, sending: &'a Sending) -> Self {
        let reader = opened.start();
        let hashers = match plan.hashing {
            Hashing::Off => None,
            _ => Some(Hashers::new([Algorithm::Sha256])),
        };
        Self { opened, reader, plan, length, read: 0, hashers, sending }
    }

    /// An error means that the connection needs no more.
    fn run(mut self, pieces: &Sender<Piece>) -> Result<(), SendError<Piece>> {
        let mut held = Bytes::new();
        loop {
            let data = match self.next() {
                Ok(data) => data,
                Err(error) => {
                    let reason = format!("can't read {}: {error}", self.opened.name);
                    return pieces.blocking_send(Piece::Failed(reason));
                }
            };
            if self.length.is_some_and(|length| length < self.read) {
                return pieces.blocking_send(Piece::Failed(changed(&self.opened)));
            }
            let end = if data.is_empty() { Some(self.end()) } else { None };
            if let Some(failed @ Piece::Failed(_)) = end {
                return pieces.blocking_send(failed);
            }
            // Content of an announced length is complete with its last byte, which must wait for the checks at the end.
            let ready = if self.length.is_some() { std::mem::replace(&mut held, data) } else { data };
            if !ready.is_empty() {
                pieces.blocking_send(Piece::Data(ready))?;
            }
            if let Some(end) = end {
                return pieces.blocking_send(end);
            }
        }
    }

    /// The next piece, which is empty at the end.
    fn next(&mut self) -> io::Result<Bytes> {
        let (size, fills) = self.plan.pieces.size.map_or((READ, false), |size| (size, true));
        let mut piece = vec![0; size.min(READ)];
        let mut length = 0;
        loop {
            let read = read(&mut self.reader, &mut piece[length..])?;
            length += read;
            if read == 0 || !fills || length == size {
                break;
            }
            if length == piece.len() {
                piece.resize(size.min(2 * length), 0);
            }
        }
        piece.truncate(length);
        self.read += length as u64;
        if let Some(hashers) = &mut self.hashers {
            hashers.update(&piece);
        }
        Ok(piece.into())
    }

    /// Checks at the end whether what was read is what was announced.
    fn end(&mut self) -> Piece {
        let digest = self.hashers.take().and_then(|hashers| hashers.finish().pop());
        let is_known = self.plan.known_digest().is_none_or(|known| Some(known) == digest.as_ref());
        let is_as_long = self.length.is_none_or(|length| length == self.read);
        if !is_known || !is_as_long || self.opened.has_changed() {
            return Piece::Failed(changed(&self.opened));
        }
        let mut trailers = self.plan.trailers.clone();
        if let (Hashing::Trailer, Some(digest)) = (&self.plan.hashing, &digest) {
            trailers.insert(CONTENT_DIGEST, digest.to_field_value());
        }
        self.sending.set_digest(digest);
        Piece::End(trailers)
    }
}

fn changed(opened: &Opened) -> String {
    format!("{} changed while it was read: try again, or send a copy", opened.name)
}

fn read(reader: &mut Reader, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Reads all content, for a digest in front of it.
pub(in crate::client) async fn digest_of(source: Source) -> Result<Hashing, String> {
    let read = tokio::task::spawn_blocking(move || read_known(&source)).await;
    read.unwrap_or_else(|error| Err(format!("the digest could not be computed: {error}")))
}

fn read_known(source: &Source) -> Result<Hashing, String> {
    let mut opened = source.open()?;
    let mut reader = opened.start();
    let (mut hashers, mut length) = (Hashers::new([Algorithm::Sha256]), 0);
    let mut buffer = vec![0; READ];
    loop {
        let read =
            read(&mut reader, &mut buffer).map_err(|error| format!("can't read {}: {error}", opened.name))?;
        if read == 0 {
            break;
        }
        hashers.update(&buffer[..read]);
        length += read as u64;
    }
    if opened.has_changed() {
        return Err(changed(&opened));
    }
    let digest = hashers.finish().pop().ok_or("no digest was computed")?;
    Ok(Hashing::Known { digest, length })
}
