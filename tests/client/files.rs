//! What happens to files: links, permissions, devices, limits, and other processes.

use crate::support::{
    client::{Place, WIRES, sha256},
    scripted::{Answer, Scripted, Security, Step},
    soon,
};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    process::{Command, Stdio},
};

const CONTENT: &[u8] = b"content\n";

fn answer() -> Answer {
    Answer::new(CONTENT).sized().field("content-digest", sha256(CONTENT)).field("etag", "\"v1\"")
}

async fn server() -> Scripted {
    WIRES[0].answering(&answer()).await
}

#[tokio::test]
async fn replaced_file_keeps_its_permissions() {
    for mode in [0o600, 0o640, 0o755] {
        let (server, place) = (server().await, Place::new());
        place.write("file", b"before");
        let path = place.path().join("file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
        let ran = place.run(&["get", "-o", "file", &server.url("/a")]).await;
        assert_eq!(ran.code(), 0, "{ran:?}");
        assert_eq!(place.read("file").as_deref(), Some(CONTENT));
        assert_eq!(fs::metadata(&path).expect("found").permissions().mode() & 0o777, mode);
    }
}

/// The user names the link of `-o`, as with curl. A name from a URL must not lead out of the folder.
#[tokio::test]
async fn link_is_followed_only_if_the_user_named_it() {
    for (options, is_followed) in [(&["-o", "link"][..], true), (&["-O"], false)] {
        let (server, place) = (server().await, Place::new());
        fs::create_dir(place.path().join("folder")).expect("created");
        place.write("folder/target", b"before");
        symlink("folder/target", place.path().join("link")).expect("linked");
        let ran = place.run(&[&["get"], options, &[&server.url("/link")]].concat()).await;
        assert_eq!(ran.code(), 0, "{ran:?}");
        let link = fs::symlink_metadata(place.path().join("link")).expect("found");
        assert_eq!(link.is_symlink(), is_followed, "{options:?}");
        assert_eq!(place.read("link").as_deref(), Some(CONTENT), "{options:?}");
        let target = if is_followed { CONTENT } else { b"before" };
        assert_eq!(place.read("folder/target").as_deref(), Some(target), "{options:?}");
        let names: Vec<_> = fs::read_dir(place.path().join("folder")).expect("a folder").collect();
        assert_eq!(names.len(), 1, "nothing is left beside it: {names:?}");
    }
}

#[tokio::test]
async fn pipe_and_device_are_written_directly() {
    let (server, place) = (server().await, Place::new());
    let ran = place.run(&["get", "-o", "/dev/null", &server.url("/a")]).await;
    assert_eq!((ran.code(), place.names()), (0, Vec::new()), "{ran:?}");

    let pipe = place.path().join("pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).expect("a named pipe");
    let reading = tokio::task::spawn_blocking(move || fs::read(pipe).expect("read"));
    let ran = place.run(&["get", "-o", "pipe", &server.url("/a")]).await;
    assert_eq!((ran.code(), place.names()), (0, vec!["pipe".to_owned()]), "{ran:?}");
    assert_eq!(soon("the content", reading).await.expect("no panic"), CONTENT);

    // Nothing of it can be continued.
    let ran = place.run(&["get", "--continue", "-o", "/dev/null", &server.url("/a")]).await;
    assert_eq!(ran.code(), 11, "{ran:?}");
    assert!(ran.stderr.contains("/dev/null is no regular file"), "{ran:?}");
}

#[tokio::test]
async fn folder_is_no_file_and_nothing_is_requested() {
    let place = Place::new();
    fs::create_dir(place.path().join("folder")).expect("created");
    for options in [&["-o", "folder"][..], &["-o", "folder/"], &["-o", "."], &["-O"]] {
        let server = server().await;
        let ran = place.run(&[&["get"], options, &[&server.url("/folder")]].concat()).await;
        assert_eq!((ran.code(), server.received().len()), (11, 0), "{options:?}: {ran:?}");
        assert!(ran.stderr.contains("is a folder"), "{options:?}: {ran:?}");
        assert_eq!(place.names(), ["folder"], "{options:?}");
    }
}

/// Another process must not be able to redirect what this one writes.
#[tokio::test]
async fn part_that_is_a_link_is_not_written() {
    let (server, place) = (server().await, Place::new());
    place.write("other", b"untouched");
    symlink("other", place.path().join("file.part")).expect("linked");
    for options in [&[][..], &["--continue"]] {
        let ran = place.run(&[&["get", "-o", "file"], options, &[&server.url("/a")]].concat()).await;
        assert_eq!(ran.code(), 11, "{ran:?}");
        assert!(ran.stderr.contains("file.part: it is no regular file"), "{ran:?}");
        assert_eq!(place.read("other").as_deref(), Some(&b"untouched"[..]));
    }
}

/// `ulimit -f` is a signal first, which would end the process.
#[tokio::test]
async fn file_size_limit_is_local_trouble_and_the_part_stays() {
    let content = vec![b'a'; 64 * 1024];
    let answer = Answer::new(content.clone()).sized().field("etag", "\"v1\"");
    for (blocks, code) in [("8", 11), ("unlimited", 0)] {
        let (server, place) = (WIRES[0].answering(&answer).await, Place::new());
        place.write("file", b"before");
        let get = place.command(&["get", "-o", "file", &server.url("/a")]);
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -f {blocks}; exec \"$@\""), "sh"]);
        shell.arg(get.get_program()).args(get.get_args()).current_dir(place.path()).stdin(Stdio::null());
        let output = tokio::process::Command::from(shell).kill_on_drop(true).output();
        let output = soon("the end", output).await.expect("started");
        assert_eq!(output.status.code(), Some(code), "{blocks}: {output:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        if code == 0 {
            assert_eq!(place.read("file"), Some(content.clone()), "{blocks}");
        } else {
            assert!(stderr.contains("can't write file.part: File too large"), "{output:?}");
            assert_eq!(place.read("file").as_deref(), Some(&b"before"[..]), "{blocks}");
            assert!(place.read("file.part").is_some_and(|part| content.starts_with(&part)), "{blocks}");
        }
    }
}

