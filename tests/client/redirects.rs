//! `-L` follows redirects, with bounds: not for ever, not from https to http, and not with credentials or content where
//! they do not belong.

use crate::support::{
    client::{CACERT, Place, WIRES, sha256},
    scripted::{Answer, Listening, Scripted, Security, Step, http1_requests},
};

const CONTENT: &[u8] = b"at the end of all redirects";

fn target() -> Answer {
    Answer::new(CONTENT).sized().field("content-digest", sha256(CONTENT))
}

fn redirect(status: u16, location: &str) -> Answer {
    Answer::new("moved").sized().status(status).field("location", location)
}

/// A server that answers the requests of all its connections in this order.
async fn in_order(answers: Vec<Answer>) -> Scripted {
    Scripted::plain(Step::answers(false, &answers)).await
}

/// The request line and the header section of each request to a server.
fn heads(server: &Scripted) -> Vec<String> {
    let received = server.received();
    received
        .iter()
        .flat_map(|bytes| http1_requests(bytes.as_bytes()))
        .map(|request| request.head.to_owned())
        .collect()
}

#[tokio::test]
async fn redirects_are_followed_only_with_the_option() {
    for status in [301, 302, 303, 307, 308] {
        for (options, requests) in [(&["-L"][..], 2), (&["--location"], 2), (&[], 1)] {
            let server = in_order(vec![redirect(status, "/new/place"), target()]).await;
            let place = Place::new();
            let ran = place.get(&[options, &[&server.url("/old/file")]].concat()).await;
            let heads = heads(&server);
            assert_eq!(heads.len(), requests, "{status} {options:?}: {ran:?}");
            let report = ran.report();
            assert_eq!(report["url"], server.url("/old/file"));
            if requests == 2 {
                assert!(heads[1].starts_with("GET /new/place HTTP/1.1\r\n"), "{status}: {heads:?}");
                assert_eq!((&report["verdict"], ran.code()), (&"verified".into(), 0), "{status}: {ran:?}");
                assert_eq!(report["status"], 200, "{status}");
                // The name is that of the URL on the command line.
                assert_eq!(place.read("file").as_deref(), Some(CONTENT), "{status}");
            } else {
                assert_eq!(report["status"], status);
            }
        }
    }
}

#[tokio::test]
async fn location_may_be_relative() {
    for (location, expected) in [
        ("other", "/a/other"),
        ("../other", "/other"),
        ("/b/../c", "/c"),
        ("?x=1", "/a/b?x=1"),
        ("other#part", "/a/other"),
        ("./", "/a/"),
        ("../../../../x", "/x"),
    ] {
        let server = in_order(vec![redirect(302, location), target()]).await;
        let ran = Place::new().get(&["-L", &server.url("/a/b")]).await;
        let heads = heads(&server);
        assert!(
            heads.get(1).is_some_and(|head| head.starts_with(&format!("GET {expected} "))),
            "{location}: {heads:?}"
        );
        assert_eq!(ran.code(), 0, "{location}: {ran:?}");
    }
}

#[tokio::test]
async fn redirects_without_an_end_are_no_success() {
    let server = in_order(vec![redirect(302, "/file"); 120]).await;
    let place = Place::new();
    let ran = place.get(&["-L", &server.url("/file")]).await;
    assert_ne!(ran.code(), 0, "{ran:?}");
    assert_eq!(heads(&server).len(), 51, "the default bound of curl");
    assert!(ran.stderr.contains("50 redirects"), "{ran:?}");
    assert_eq!(place.read("file"), None);
}

#[tokio::test]
async fn number_of_redirects_is_bounded_by_an_option() {
    for (bound, code) in [("3", 0), ("2", 5), ("0", 5)] {
        let answers = vec![redirect(302, "/b"), redirect(302, "/c"), redirect(302, "/d"), target()];
        let server = in_order(answers).await;
        let place = Place::new();
        let ran = place.get(&["-L", "--max-redirs", bound, &server.url("/file")]).await;
        assert_eq!(ran.code() == 0, code == 0, "{bound}: {ran:?}");
        assert_eq!(place.read("file").is_some(), code == 0, "{bound}");
    }
}

