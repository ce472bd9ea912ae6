use crate::PATIENCE;
use anyhow::{Result, bail, ensure};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::ioctl_fionread,
};
use std::{os::fd::OwnedFd, time::Duration};
use tokio::time::{Instant, sleep};

const INTERVAL: Duration = Duration::from_millis(50);
const QUIET: Duration = Duration::from_secs(1);

/// Sees from outside what the sockets of held connections do, be they read or not.
#[derive(Default)]
pub(crate) struct Watch {
    sockets: Vec<OwnedFd>,
}

impl Watch {
    pub(crate) fn add(&mut self, socket: OwnedFd) {
        self.sockets.push(socket);
    }

    /// Waits until for one second nothing has come that is unread.
    pub(crate) async fn quiet(&self) -> Result<()> {
        let mut unread = self.unread()?;
        let started = Instant::now();
        let mut moved = started;
        while moved.elapsed() < QUIET {
            if started.elapsed() > PATIENCE + QUIET {
                bail!("the server still sends after {PATIENCE:?}");
            }
            sleep(INTERVAL).await;
            let now = self.unread()?;
            if now != unread {
                (unread, moved) = (now, Instant::now());
            }
        }
        Ok(())
    }

    fn unread(&self) -> Result<Vec<u64>> {
        self.sockets.iter().map(|socket| Ok(ioctl_fionread(socket)?)).collect()
    }

    /// A connection that the server has closed costs it nothing: figures with it would be too good.
    pub(crate) fn all_open(&self) -> Result<()> {
        let mut sockets: Vec<_> =
            self.sockets.iter().map(|socket| PollFd::new(socket, PollFlags::RDHUP)).collect();
        let closed = poll(&mut sockets, Some(&Timespec::default()))?;
        ensure!(closed == 0, "the server has closed {closed} of {} connections", sockets.len());
        Ok(())
    }
}