/// The lock ends with the process, however that ends.
#[tokio::test]
async fn only_one_process_writes_a_part() {
    let script = vec![Step::Request, Step::Send(answer().http1_head()), Step::Silence];
    let silent = Scripted::start(Security::Plain, move |_| script.clone()).await;
    let place = Place::new();
    let first = tokio::process::Command::from(place.command(&["get", "-o", "file", &silent.url("/a")]));
    let mut first = { first }.kill_on_drop(true).spawn().expect("started");
    soon("the request", async {
        while silent.received().iter().all(String::is_empty) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let other = server().await;
    for options in [&[][..], &["--continue"]] {
        let ran = place.run(&[&["get", "-o", "file"], options, &[&other.url("/a")]].concat()).await;
        assert_eq!(ran.code(), 11, "{ran:?}");
        assert!(ran.stderr.contains("file.part: another process writes it"), "{ran:?}");
        assert_eq!(place.names(), ["file.part"]);
    }
    first.kill().await.expect("killed");
    let ran = place.run(&["get", "-o", "file", &other.url("/a")]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    assert_eq!((place.read("file").as_deref(), place.names()), (Some(CONTENT), vec!["file".to_owned()]));
}

/// A file that may not be written is not replaced either, although its folder permits that.
#[test]
fn protected_file_is_not_replaced() {
    // What root's processes may do depends on the thread that starts them.
    let thread = std::thread::spawn(|| {
        may_not_write_protected_files();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(is_not_replaced());
    });
    thread.join().expect("no panic");
}

/// Root may write all files unless it lacks a capability.
fn may_not_write_protected_files() {
    #[cfg(target_os = "linux")]
    if rustix::process::geteuid().is_root() {
        use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
        remove_capability_from_bounding_set(CapabilitySet::DAC_OVERRIDE).expect("root may");
    }
}

async fn is_not_replaced() {
    let (server, place) = (server().await, Place::new());
    place.write("file", b"before");
    fs::set_permissions(place.path().join("file"), fs::Permissions::from_mode(0o400)).expect("set");
    let ran = place.run(&["get", "-o", "file", &server.url("/a")]).await;
    assert_eq!(ran.code(), 11, "{ran:?}");
    assert!(ran.stderr.contains("can't write file: Permission denied"), "{ran:?}");
    assert_eq!(
        (place.read("file").as_deref(), place.names()),
        (Some(&b"before"[..]), vec!["file".to_owned()])
    );
}

/// Files of one command are synced while the next is received, unless they have the same name.
#[tokio::test]
async fn last_of_several_urls_with_one_name_stays() {
    let answers: Vec<_> = (0..40).map(|n| Answer::new(format!("content {n}")).sized()).collect();
    for (is_same, names) in [(true, 1), (false, 40)] {
        let script = Step::answers(false, &answers);
        let server = Scripted::start(Security::Plain, move |_| script.clone()).await;
        let place = Place::new();
        let path = |n: usize| if is_same { format!("/{n}/file") } else { format!("/{n}") };
        let urls: Vec<_> = (0..40).map(|n| server.url(&path(n))).collect();
        let urls: Vec<_> = urls.iter().map(|url| &**url).collect();
        let ran = place.get(&urls).await;
        assert_eq!(ran.code(), 0, "{ran:?}");
        assert_eq!(place.names().len(), names, "{:?}", place.names());
        let last = if is_same { "file" } else { "39" };
        assert_eq!(place.read(last).as_deref(), Some(&b"content 39"[..]));
        // In their order.
        let reported: Vec<_> = ran.reports().iter().map(|report| report["url"].clone()).collect();
        assert_eq!(reported, urls);
    }
}
