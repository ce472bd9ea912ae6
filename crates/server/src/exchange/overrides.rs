//! What a handler has asked the server to do wrong with its response.

use super::{exchange::Exchange, section_limit::SectionTooLarge};
use crate::connection::{CloseReason, Cut, Intervention};
use axum_trailers::trailers::server::{
    BreakConnection, BreakKind, BreakPoint, FramingOverride, LengthOverride, TrailerOverride,
};
use http::{HeaderMap, Version};

/// The requests of a handler that its response's protocol allows.
#[derive(Clone, Copy, Default)]
pub(crate) struct Overrides {
    breaks: Option<BreakConnection>,
    framing: FramingOverride,
}

/// A response is broken by its handler.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum BrokenByHandler {
    #[error("broken by its handler ({0})")]
    Broken(BreakConnection),
    #[error("broken by its handler (content shorter than its length)")]
    Short,
}

/// Why a request gets no response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoResponse {
    #[error(transparent)]
    SectionTooLarge(#[from] SectionTooLarge),
    #[error(transparent)]
    ByHandler(#[from] BrokenByHandler),
}

/// How the trailer section is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    Usual,
    /// By the transport, because hyper would not send it.
    ByTransport,
    /// Not at all, although it is announced. A failure that it reports cuts the transfer.
    Never,
}

impl Overrides {
    pub(super) fn new(breaks: Option<BreakConnection>, framing: Option<FramingOverride>) -> Self {
        Self { breaks, framing: framing.unwrap_or_default() }
    }

    /// Without what is not possible.
    pub(super) fn possible(self, exchange: &Exchange, has_content: bool) -> Self {
        let (version, Self { mut breaks, mut framing }) = (exchange.version(), self);
        if let Some(asked) = breaks
            && let Err(error) = asked.check(exchange.connection().info(), version)
        {
            exchange.in_span(|| tracing::warn!(%error, "a response can't be broken as requested"));
            breaks = None;
        }
        if let Err(error) = framing.check(version) {
            exchange.in_span(|| tracing::warn!(%error, "a response can't be framed as requested"));
            framing = FramingOverride::new();
        }
        breaks = breaks.filter(|asked| has_content || asked.at() == BreakPoint::Head);
        Self { breaks, framing }
    }

    /// The break that replaces the header section.
    pub(super) fn at_head(self) -> Option<BreakConnection> {
        self.breaks.filter(|asked| asked.at() == BreakPoint::Head)
    }

    /// The break within the content, whose length may be known, or at its end.
    pub(super) fn within(self, length: Option<u64>) -> Option<Breaking> {
        let asked = self.breaks.filter(|asked| asked.at() != BreakPoint::Head)?;
        Some(Breaking { asked, middle: length.map(|length| length / 2) })
    }

    /// How `Content-Length` is treated, if it may be sent against the rules.
    pub(super) fn length(self) -> Option<LengthOverride> {
        let is_needed = self.breaks.is_some_and(|asked| asked.at() == BreakPoint::Trailers);
        self.framing.length().filter(|_| !is_needed)
    }

    /// Whether `Content-Length` gives way to what follows the content.
    pub(super) fn leaves_out_length(self) -> bool {
        self.breaks.is_some_and(|asked| asked.at() == BreakPoint::Trailers) || self.leaves_out_announcement()
    }

    /// Whether `Trailer` is left out.
    pub(super) fn leaves_out_announcement(self) -> bool {
        self.framing.trailers() == Some(TrailerOverride::Unannounced)
    }

    /// How the trailers are sent. `None` if they are withheld.
    pub(super) fn delivery(self, exchange: &Exchange) -> Option<Delivery> {
        let is_accepted = exchange.acceptance().is_accepted();
        let is_http1 = exchange.version() < Version::HTTP_2;
        let usual = Some(Delivery::Usual).filter(|_| is_accepted);
        match self.framing.trailers() {
            Some(TrailerOverride::AnnouncedOnly) => Some(Delivery::Never),
            _ if is_http1 && self.length().is_some() => None,
            Some(TrailerOverride::WithoutTe) if is_http1 => usual.or(Some(Delivery::ByTransport)),
            Some(TrailerOverride::WithoutTe) => Some(Delivery::Usual),
            Some(TrailerOverride::Unannounced) if is_http1 => usual.map(|_| Delivery::ByTransport),
            _ => usual,
        }
    }
}

