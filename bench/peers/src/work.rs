//! The bodies that the peers send.

use crate::clock;
use bytes::Bytes;
use std::{array, time::Duration};
use tokio::{
    sync::mpsc::{Sender, error::SendError},
    time::{MissedTickBehavior, interval},
};

/// The chunks of `/small`.
pub const SMALL: [&[u8]; 2] = [b"hello...", b"world\n"];

static BIG_CHUNK: [u8; 64 * 1024] = [b'x'; 64 * 1024];

const PACE: Duration = Duration::from_millis(10);

/// The body that a server sends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work {
    /// The two chunks of [`SMALL`].
    Small,
    /// The same chunks without the trailer that all other bodies have.
    Plain,
    /// This many bytes in chunks of 64 KiB.
    Big(u64),
    /// This many chunks, 10 ms apart. Each contains the time at which it was sent.
    Paced(u32),
}

impl Work {
    /// The work that a request's path names.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        match path {
            "/small" => Some(Self::Small),
            "/plain" => Some(Self::Plain),
            _ => {
                let (route, number) = path.strip_prefix('/')?.split_once('/')?;
                match route {
                    "big" => number.parse().ok().map(Self::Big),
                    "paced" => number.parse().ok().map(Self::Paced),
                    _ => None,
                }
            }
        }
    }

    /// The media type of the body.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Small | Self::Plain => "text/plain",
            Self::Big(_) | Self::Paced(_) => "application/octet-stream",
        }
    }

    /// Whether the trailer follows the body.
    #[must_use]
    pub const fn has_trailer(self) -> bool {
        !matches!(self, Self::Plain)
    }

    /// The chunks, or `None` if there are pauses between them.
    #[must_use]
    pub fn chunks(self) -> Option<Chunks> {
        match self {
            Self::Small | Self::Plain => Some(Chunks::Small(SMALL.into_iter())),
            Self::Big(bytes) => Some(Chunks::Big { left: bytes }),
            Self::Paced(_) => None,
        }
    }

    /// Sends the chunks. `item` converts each for the channel.
    ///
    /// # Errors
    ///
    /// If the body at the other end is gone because its client has left.
    pub async fn produce<T>(self, sender: &Sender<T>, item: fn(Bytes) -> T) -> Result<(), SendError<T>> {
        if let Self::Paced(chunks) = self {
            let mut ticks = interval(PACE);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            for _ in 0..chunks {
                ticks.tick().await;
                // Waiting for room in the channel counts as delay.
                let sent = clock::now().to_be_bytes();
                sender.send(item(Bytes::copy_from_slice(&sent))).await?;
            }
        }
        for chunk in self.chunks().into_iter().flatten() {
            sender.send(item(chunk)).await?;
        }
        Ok(())
    }
}

/// Chunks in static memory.
#[derive(Debug)]
pub enum Chunks {
    /// The chunks of [`SMALL`].
    Small(array::IntoIter<&'static [u8], 2>),
    /// The chunks of a big body.
    Big {
        /// The bytes left to send.
        left: u64,
    },
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        match self {
            Self::Small(chunks) => chunks.next().map(Bytes::from_static),
            Self::Big { left: 0 } => None,
            Self::Big { left } => {
                let len = usize::try_from(*left).map_or(BIG_CHUNK.len(), |left| left.min(BIG_CHUNK.len()));
                *left -= len as u64;
                Some(Bytes::from_static(&BIG_CHUNK[..len]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_works() {
        let works = [
            ("/small", Some(Work::Small)),
            ("/plain", Some(Work::Plain)),
            ("/big/70000", Some(Work::Big(70000))),
            ("/paced/3", Some(Work::Paced(3))),
            ("/big/x", None),
            ("/small/1", None),
            ("/", None),
        ];
        for (path, work) in works {
            assert_eq!(Work::from_path(path), work, "{path}");
        }
    }

    #[test]
    fn big_body_has_as_many_bytes_as_were_asked_for() {
        for (bytes, chunks) in [(0, 0), (1, 1), (65536, 1), (65537, 2), (200_000, 4)] {
            let sent: Vec<_> = Work::Big(bytes).chunks().expect("nothing to wait for").collect();
            assert_eq!(sent.len(), chunks);
            assert_eq!(sent.iter().map(Bytes::len).sum::<usize>() as u64, bytes);
        }
    }
}
