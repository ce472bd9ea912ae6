//! The file of `-O` is always in the working directory.

use crate::support::{
    client::{Place, sha256},
    scripted::{Answer, Scripted, Step},
};

const CONTENT: &[u8] = b"content";

fn answer() -> Answer {
    Answer::new(CONTENT).sized().field("content-digest", sha256(CONTENT))
}

#[tokio::test]
async fn name_from_a_url_is_its_last_segment() {
    for (path, name) in [
        ("/a", "a"),
        ("/a/b", "b"),
        ("/a/b?c=d/e", "b"),
        ("/a%20b", "a b"),
        ("/%C3%A4.txt", "ä.txt"),
        ("/a/..b", "..b"),
        ("/a/b..", "b.."),
    ] {
        let server = Scripted::plain(Step::answer(false, &answer())).await;
        let place = Place::new();
        let ran = place.get(&[&server.url(path)]).await;
        assert_eq!(ran.code(), 0, "{path}: {ran:?}");
        assert_eq!(place.names(), [name], "{path}");
    }
}

/// Whatever the name is, nothing is written outside of the folder, and no other file is replaced.
#[tokio::test]
async fn name_never_leaves_the_folder() {
    for path in [
        "/",
        "",
        "/a/",
        "/..",
        "/.",
        "/a/..",
        "/%2e%2e",
        "/%2e",
        "/..%2f..%2fetc%2fpasswd",
        "/..%2foutside",
        "/a/..%2foutside",
        "/%2ftmp%2faxum-trailers-outside",
        "/..%5coutside",
        "/..\\outside",
        "/%00",
        "/outside%00.txt",
        "/%2e%2e%2foutside",
        "/.%2foutside",
        "/%252e%252e%252foutside",
        "/outside%2f",
        "/%ff%fe",
        "/%0a",
    ] {
        let server = Scripted::plain(Step::answer(false, &answer())).await;
        let place = Place::new();
        let inside = place.path().join("inside");
        std::fs::create_dir(&inside).expect("a folder");
        place.write("outside", b"untouched");
        let mut command = place.command(&["get", "--json", "-O", &server.url(path)]);
        command.current_dir(&inside);
        let output = tokio::process::Command::from(command).output().await.expect("started");
        assert_eq!(place.names(), ["inside", "outside"], "{path}: {output:?}");
        assert_eq!(place.read("outside").as_deref(), Some(&b"untouched"[..]), "{path}");
        for entry in std::fs::read_dir(&inside).expect("a folder") {
            let entry = entry.expect("an entry");
            let kind = entry.file_type().expect("its kind");
            assert!(kind.is_file() && output.status.success(), "{path}: {entry:?}, {output:?}");
            let name = entry.file_name().into_string().expect("UTF-8");
            assert!(!name.contains(|character: char| character.is_control()), "{path}: {name:?}");
        }
        let code = output.status.code().expect("no signal");
        assert!([0, 2, 11].contains(&code), "{path}: {output:?}");
        assert!(!std::path::Path::new("/tmp/axum-trailers-outside").exists());
    }
}

#[tokio::test]
async fn name_from_content_disposition_is_not_used() {
    for value in [
        "attachment; filename=other",
        "attachment; filename=\"../outside\"",
        "attachment; filename*=UTF-8''..%2foutside",
        "attachment; filename=/tmp/axum-trailers-outside",
    ] {
        let answer = answer().field("content-disposition", value);
        let server = Scripted::plain(Step::answer(false, &answer)).await;
        let place = Place::new();
        let ran = place.get(&[&server.url("/file")]).await;
        assert_eq!(ran.code(), 0, "{value}: {ran:?}");
        assert_eq!(place.names(), ["file"], "{value}");
    }
}
