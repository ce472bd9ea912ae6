use super::{Content, Hashing, Pieces, Plan, Sending, Source, digest_of};
use crate::{
    cli::FileOrDash,
    client::outgoing::{MakeBody, RequestBody},
};
use axum_trailers::digest::{Algorithm, CONTENT_DIGEST, Digest, Hashers};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::Body;
use http_body_util::BodyExt;
use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::PathBuf,
    time::{Duration, SystemTime},
};
use tempfile::TempDir;

/// More than the reader reads ahead, so that it still reads when the first piece arrives.
const LARGE: usize = 2 * 1024 * 1024;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self, content: &[u8]) -> PathBuf {
        let path = self.0.path().join("file");
        std::fs::write(&path, content).expect("written");
        path
    }

    fn source(&self, content: &[u8]) -> Source {
        Source::new(&FileOrDash::File(self.file(content))).expect("it can be read")
    }
}

fn large() -> Vec<u8> {
    (0..=250).cycle().take(LARGE).collect()
}

fn digest(content: &[u8]) -> Digest {
    let mut hashers = Hashers::new([Algorithm::Sha256]);
    hashers.update(content);
    hashers.finish().remove(0)
}

fn hashing(hashing: Hashing) -> Plan {
    Plan { hashing, ..Plan::default() }
}

/// What a body has sent.
#[derive(Debug, Default)]
struct Sent {
    pieces: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    error: Option<String>,
}

impl Sent {
    fn content(&self) -> Vec<u8> {
        self.pieces.concat()
    }
}

async fn rest(mut body: RequestBody) -> Sent {
    let mut sent = Sent::default();
    while let Some(frame) = body.frame().await {
        match frame.map(http_body::Frame::into_data) {
            Ok(Ok(data)) => sent.pieces.push(data),
            Ok(Err(frame)) => sent.trailers = frame.into_trailers().ok(),
            Err(error) => sent.error = Some(error.to_string()),
        }
    }
    assert!(body.is_end_stream() && body.frame().await.is_none(), "it is over");
    sent
}

fn body(source: Source, plan: Plan) -> (RequestBody, Sending) {
    let sending = Sending::default();
    let body = Content::new(source, plan, sending.clone()).make().expect("it can be read");
    (body, sending)
}

async fn send(source: Source, plan: Plan) -> (Sent, Sending) {
    let (body, sending) = body(source, plan);
    (rest(body).await, sending)
}

#[tokio::test]
async fn digest_follows_the_content() {
    let folder = Folder::new();
    for content in [b"".to_vec(), b"hello".to_vec(), large()] {
        for source in [Source::Text(content.clone().into()), folder.source(&content)] {
            let (sent, sending) = send(source, hashing(Hashing::Trailer)).await;
            assert_eq!(sent.content(), content);
            let trailers = sent.trailers.expect("a section");
            assert_eq!(trailers[CONTENT_DIGEST], digest(&content).to_field_value());
            assert!(sending.is_whole());
            assert_eq!((sending.bytes(), sending.digest()), (content.len() as u64, Some(digest(&content))));
        }
    }
}

#[tokio::test]
async fn length_is_announced_if_nothing_follows_the_content() {
    let folder = Folder::new();
    let trailers = HeaderMap::from_iter([(CONTENT_DIGEST, HeaderValue::from_static("1"))]);
    let paced = |size, delay| Plan { pieces: Pieces { size, delay }, ..Plan::default() };
    for (plan, is_announced) in [
        (Plan::default(), true),
        (hashing(Hashing::Compare), true),
        (hashing(digest_of(folder.source(b"hello")).await.expect("it can be read")), true),
        (hashing(Hashing::Trailer), false),
        (Plan { trailers: trailers.clone(), ..Plan::default() }, false),
        (Plan { unchecked_trailers: trailers, ..Plan::default() }, false),
        (paced(Some(2), None), false),
        (paced(None, Some(Duration::ZERO)), false),
    ] {
        let (body, sending) = body(folder.source(b"hello"), plan.clone());
        assert_eq!(body.size_hint().exact(), is_announced.then_some(5), "{plan:?}");
        let sent = rest(body).await;
        assert_eq!((sent.content().as_slice(), sent.error), (&b"hello"[..], None), "{plan:?}");
        assert!(sending.is_whole());
    }
}

