//! HTTP/2 without more than a load needs: header blocks that are the same for all requests, and frames that are parsed where
//! they lie.

use super::{Load, Outcome, tally::Tally};
use crate::{
    connect::{Connector, Io, Protocol},
    section::Section,
};
use anyhow::{Context, Result, bail, ensure};
use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::{JoinSet, LocalSet},
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEAD: usize = 9;

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const SETTINGS: u8 = 0x4;
const PING: u8 = 0x6;
const WINDOW_UPDATE: u8 = 0x8;

const ACK: u8 = 0x1;
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// Of the stream and of the connection, in bytes, as those of h2load here.
const WINDOW: u32 = 16 << 20;
const DEFAULT_WINDOW: u32 = 65_535;

/// As much as is read at once, in bytes. The largest frame is 16 KiB.
const BUFFER: usize = 256 << 10;

pub(super) async fn run(load: &Load) -> Result<Tally> {
    let connector = Connector::new(load.address, Protocol::H2)?;
    let block: Rc<[u8]> = block(&load.path)?.into();
    let mut opened = Vec::new();
    for _ in 0..load.connections {
        opened.push(connector.connect().await?);
    }
    let tally = Rc::new(RefCell::new(Tally::new(load.plan)));
    let mut connections = JoinSet::new();
    let local = LocalSet::new();
    for io in opened {
        let connection = Connection::new(Rc::clone(&block), Rc::clone(&tally));
        connections.spawn_local_on(connection.run(io, load.streams), &local);
    }
    local
        .run_until(async {
            while let Some(ended) = connections.join_next().await {
                ended??;
            }
            anyhow::Ok(())
        })
        .await?;
    Ok(Rc::into_inner(tally).expect("all connections have ended").into_inner())
}

/// The header block of `GET` for this path. It uses the static table only.
fn block(path: &str) -> Result<Vec<u8>> {
    const AUTHORITY: &[u8] = b"localhost";
    ensure!(path.len() < 127, "the path is too long: {path}");
    // `:method: GET` and `:scheme: https`.
    let mut block = vec![0x82, 0x87];
    for (name, value) in [(0x01, AUTHORITY), (0x04, path.as_bytes())] {
        block.extend([name, u8::try_from(value.len())?]);
        block.extend_from_slice(value);
    }
    block.extend_from_slice(b"\0\x02te\x08trailers");
    Ok(block)
}

/// One connection with its streams.
struct Connection {
    block: Rc<[u8]>,
    tally: Rc<RefCell<Tally>>,
    out: Vec<u8>,
    next: u32,
    streams: HashMap<u32, Stream>,
    /// Received since the last update of the connection's window.
    received: u32,
}

struct Stream {
    /// How many requests came before on the same place.
    sent: u32,
    asked: Instant,
    has_head: bool,
    /// Received since the last update of its window.
    received: u32,
    outcome: Outcome,
}

impl Connection {
    fn new(block: Rc<[u8]>, tally: Rc<RefCell<Tally>>) -> Self {
        Self { block, tally, out: Vec::new(), next: 1, streams: HashMap::new(), received: 0 }
    }

    async fn run(mut self, mut io: Io, streams: u32) -> Result<()> {
        self.out.extend_from_slice(PREFACE);
        let mut settings = Vec::new();
        // No dynamic table, no push, the window of streams.
        for (setting, value) in [(0x1_u16, 0_u32), (0x2, 0), (0x4, WINDOW)] {
            settings.extend(setting.to_be_bytes());
            settings.extend(value.to_be_bytes());
        }
        self.frame(SETTINGS, 0, 0, &settings);
        self.frame(WINDOW_UPDATE, 0, 0, &(WINDOW - DEFAULT_WINDOW).to_be_bytes());
        for _ in 0..streams {
            self.request(0);
        }
        let (mut buffer, mut filled) = (vec![0; BUFFER], 0);
        while !self.streams.is_empty() {
            if !self.out.is_empty() {
                io.write_all(&self.out).await?;
                io.flush().await?;
                self.out.clear();
            }
            let read = io.read(&mut buffer[filled..]).await?;
            ensure!(read > 0, "the server has closed the connection");
            filled += read;
            let used = self.take(&buffer[..filled])?;
            buffer.copy_within(used..filled, 0);
            filled -= used;
        }
        Ok(())
    }

