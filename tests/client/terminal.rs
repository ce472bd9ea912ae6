//! What a terminal gets: text, a progress bar, and verdicts in lines of their own.

use crate::support::{
    client::{Place, WIRES, sha256},
    scripted::Answer,
    soon,
};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::{
    fs::{File, OpenOptions},
    io::Read,
    os::unix::ffi::OsStrExt,
    process::Stdio,
};

/// Runs the binary with its output on a terminal. Returns its exit code, and what the terminal got.
async fn run(place: &Place, arguments: &[&str]) -> (Option<i32>, String) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("granted");
    unlockpt(&terminal).expect("unlocked");
    let name = ptsname(&terminal, Vec::new()).expect("its name");
    let path = std::ffi::OsStr::from_bytes(name.as_bytes());
    let side = OpenOptions::new().read(true).write(true).open(path).expect("its other side");
    let mut command = place.command(arguments);
    command.env("TERM", "xterm");
    command.stdout(Stdio::from(side.try_clone().expect("another one"))).stderr(Stdio::from(side));
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("started");
    let reading = tokio::task::spawn_blocking(move || {
        let (mut terminal, mut text) = (File::from(terminal), Vec::new());
        let mut piece = [0; 4096];
        // At its end, a terminal has an error.
        while let Ok(read @ 1..) = terminal.read(&mut piece) {
            text.extend_from_slice(&piece[..read]);
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    let status = soon("the end of the process", child.wait()).await.expect("started");
    (status.code(), soon("the end of the output", reading).await.expect("no panic"))
}

#[tokio::test]
async fn terminal_gets_only_text_unless_the_user_insists() {
    for (content, options, code, shown) in [
        (&b"text"[..], &[][..], 0, "text\r\nhttp"),
        (b"text\n", &[], 0, "text\r\nhttp"),
        (b"binary\0", &[], 11, "use --output FILE"),
        (b"\x1b[2J", &[], 11, "use --output FILE"),
        ("\u{202e}txet".as_bytes(), &[], 11, "use --output FILE"),
        (b"\x1b[2J", &["-o", "-"], 0, "\x1b[2J"),
    ] {
        let server = WIRES[0].answering(&Answer::new(content).sized()).await;
        let (got, text) = run(&Place::new(), &[&["get"], options, &[&server.url("/a")]].concat()).await;
        assert_eq!(got, Some(code), "{content:?} {options:?}: {text:?}");
        assert!(text.contains(shown), "{content:?} {options:?}: {text:?}");
        assert_eq!(text.contains("\x1b[2J"), options.contains(&"-"), "{text:?}");
    }
}

#[tokio::test]
async fn bar_shows_what_has_arrived_and_the_verdict_takes_its_place() {
    let content = vec![b'a'; 1024 * 1024];
    let answer = Answer::new(content.clone()).sized().field("content-digest", sha256(&content));
    let server = WIRES[0].answering(&answer).await;
    let place = Place::new();
    let (code, text) = run(&place, &["get", "-O", &server.url("/a")]).await;
    assert_eq!(code, Some(0), "{text:?}");
    assert!(text.contains("of 1.00 MiB") && text.contains("B/s"), "{text:?}");
    let (_, last) = text.trim_end().rsplit_once(['\n', '\r']).unwrap_or(("", &text));
    assert!(last.contains("verified: sha-256") && !last.contains("B/s"), "{last:?}");
    // Nor is there one beside the content, or if it is not wanted.
    for options in [&["-o", "-"][..], &["-O", "--quiet"]] {
        let (code, text) = run(&place, &[&["get"], options, &[&server.url("/a")]].concat()).await;
        assert_eq!(code, Some(0), "{options:?}");
        assert!(!text.contains("B/s"), "{options:?}");
    }
}
