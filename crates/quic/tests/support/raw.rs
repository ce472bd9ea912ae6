use quinn::{Connection, RecvStream, SendStream};

/// A peer that sends bytes instead of messages.
pub(crate) struct Raw {
    pub(crate) connection: Connection,
    /// It must not end.
    _control: SendStream,
}

impl Raw {
    /// Opens the control stream, with empty `SETTINGS`.
    pub(crate) async fn new(connection: Connection) -> Self {
        let mut control = connection.open_uni().await.expect("a stream");
        control.write_all(&[0, 4, 0]).await.expect("it is open");
        Self::with_control(connection, control)
    }

    /// With a control stream that is open.
    pub(crate) fn with_control(connection: Connection, control: SendStream) -> Self {
        Self { connection, _control: control }
    }

    /// Opens a request stream and sends these bytes, without an end.
    pub(crate) async fn send(&self, bytes: &[u8]) -> (SendStream, RecvStream) {
        let (mut send, recv) = self.connection.open_bi().await.expect("a stream");
        send.write_all(bytes).await.expect("it is open");
        (send, recv)
    }
}

/// A frame of this type.
pub(crate) fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("short").to_be_bytes();
    [&[kind, length[0] | 0x40, length[1]], payload].concat()
}

/// A `DATA` frame.
pub(crate) fn data(content: &[u8]) -> Vec<u8> {
    frame(0, content)
}

/// The `HEADERS` of `POST https://localhost/`, with these encoded fields behind.
pub(crate) fn headers(fields: &[u8]) -> Vec<u8> {
    let request = [&[0, 0, 0xd4, 0xd7, 0x50, 9][..], b"localhost", &[0xc1], fields].concat();
    frame(1, &request)
}

/// A field without compression.
pub(crate) fn literal(name: &str, value: &str) -> Vec<u8> {
    let size = |text: &str| u8::try_from(text.len()).expect("short");
    let mut field = match size(name) {
        short @ 0..7 => vec![0x20 | short],
        long => vec![0x27, long - 7],
    };
    field.extend(name.as_bytes());
    field.push(size(value));
    field.extend(value.as_bytes());
    field
}
