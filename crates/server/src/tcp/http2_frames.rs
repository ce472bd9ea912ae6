use super::{
    frames::{CONTINUATION, DATA, FrameHeads, HEADERS, RST_STREAM, WINDOW_UPDATE},
    priority::Priority,
    settings::Settings,
    trailer_blocks::{Seen, TrailerBlocks, TrailerSection},
};
use crate::connection::{CloseReason, Inbound};

/// What is recorded about the frames that pass, in both directions.
pub(super) struct Http2Frames {
    from_client: FrameHeads,
    to_client: FrameHeads,
    blocks: TrailerBlocks,
    /// The trailer section in progress.
    section: Option<TrailerSection>,
    /// The priority in the frame in progress.
    priority: Option<Priority>,
    settings: Option<Settings>,
    /// The largest header or trailer section that the client accepts, in bytes, if it has sent a new one.
    section_limit: Option<u32>,
    /// The streams whose responses have not been written to their end. They are few, so a linear search is cheap.
    unanswered: Vec<u32>,
}

impl Http2Frames {
    pub(crate) fn new(inbound: &Inbound) -> Self {
        Self {
            from_client: FrameHeads::of_client(),
            to_client: FrameHeads::of_server(),
            blocks: TrailerBlocks::new(inbound.limits().trailer_section),
            section: None,
            priority: None,
            settings: None,
            section_limit: None,
            unanswered: Vec::new(),
        }
    }

    /// Takes bytes from the client, up to a fault that h2 does not handle as it must: a stream that depends on itself,
    /// or a trailer section that begins with a pseudo-header field. h2 would drop that field, but the message is
    /// malformed ([RFC 9113 §8.1](https://www.rfc-editor.org/rfc/rfc9113#section-8.1)).
    pub(crate) fn came(&mut self, mut bytes: &[u8], inbound: &Inbound) -> Result<(), CloseReason> {
        loop {
            let is_read = self.section.is_some() || self.priority.is_some() || self.settings.is_some();
            let payload = if is_read { self.from_client.payload(&mut bytes) } else { &[] };
            if self.priority.as_mut().is_some_and(|priority| priority.depends_on_itself(payload)) {
                return Err(CloseReason::SelfDependency);
            }
            if let Some(settings) = &mut self.settings {
                self.section_limit = settings.max_header_list_size(payload).or(self.section_limit);
            }
            if let Some(section) = &mut self.section {
                section.add(payload);
                if self.from_client.is_between_frames()
                    && let Some(has_pseudo_header) = section.ends()
                {
                    self.section = None;
                    if has_pseudo_header {
                        return Err(CloseReason::PseudoHeader);
                    }
                }
            }
            let Some(frame) = self.from_client.next(&mut bytes) else {
                return Ok(());
            };
            self.priority = Priority::of(&frame);
            self.settings = Settings::of(&frame);
            let begun = self.section.take().filter(|_| frame.kind == CONTINUATION);
            match self.blocks.next(&frame) {
                Seen::NewStream => self.unanswered.push(frame.stream),
                Seen::Trailers { is_too_large, is_last } => {
                    self.section = Some(begun.unwrap_or_default().with(&frame, is_last));
                    if is_too_large {
                        inbound.note_large_trailers();
                    }
                }
                Seen::Other if frame.kind == DATA => inbound.note_data(frame.length),
                Seen::Other if frame.kind == RST_STREAM => self.is_answered(frame.stream),
                Seen::Other => {}
            }
        }
    }

    /// Takes bytes to the client. Returns whether they contain responses.
    pub(super) fn went(&mut self, mut bytes: &[u8], inbound: &Inbound) -> bool {
        let mut has_responses = false;
        while let Some(frame) = self.to_client.next(&mut bytes) {
            has_responses |= matches!(frame.kind, DATA | HEADERS);
            if frame.kind == WINDOW_UPDATE && frame.stream == 0 {
                inbound.note_window_update(frame.increment);
            } else if frame.ends_stream() {
                self.is_answered(frame.stream);
            }
        }
        has_responses
    }

    fn is_answered(&mut self, stream: u32) {
        if let Some(place) = self.unanswered.iter().position(|other| *other == stream) {
            self.unanswered.swap_remove(place);
        }
    }

    /// The number of streams whose responses have not been written to their end.
    pub(super) fn unanswered(&self) -> usize {
        self.unanswered.len()
    }

    /// The largest section that the client accepts, if it has sent one since the last call.
    pub(super) fn new_section_limit(&mut self) -> Option<u32> {
        self.section_limit.take()
    }

    /// Where h2 is among the frames to the client.
    pub(super) fn heads(&self) -> &FrameHeads {
        &self.to_client
    }

    /// A `GOAWAY` frame with this error code ([RFC 9113 §6.8](https://www.rfc-editor.org/rfc/rfc9113#section-6.8)), if h2 is
    /// between two frames to the client.
    pub(super) fn go_away(&self, error: u8) -> Option<[u8; 17]> {
        let [a, b, c, d] = self.last_stream().to_be_bytes();
        let frame = [0, 0, 8, 7, 0, 0, 0, 0, 0, a, b, c, d, 0, 0, 0, error];
        self.to_client.is_between_frames().then_some(frame)
    }

    /// The number of the last stream that the client opened.
    pub(super) fn last_stream(&self) -> u32 {
        self.blocks.last_stream()
    }
}