/// What must not be followed is reported, and is no success.
#[tokio::test]
async fn redirect_to_another_scheme_is_not_followed() {
    let plain = in_order(vec![target()]).await;
    let to_plain = plain.url("/file");
    let locations = [
        &*to_plain,
        "ftp://localhost/file",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[",
        "\u{1b}[31m",
    ];
    for location in locations {
        for wire in [WIRES[1], WIRES[3]] {
            let answer = redirect(302, location);
            if answer.fields.iter().any(|(_, value)| value.contains(&0x1b)) {
                continue;
            }
            let server = wire.answering(&answer).await;
            let place = Place::new();
            let ran = place.get(&["-L", &server.url("/file")]).await;
            assert_ne!(ran.code(), 0, "{location} over {wire:?}: {ran:?}");
            assert_eq!(place.read("file"), None, "{location} over {wire:?}");
        }
    }
    assert!(plain.received().is_empty(), "{:?}", plain.received());
}

#[tokio::test]
async fn redirect_to_https_is_followed() {
    let script = Step::answer(false, &target());
    let secure = Scripted::start(Security::tls(&["http/1.1"]), move |_| script.clone()).await;
    for from in [Security::Plain, Security::tls(&["http/1.1"])] {
        let script = Step::answer(false, &redirect(301, &secure.url("/file")));
        let server = Scripted::start(from, move |_| script.clone()).await;
        let ran = Place::new().get(&["-L", &server.url("/file")]).await;
        assert_eq!((&ran.report()["verdict"], ran.code()), (&"verified".into(), 0), "{ran:?}");
    }
}

/// Another port is another origin (RFC 6454).
#[tokio::test]
async fn credentials_are_not_sent_to_another_origin() {
    let options: [&[&str]; 4] =
        [&["-u", "me:secret"], &["-H", "Authorization: secret"], &["-H", "Cookie: a=secret"], &[]];
    for option in options {
        let other = Listening::new().await;
        let first = Listening::new().await;
        let here = format!("http://{}/here", first.address);
        let away = format!("http://{}/away", other.address);
        let script = Step::answers(false, &[redirect(302, &here), redirect(302, &away)]);
        let first = first.start(Security::Plain, move |_| script.clone());
        let script = Step::answers(false, &[redirect(302, &here.replace("/here", "/back"))]);
        let other = other.start(Security::Plain, move |_| script.clone());
        let ran = Place::new()
            .get(&[&["-L", "-v", "--max-redirs", "2"], option, &[&first.url("/file")]].concat())
            .await;
        let (first, other) = (heads(&first), heads(&other));
        let has_secret = |head: &String| {
            let head = head.to_ascii_lowercase();
            head.contains("authorization:") || head.contains("cookie:")
        };
        assert_eq!(
            first.iter().map(has_secret).collect::<Vec<_>>(),
            [!option.is_empty(); 2],
            "{option:?}: {first:?}"
        );
        assert_eq!(
            other.iter().map(has_secret).collect::<Vec<_>>(),
            [false],
            "{option:?}: {other:?} {ran:?}"
        );
        assert!(
            other[0].contains(&format!("host: {}", away.split('/').nth(2).expect("a host"))),
            "{other:?}"
        );
    }
}

/// A user name in the URL is a credential as well.
#[tokio::test]
async fn credentials_in_a_url_are_not_sent_to_another_origin() {
    let other = in_order(vec![target()]).await;
    let first = in_order(vec![redirect(302, &other.url("/away"))]).await;
    let ran = Place::new().get(&["-L", &first.url("/file").replace("http://", "http://me:secret@")]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    assert!(
        heads(&first)[0].to_ascii_lowercase().contains("authorization: basic bwu6c2vjcmv0"),
        "{:?}",
        heads(&first)
    );
    assert!(!heads(&other)[0].to_ascii_lowercase().contains("authorization"), "{:?}", heads(&other));
    assert!(
        !ran.stderr.contains("secret") && !String::from_utf8_lossy(&ran.stdout).contains("secret"),
        "{ran:?}"
    );
}

/// RFC 9110 §15.4: 307 and 308 keep method and content, 303 is a `GET`, and so are 301 and 302 after a `POST`.
#[tokio::test]
async fn content_is_sent_again_only_after_307_and_308() {
    for (status, method, expected, is_kept) in [
        (301, "POST", "GET", false),
        (302, "POST", "GET", false),
        (303, "POST", "GET", false),
        (303, "PUT", "GET", false),
        (307, "POST", "POST", true),
        (308, "POST", "POST", true),
        (307, "PUT", "PUT", true),
    ] {
        let server = in_order(vec![redirect(status, "/new"), target()]).await;
        let url = server.url("/old");
        let trailer = ["--trailer", "x-trailer: 1"];
        let ran = Place::new()
            .run(&[&["send", "-L", "-X", method, "-d", "content"], &trailer[..], &[&url]].concat())
            .await;
        assert_eq!(ran.code(), 0, "{status} {method}: {ran:?}");
        let received = server.received();
        let requests = http1_requests(received[0].as_bytes());
        assert_eq!(requests.len(), 2, "{status} {method}: {requests:?}");
        assert!(
            requests[1].head.starts_with(&format!("{expected} /new ")),
            "{status} {method}: {requests:?}"
        );
        let content = String::from_utf8_lossy(requests[1].content);
        assert_eq!(
            content.contains("content") && content.contains("x-trailer: 1"),
            is_kept,
            "{status} {method}: {content}"
        );
        assert_eq!(requests[1].field("trailer").is_some(), is_kept, "{status} {method}: {requests:?}");
    }
}

/// A trusted server may not be a way around the check of a certificate.
#[tokio::test]
async fn certificate_of_the_new_origin_is_checked_too() {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a pair");
    let key = pair.signing_key.serialize_pem();
    let security = Security::certified(pair.cert.pem().as_bytes(), key.as_bytes(), &["http/1.1"]);
    let script = Step::answer(false, &target());
    let untrusted = Scripted::start(security, move |_| script.clone()).await;
    let script = Step::answer(false, &redirect(302, &untrusted.url("/file")));
    let server = Scripted::start(Security::tls(&["http/1.1"]), move |_| script.clone()).await;
    let ran =
        Place::new().run(&["get", "--json", "-L", "-O", "--cacert", CACERT, &server.url("/file")]).await;
    assert_eq!((&ran.report()["verdict"], ran.code()), (&"tls".into(), 4), "{ran:?}");
}
