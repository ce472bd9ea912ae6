use super::{destination::Destination, kept::Kept, part::Part, stream::Stream};
use crate::client::output::Trouble;
use axum_trailers::digest::Hashers;

/// Writes content, and can continue what it has written.
pub(super) enum Sink {
    Part(Part),
    Stream(Stream),
}

/// What is there of the content.
pub(super) enum Beginning {
    Nothing,
    /// Something that can't be continued, for this reason.
    Useless(String),
    Usable(Rest),
}

/// The rest of content whose beginning is there.
pub(super) struct Rest {
    /// Its position in bytes.
    pub(super) from: u64,
    pub(super) kept: Kept,
    /// They have hashed what is in front of it.
    pub(super) hashers: Hashers,
}

/// How an earlier `.part` file and later attempts are used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Continues {
    /// An earlier `.part` file is continued.
    pub(super) earlier: bool,
    /// Another attempt may follow this one.
    pub(super) later: bool,
}

impl Sink {
    pub(super) fn open(destination: Destination, continues: Continues) -> Result<Self, Trouble> {
        Ok(match destination {
            Destination::StandardOutput { is_guarded } => {
                Self::Stream(Stream::standard(is_guarded, continues.later)?)
            }
            Destination::Special(path) if continues.earlier => {
                let path = path.display();
                return Err(Trouble::Local(format!("--continue: {path} is no regular file")));
            }
            Destination::Special(path) => Self::Stream(Stream::special(path, continues.later)),
            Destination::File(path) => Self::Part(Part::open(path, continues.earlier)?),
        })
    }

    /// What is there for a request of this URL.
    pub(super) fn beginning(&mut self, url: &str) -> Result<Beginning, Trouble> {
        match self {
            Self::Part(part) => part.beginning(url),
            Self::Stream(stream) => Ok(stream.beginning()),
        }
    }

    /// Starts over, if that is possible. Returns whether it is.
    pub(super) fn begin(&mut self, kept: Option<Kept>) -> Result<bool, Trouble> {
        match self {
            Self::Part(part) => part.begin(kept).map(|()| true),
            Self::Stream(stream) => stream.begin(kept),
        }
    }

    pub(super) fn resume(&mut self, rest: &Rest) -> Result<(), Trouble> {
        match self {
            Self::Part(part) => part.resume(rest.from),
            Self::Stream(_) => Ok(()),
        }
    }

    pub(super) fn write(&mut self, data: &[u8]) -> Result<(), Trouble> {
        match self {
            Self::Part(part) => part.write(data),
            Self::Stream(stream) => stream.write(data),
        }
    }

    /// Whether another attempt can follow.
    pub(super) fn can_go_on(&self) -> bool {
        match self {
            Self::Part(_) => true,
            Self::Stream(stream) => stream.can_go_on(),
        }
    }

    /// Whether content has left that can't be taken back.
    pub(super) fn is_begun_stream(&self) -> bool {
        matches!(self, Self::Stream(stream) if stream.has_begun())
    }

    /// Whether a terminal shows the content, so that nothing else should be drawn there.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Stream(stream) if stream.is_terminal())
    }
}
