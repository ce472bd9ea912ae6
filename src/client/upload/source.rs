use crate::cli::FileOrDash;
use bytes::Bytes;
use std::{
    fmt,
    fs::{self, File},
    io::{self, Cursor, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// Where content comes from.
#[derive(Clone, Debug)]
pub(in crate::client) enum Source {
    Text(Bytes),
    File(PathBuf),
    Once(Once),
}

/// Content that can be read only once: standard input, or a file that is a pipe. The first body that is sent takes it.
#[derive(Clone)]
pub(in crate::client) struct Once {
    name: String,
    reader: Arc<Mutex<Option<Reader>>>,
}

pub(super) type Reader = Box<dyn Read + Send>;

/// Content for one request.
pub(super) struct Opened {
    /// For messages.
    pub(super) name: String,
    /// The number of bytes, if it is known.
    pub(super) length: Option<u64>,
    input: Input,
    watched: Option<Watched>,
}

enum Input {
    Ready(Reader),
    Once(Once),
}

/// A file that must not change while it is read.
struct Watched {
    file: File,
    size: u64,
    modified: Option<SystemTime>,
}

impl Source {
    /// # Errors
    ///
    /// A text, if the file does not exist, is a folder, or may not be read.
    pub(in crate::client) fn new(from: &FileOrDash) -> Result<Self, String> {
        let FileOrDash::File(path) = from else {
            return Ok(Self::Once(Once::new("standard input".to_owned(), Box::new(io::stdin()))));
        };
        let file = open(path).map_err(|error| unreadable(path, &error))?;
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        Ok(if is_file {
            Self::File(path.clone())
        } else {
            Self::Once(Once::new(path.display().to_string(), Box::new(file)))
        })
    }

    /// The number of bytes, if it is known.
    pub(in crate::client) fn length(&self) -> Option<u64> {
        match self {
            Self::Text(text) => Some(text.len() as u64),
            Self::File(path) => {
                fs::metadata(path).ok().map(|metadata| metadata.len()).filter(|size| *size > 0)
            }
            Self::Once(_) => None,
        }
    }

    /// Opens the content for a request.
    pub(super) fn open(&self) -> Result<Opened, String> {
        match self {
            Self::Text(text) => Ok(Opened {
                name: "the content".to_owned(),
                length: Some(text.len() as u64),
                input: Input::Ready(Box::new(Cursor::new(text.clone()))),
                watched: None,
            }),
            Self::File(path) => Opened::file(path).map_err(|error| unreadable(path, &error)),
            Self::Once(once) if once.lock().is_none() => {
                Err(format!("{} is read already, and can't be sent again: save it to a file", once.name))
            }
            Self::Once(once) => Ok(Opened {
                name: once.name.clone(),
                length: None,
                input: Input::Once(once.clone()),
                watched: None,
            }),
        }
    }
}

impl Once {
    fn new(name: String, reader: Reader) -> Self {
        Self { name, reader: Arc::new(Mutex::new(Some(reader))) }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Reader>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Opened {
    fn file(path: &Path) -> io::Result<Self> {
        let mut file = open(path)?;
        let metadata = file.metadata()?;
        let (size, modified) = (metadata.len(), metadata.modified().ok());
        // A file of the kernel may have content although its size is 0.
        let mut start = Vec::new();
        if size == 0 {
            file.by_ref().take(1).read_to_end(&mut start)?;
        }
        let is_sized = start.is_empty();
        let watched = Watched { file: file.try_clone()?, size, modified };
        Ok(Self {
            name: path.display().to_string(),
            length: is_sized.then_some(size),
            input: Input::Ready(Box::new(Cursor::new(start).chain(file))),
            watched: is_sized.then_some(watched),
        })
    }

    /// From now on, content that can be read only once belongs to this request.
    pub(super) fn start(&mut self) -> Reader {
        let empty = || Box::new(io::empty());
        match &mut self.input {
            Input::Ready(reader) => std::mem::replace(reader, empty()),
            Input::Once(once) => once.lock().take().unwrap_or_else(|| empty()),
        }
    }

    /// Whether a file was written since it was opened.
    pub(super) fn has_changed(&self) -> bool {
        let Some(Watched { file, size, modified }) = &self.watched else { return false };
        let now = file.metadata().map(|metadata| (metadata.len(), metadata.modified().ok()));
        now.is_ok_and(|now| now != (*size, *modified))
    }
}

fn open(path: &Path) -> io::Result<File> {
    // A folder can be opened, and only reading it fails.
    if fs::metadata(path)?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    File::open(path)
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("can't read {}: {error}", path.display())
}
