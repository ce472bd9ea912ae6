use super::peer::Peer;

/// The server's end of an HTTP/2 connection, frame by frame.
pub(super) struct Frames(pub(super) Peer);

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

pub(crate) const OK: [u8; 1] = [0x88];
pub(crate) const NO_CONTENT: [u8; 1] = [0x89];
pub(crate) const NOT_MODIFIED: [u8; 1] = [0x8b];

pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

/// A field as a literal without indexing ([RFC 7541 §6.2.2](https://www.rfc-editor.org/rfc/rfc7541#section-6.2.2)).
pub(crate) fn field(name: &str, value: &str) -> Vec<u8> {
    let mut line = vec![0];
    for text in [name, value] {
        write_length(&mut line, text.len());
        line.extend_from_slice(text.as_bytes());
    }
    line
}

/// Without Huffman coding.
fn write_length(line: &mut Vec<u8>, length: usize) {
    let Some(mut rest) = length.checked_sub(127) else {
        return line.push(u8::try_from(length).expect("under 127"));
    };
    line.push(127);
    while rest >= 128 {
        line.push(u8::try_from(rest % 128).expect("7 bits") | 128);
        rest /= 128;
    }
    line.push(u8::try_from(rest).expect("7 bits"));
}

/// An informational response with this status.
pub(crate) fn informational(status: &str) -> Vec<u8> {
    let mut line = vec![0x08];
    write_length(&mut line, status.len());
    line.extend_from_slice(status.as_bytes());
    line
}

impl Frames {
    /// Reads the client's preface, and sends the settings.
    pub(super) async fn begin(mut peer: Peer) -> Self {
        peer.until("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        let mut frames = Self(peer);
        frames.send(SETTINGS, 0, 0, []).await;
        frames
    }

    pub(super) async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) {
        let frame = encode(kind, flags, stream, payload.as_ref());
        self.0.send(frame).await;
    }

    pub(super) async fn next(&mut self) -> Frame {
        let header = self.0.bytes(9).await;
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let stream = u32::from_be_bytes([header[5], header[6], header[7], header[8]]);
        let payload = self.0.bytes(length as usize).await;
        Frame { kind: header[3], flags: header[4], stream, payload }
    }

    /// Reads until a frame of this kind.
    pub(super) async fn until(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.next().await;
            if frame.kind == kind {
                return frame;
            }
        }
    }

    pub(super) async fn reset(&mut self, stream: u32, code: u32) {
        self.send(RST_STREAM, 0, stream, code.to_be_bytes()).await;
    }
}

pub(crate) fn encode(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("small").to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}
