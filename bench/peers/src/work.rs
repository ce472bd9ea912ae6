//! The bodies that the peers send.

use crate::clock;
use bytes::Bytes;
use std::time::Duration;
use tokio::{
    sync::mpsc::{Sender, error::SendError},
    time::{MissedTickBehavior, interval},
};

/// The chunks of `/small`.
pub const SMALL: [&[u8]; 2] = [b"hello...", b"world\n"];

static BIG_CHUNK: [u8; 64 * 1024] = [b'x'; 64 * 1024];

const PACE: Duration = Duration::from_millis(10);

/// What a producer is to send.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// The two chunks of [`SMALL`].
    Small,
    /// So many bytes in chunks of 64 KiB.
    Big(u64),
    /// So many chunks, 10 ms apart, each the time of its sending.
    Paced(u32),
}

impl Work {
    /// The media type of what is sent.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Small => "text/plain",
            Self::Big(_) | Self::Paced(_) => "application/octet-stream",
        }
    }

    /// Sends the chunks, each made by `item` into what the channel takes.
    ///
    /// # Errors
    ///
    /// Where the body at the other end is gone: its client is.
    pub async fn produce<T>(self, sender: &Sender<T>, item: fn(Bytes) -> T) -> Result<(), SendError<T>> {
        match self {
            Self::Small => {
                for chunk in SMALL {
                    sender.send(item(Bytes::from_static(chunk))).await?;
                }
            }
            Self::Big(mut left) => {
                while left > 0 {
                    let len = usize::try_from(left).map_or(BIG_CHUNK.len(), |left| left.min(BIG_CHUNK.len()));
                    sender.send(item(Bytes::from_static(&BIG_CHUNK[..len]))).await?;
                    left -= len as u64;
                }
            }
            Self::Paced(chunks) => {
                let mut ticks = interval(PACE);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
                for _ in 0..chunks {
                    ticks.tick().await;
                    // Time spent in waiting for room in the channel belongs to the delay.
                    let sent = clock::now().to_be_bytes();
                    sender.send(item(Bytes::copy_from_slice(&sent))).await?;
                }
            }
        }
        Ok(())
    }
}