#[tokio::test]
async fn empty_content_has_length_0_and_ends_at_once() {
    let folder = Folder::new();
    for source in [Source::Text(Bytes::new()), folder.source(b"")] {
        let (body, sending) = body(source, hashing(Hashing::Compare));
        assert_eq!(body.size_hint().exact(), Some(0));
        assert!(body.is_end_stream() && sending.is_whole());
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn file_of_the_kernel_has_no_announced_length() {
    let source = Source::new(&FileOrDash::File("/proc/self/status".into())).expect("it can be read");
    let (body, _) = body(source, Plan::default());
    assert_eq!(body.size_hint().exact(), None);
    assert!(rest(body).await.content().starts_with(b"Name:"));
}

type Change = fn(&File);

/// Ways to change a file while it is read.
const CHANGES: [(&str, Change); 4] = [
    ("grown", |file| (&*file).write_all(b"more").expect("written")),
    ("longer by much", |file| (&*file).write_all(&large()).expect("written")),
    ("truncated", |file| file.set_len(LARGE as u64 - 1).expect("truncated")),
    ("rewritten", |file| file.set_modified(SystemTime::UNIX_EPOCH).expect("changed")),
];

#[tokio::test]
async fn file_that_changes_is_never_sent_as_complete() {
    let folder = Folder::new();
    for (change, apply) in CHANGES {
        for is_announced in [true, false] {
            let source = folder.source(&large());
            let plan = hashing(if is_announced { Hashing::Compare } else { Hashing::Trailer });
            let (mut body, sending) = body(source, plan);
            let first = body.frame().await.expect("a frame").expect("no error").into_data().expect("data");
            let path = folder.0.path().join("file");
            apply(&OpenOptions::new().append(true).open(path).expect("the file"));
            let sent = rest(body).await;
            let error = sent.error.clone().unwrap_or_else(|| panic!("{change}: no error"));
            assert!(error.contains("changed while it was read"), "{change}: {error}");
            assert_eq!(sending.failure(), Some(error), "{change}");
            assert!(sent.trailers.is_none() && !sending.is_whole(), "{change}");
            let complete = first.len() + sent.content().len() >= LARGE;
            assert!(!is_announced || !complete, "{change}: the announced length was sent");
        }
    }
}

#[tokio::test]
async fn content_must_have_the_digest_that_was_sent_before_it() {
    let folder = Folder::new();
    let known = digest_of(folder.source(b"hello")).await.expect("it can be read");
    let (sent, sending) = send(folder.source(b"hello"), hashing(known.clone())).await;
    assert_eq!((sent.content().as_slice(), sent.error), (&b"hello"[..], None));
    assert_eq!(sending.digest(), Some(digest(b"hello")));
    for other in [&b"jello"[..], b"hello!", b"hell", b""] {
        let (sent, sending) = send(folder.source(other), hashing(known.clone())).await;
        assert!(sent.error.is_some_and(|error| error.contains("changed")), "{other:?}");
        assert!(sent.pieces.is_empty() && !sending.is_whole(), "{other:?}");
    }
}

#[tokio::test]
async fn pieces_have_the_size_that_is_asked_for() {
    let folder = Folder::new();
    for (content, size, expected) in [
        (&b"hello"[..], 2, vec![2, 2, 1]),
        (b"hello", 5, vec![5]),
        (b"hello", 9, vec![5]),
        (b"hello", 1, vec![1; 5]),
        (&large(), 1_000_000, vec![1_000_000, 1_000_000, LARGE - 2_000_000]),
    ] {
        let plan = || Plan { pieces: Pieces { size: Some(size), delay: None }, ..Plan::default() };
        for source in [Source::Text(content.to_vec().into()), folder.source(content)] {
            let (sent, _) = send(source, plan()).await;
            let sizes: Vec<_> = sent.pieces.iter().map(Bytes::len).collect();
            assert_eq!(sizes, expected);
            assert_eq!(sent.content(), content);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_further_piece_and_the_trailers_wait() {
    const DELAY: Duration = Duration::from_secs(1000);
    let trailers = HeaderMap::from_iter([(CONTENT_DIGEST, HeaderValue::from_static("1"))]);
    let plan = Plan { pieces: Pieces { size: Some(2), delay: Some(DELAY) }, trailers, ..Plan::default() };
    let (mut body, _) = body(Source::Text("hello".into()), plan);
    let began = tokio::time::Instant::now();
    for n in 0..4 {
        body.frame().await.expect("a frame").expect("no error");
        // The clock may also advance while the thread reads.
        assert!(began.elapsed() >= n * DELAY, "frame {n}");
    }
    assert!(body.frame().await.is_none());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn pipe_can_be_sent_again_only_if_nothing_was_read() {
    let folder = Folder::new();
    let path = folder.0.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
    let writer = std::thread::spawn({
        let path = path.clone();
        move || std::fs::write(path, b"hello").expect("written")
    });
    let source = Source::new(&FileOrDash::File(path)).expect("it can be read");
    let sending = Sending::default();
    let mut content = Content::new(source, hashing(Hashing::Trailer), sending.clone());
    drop(content.make().expect("the first time"));
    let body = content.make().expect("nothing was read");
    assert_eq!(body.size_hint().exact(), None);
    assert_eq!(rest(body).await.content(), b"hello");
    writer.join().expect("no panic");
    let again = content.make().expect_err("it was read");
    assert!(again.contains("can't be sent again"), "{again}");
}

#[tokio::test]
async fn file_can_be_sent_again() {
    let folder = Folder::new();
    let sending = Sending::default();
    let mut content = Content::new(folder.source(b"hello"), hashing(Hashing::Compare), sending.clone());
    for _ in 0..2 {
        assert_eq!(rest(content.make().expect("it can be read")).await.content(), b"hello");
        assert_eq!(sending.bytes(), 5);
    }
}

#[test]
fn what_can_t_be_read_has_a_reason() {
    let folder = Folder::new();
    let path = folder.0.path();
    for (path, says) in [(path.to_path_buf(), "directory"), (path.join("nothing"), "No such file")] {
        let error = Source::new(&FileOrDash::File(path.clone())).expect_err("no file");
        assert!(error.contains(says) && error.contains(&path.display().to_string()), "{error}");
    }
}

#[tokio::test]
async fn body_that_is_dropped_was_not_sent_whole() {
    let folder = Folder::new();
    let (mut body, sending) = body(folder.source(&large()), hashing(Hashing::Compare));
    body.frame().await.expect("a frame").expect("no error");
    drop(body);
    assert!(!sending.is_whole() && sending.failure().is_none());
}
