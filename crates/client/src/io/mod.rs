//! Between hyper and the socket: bounds on what a server sends, and what hyper can't send.

mod faults;
mod frame_headers;
mod full_reads;
mod held_write_errors;
mod http1_stream;
mod http2_frames;
mod http2_stream;
mod owner;
mod request_framing;
mod sent_content;
mod trailer_lines;
mod written;

pub(crate) use self::{
    faults::Faults,
    http1_stream::Http1Stream,
    http2_frames::{MOST_INFORMATIONAL, too_many_informational},
    http2_stream::Http2Stream,
    owner::Owner,
    trailer_lines::TrailerLines,
    written::Written,
};
