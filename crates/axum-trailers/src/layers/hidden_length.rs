use bytes::Bytes;

/// What a layer does with the length of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LengthPlan {
    /// It is known if it was before.
    Kept,
    /// The server does not learn it, so that trailers can follow, and does not check it. If one was promised, the layer
    /// does.
    Hidden(Option<Promised>),
}

/// The length that the head of a response has promised, and how much has come, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Promised {
    promised: u64,
    came: u64,
}

/// A body is shorter or longer than its `Content-Length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the response has {came} bytes{}, but its length is {promised}", if came > promised { " or more" } else { "" })]
pub(super) struct LengthBroken {
    promised: u64,
    came: u64,
}

impl LengthPlan {
    pub(super) fn hidden(promised: Option<u64>) -> Self {
        Self::Hidden(promised.map(|promised| Promised { promised, came: 0 }))
    }

    /// Counts a chunk.
    pub(super) fn data(&mut self, chunk: &Bytes) -> Result<(), LengthBroken> {
        let Self::Hidden(Some(length)) = self else { return Ok(()) };
        length.came = length.came.saturating_add(chunk.len() as u64);
        if length.came > length.promised { Err(length.broken()) } else { Ok(()) }
    }

    /// Checks the length at the end of the data.
    pub(super) fn end(&self) -> Result<(), LengthBroken> {
        match self {
            Self::Hidden(Some(length)) if length.came != length.promised => Err(length.broken()),
            _ => Ok(()),
        }
    }
}

impl Promised {
    fn broken(self) -> LengthBroken {
        let Self { promised, came } = self;
        LengthBroken { promised, came }
    }
}