/// A break within the content of a response, or at its end.
#[derive(Clone, Copy)]
pub(super) struct Breaking {
    asked: BreakConnection,
    /// Half of the content, in bytes. `None` if its length is not known.
    middle: Option<u64>,
}

/// What is done with the next piece of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Sent,
    /// This many bytes are sent, and then the response is broken.
    Last(usize),
    /// Half of it is sent.
    Cut,
}

impl Breaking {
    /// The end of content that is too short.
    pub(super) const CLOSE: Self =
        Self { asked: BreakConnection::new(BreakKind::Close, BreakPoint::Trailers), middle: None };

    /// What is done with a piece of this size, after so many bytes.
    pub(super) fn fate(self, sent: u64, piece: usize) -> Fate {
        let before_middle = self.middle.map(|middle| middle.saturating_sub(sent));
        let before_middle = before_middle.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        match self.asked.at() {
            BreakPoint::Body => match before_middle {
                Some(before) if before > piece => Fate::Sent,
                Some(before) => Fate::Last(before),
                None => Fate::Last(piece),
            },
            BreakPoint::Chunk if before_middle.is_none_or(|before| before < piece) => Fate::Cut,
            _ => Fate::Sent,
        }
    }

    pub(super) fn error(self) -> BrokenByHandler {
        BrokenByHandler::Broken(self.asked)
    }

    /// Breaks the connection, unless a reset of the stream is enough. Nothing more is written.
    pub(super) fn begin(self, exchange: &Exchange) {
        break_now(exchange, self.asked.kind(), Cut::After(0));
    }

    /// Breaks the connection within the piece that hyper gets next. `is_chunked` is whether HTTP/1.1 sends it as a chunk.
    pub(super) fn begin_within(self, exchange: &Exchange, piece: usize, is_chunked: bool) {
        let size_line = if is_chunked { format!("{piece:X}\r\n").len() } else { 0 };
        let cut = match exchange.version() {
            Version::HTTP_2 => Cut::WithinData,
            _ => Cut::After(size_line + piece / 2),
        };
        break_now(exchange, self.asked.kind(), cut);
    }
}

/// Breaks a response instead of sending its header section.
pub(super) fn break_at_head(exchange: &mut Exchange, asked: BreakConnection) -> BrokenByHandler {
    let error = BrokenByHandler::Broken(asked);
    exchange.broken_by_handler(error);
    break_now(exchange, asked.kind(), Cut::After(0));
    error
}

fn break_now(exchange: &Exchange, kind: BreakKind, cut: Cut) {
    if kind == BreakKind::Reset && exchange.version() >= Version::HTTP_2 {
        return;
    }
    exchange.connection().set_close_reason(CloseReason::ByHandler);
    if exchange.version() > Version::HTTP_2 {
        // It is closed between two frames, where they are written.
        return;
    }
    exchange.connection().interventions().want(Intervention::Break { kind, cut });
}

/// Makes the transport send a trailer section that hyper would not send.
pub(super) fn send_by_transport(exchange: &Exchange, section: &HeaderMap) {
    debug_assert!(exchange.version() == Version::HTTP_11, "the others have no last chunk");
    let mut bytes = b"0\r\n".to_vec();
    for (name, value) in section {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    bytes.extend_from_slice(b"\r\n");
    exchange.connection().interventions().want(Intervention::LastChunk(bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn piece_in_the_middle_of_the_content_is_divided_or_cut() {
        let breaking = |at, middle| Breaking { asked: BreakConnection::new(BreakKind::Close, at), middle };
        for (at, middle, sent, piece, expected) in [
            (BreakPoint::Body, Some(10), 0, 9, Fate::Sent),
            (BreakPoint::Body, Some(10), 0, 10, Fate::Last(10)),
            (BreakPoint::Body, Some(10), 9, 9, Fate::Last(1)),
            (BreakPoint::Body, Some(0), 0, 1, Fate::Last(0)),
            (BreakPoint::Body, None, 0, 9, Fate::Last(9)),
            (BreakPoint::Chunk, Some(10), 0, 10, Fate::Sent),
            (BreakPoint::Chunk, Some(10), 0, 11, Fate::Cut),
            (BreakPoint::Chunk, Some(10), 10, 10, Fate::Cut),
            (BreakPoint::Chunk, None, 0, 9, Fate::Cut),
            (BreakPoint::Trailers, Some(10), 0, 20, Fate::Sent),
        ] {
            assert_eq!(breaking(at, middle).fate(sent, piece), expected, "{at}, {middle:?}, {sent}");
        }
    }
}