    /// Takes all whole frames, and returns their length.
    fn take(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut rest = bytes;
        while let Some((head, behind)) = rest.split_first_chunk::<HEAD>() {
            let [l2, l1, l0, kind, flags, i3, i2, i1, i0] = *head;
            let length = u32::from_be_bytes([0, l2, l1, l0]) as usize;
            let Some((payload, behind)) = behind.split_at_checked(length) else { break };
            self.received(kind, flags, u32::from_be_bytes([i3, i2, i1, i0]), payload)?;
            rest = behind;
        }
        Ok(bytes.len() - rest.len())
    }

    fn received(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) -> Result<()> {
        match kind {
            DATA => self.data(id, u32::try_from(payload.len())?, flags),
            HEADERS => self.section(id, payload, flags),
            SETTINGS if flags & ACK == 0 => {
                self.frame(SETTINGS, ACK, 0, &[]);
                Ok(())
            }
            PING if flags & ACK == 0 => {
                self.frame(PING, ACK, 0, payload);
                Ok(())
            }
            SETTINGS | PING | WINDOW_UPDATE => Ok(()),
            _ => bail!("a frame of type {kind} on stream {id}: {payload:02x?}"),
        }
    }

    fn data(&mut self, id: u32, length: u32, flags: u8) -> Result<()> {
        ensure!(flags & PADDED == 0, "a frame with padding");
        let stream = self.streams.get_mut(&id).context("data on a stream that has ended")?;
        ensure!(stream.has_head && !stream.outcome.trailer, "data in the wrong place");
        stream.outcome.bytes += u64::from(length);
        stream.received += length;
        let of_stream = if stream.received > WINDOW / 2 { std::mem::take(&mut stream.received) } else { 0 };
        self.received += length;
        let of_connection = if self.received > WINDOW / 2 { std::mem::take(&mut self.received) } else { 0 };
        for (id, increment) in [(id, of_stream), (0, of_connection)] {
            if increment > 0 {
                self.frame(WINDOW_UPDATE, 0, id, &increment.to_be_bytes());
            }
        }
        self.end(id, flags)
    }

    fn section(&mut self, id: u32, block: &[u8], flags: u8) -> Result<()> {
        ensure!(
            flags & (END_HEADERS | PADDED | PRIORITY) == END_HEADERS,
            "a header block that is split or padded"
        );
        let stream = self.streams.get_mut(&id).context("a header block on a stream that has ended")?;
        if stream.has_head {
            Section::Hpack(block).check_trailer()?;
            ensure!(flags & END_STREAM != 0, "the trailers do not end the stream");
            stream.outcome.trailer = true;
        } else {
            Section::Hpack(block).check_status()?;
            stream.has_head = true;
        }
        self.end(id, flags)
    }

    fn end(&mut self, id: u32, flags: u8) -> Result<()> {
        if flags & END_STREAM != 0 {
            let stream = self.streams.remove(&id).expect("the frame was of an open stream");
            self.tally.borrow_mut().add(stream.asked, stream.outcome)?;
            self.request(stream.sent + 1);
        }
        Ok(())
    }

    /// Sends another request on a place that has sent so many, unless that was the last one.
    fn request(&mut self, sent: u32) {
        if !self.tally.borrow().goes_on(sent) {
            return;
        }
        let (id, block) = (self.next, Rc::clone(&self.block));
        self.frame(HEADERS, END_HEADERS | END_STREAM, id, &block);
        let stream =
            Stream { sent, asked: Instant::now(), has_head: false, received: 0, outcome: Outcome::default() };
        self.streams.insert(id, stream);
        self.next += 2;
    }

    fn frame(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).expect("all frames are short").to_be_bytes();
        self.out.extend_from_slice(&length[1..]);
        self.out.extend([kind, flags]);
        self.out.extend(id.to_be_bytes());
        self.out.extend_from_slice(payload);
    }
}
