//! With `--log-format json`, each line on standard error is a JSON object.

use crate::support::{
    http1, http2,
    process::{Process, Signal, command, run},
    raw, read,
};
use serde_json::{Map, Value, json};

const JSON: [&str; 6] = ["--listen", "127.0.0.1:0", "--redirect", "off", "--log-format", "json"];

type Object = Map<String, Value>;

/// Parses each line and checks its timestamp, level and target.
fn objects(log: &str) -> Vec<Object> {
    let object = |line| {
        let object: Object = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(is_rfc_3339(object["timestamp"].as_str().expect("text")), "{line}");
        let levels = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];
        assert!(levels.contains(&object["level"].as_str().expect("text")), "{line}");
        assert!(object["target"].is_string(), "{line}");
        object
    };
    log.lines().map(object).collect()
}

fn is_rfc_3339(time: &str) -> bool {
    let like = |pattern: &str, text: &str| {
        text.len() == pattern.len()
            && text.bytes().zip(pattern.bytes()).all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                exact => byte == exact,
            })
    };
    like("0000-00-00T00:00:00.000000Z", time)
}

/// All output of the process, which ends after this signal.
async fn ended(mut process: Process) -> Vec<Object> {
    process.signal(Signal::TERM);
    let (status, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
    assert!(status.success(), "{log}");
    objects(&log)
}

#[tokio::test]
async fn request_is_an_object_with_its_fields_at_the_top() {
    let mut process = Process::start(&JSON);
    let address = process.address("https");
    for (client, path) in [(http2(), "/te?secret=1"), (http1(), "/%22nothing")] {
        let url = format!("https://localhost:{}{path}", address.port());
        let response = client.get(url).header("te", "trailers").send().await.expect("a response");
        read(response).await.expect("no error");
    }
    let log = ended(process).await;

    let requests: Vec<_> = log.iter().filter(|line| line["target"] == "axum_trailers::request").collect();
    let expected = [
        ("/te?secret=1", 200, "HTTP/2", "x-protocol,x-te,x-trailers"),
        ("/%22nothing", 404, "HTTP/1.1", "none"),
    ];
    assert_eq!(requests.len(), expected.len(), "{log:?}");
    for (request, (path, status, protocol, trailers)) in requests.iter().zip(expected) {
        for (field, value) in [
            ("level", json!("INFO")),
            ("method", json!("GET")),
            ("request_target", json!(path)),
            ("status", json!(status)),
            ("protocol", json!(protocol)),
            ("trailers", json!(trailers)),
            ("ended", json!("complete")),
        ] {
            assert_eq!(request[field], value, "{request:?}");
        }
        assert!(request["bytes_out"].as_u64().is_some_and(|bytes| bytes > 0), "{request:?}");
        assert!(request["duration_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{request:?}");
        assert!(request["peer"].as_str().is_some_and(|peer| peer.starts_with("127.0.0.1:")), "{request:?}");
    }
    let down = log.iter().find(|line| line.contains_key("signal")).expect("the end");
    assert_eq!((&down["level"], &down["signal"]), (&json!("INFO"), &json!("SIGTERM")));
}

#[tokio::test]
async fn every_line_is_an_object_at_any_level() {
    let mut process = Process::start(&[&JSON[..], &["--log", "trace"]].concat());
    let address = process.address("https");
    raw::http1(address, "GET /te HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    // From here on the output is read, so it can't fill the pipe.
    process.logged(&["TRACE"]).await;
    let mut client = raw::http2(address).await;
    let mut body = raw::http2_get(&mut client, "/te").await;
    raw::http2_read(&mut body).await.expect("whole");
    drop(client);
    let log = ended(process).await;
    // Spans are a separate member.
    assert!(log.iter().any(|line| line.get("spans").is_some_and(Value::is_array)));
    assert!(log.iter().any(|line| line["level"] == "TRACE"));
}

#[test]
fn startup_errors_are_json_and_usage_errors_are_text() {
    let cases: [(&[&str], &str, &str); 2] =
        [(&["--dir", "missing"], "info", "missing"), (&[], "axum_trailers=loud", "RUST_LOG")];
    for (arguments, filter, what) in cases {
        let arguments = [&JSON[..], arguments].concat();
        let output = command(&arguments).env("RUST_LOG", filter).output().expect("started");
        assert_eq!(output.status.code(), Some(1));
        let log = objects(&String::from_utf8(output.stderr).expect("text"));
        assert_eq!(log.len(), 1, "{log:?}");
        assert_eq!(log[0]["level"], "ERROR");
        let message = log[0]["message"].as_str().expect("text");
        assert!(message.contains(what) && !message.starts_with("error"), "{message}");
    }
    for wrong in [&["--log-format", "yaml"][..], &["--log-format", "json", "--idle-timeout", "soon"]] {
        let output = run(wrong);
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8(output.stderr).expect("text");
        assert!(error.starts_with("error: ") && error.contains(wrong[wrong.len() - 2]), "{error}");
    }
}

#[tokio::test]
async fn warning_that_no_filter_holds_back_is_an_object() {
    let arguments = ["--listen", "0.0.0.0:0", "--redirect", "off", "--log", "off"];
    let mut process = Process::spawn(command(&arguments).env("AXUM_TRAILERS_LOG_FORMAT", "json"));
    process.address("https");
    let log = ended(process).await;
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!(log[0]["level"], "WARN");
    assert!(
        log[0]["message"].as_str().is_some_and(|text| text.contains("the demo key is public")),
        "{log:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn panic_is_a_json_object_or_the_text_of_the_standard_hook() {
    use crate::support::process::panicking;
    let log = |format, backtrace| {
        let output = panicking(&["--log-format", format]).env("RUST_BACKTRACE", backtrace).output();
        String::from_utf8(output.expect("started").stderr).expect("text")
    };
    let json = objects(&log("json", "0"));
    assert_eq!(json.len(), 1, "{json:?}");
    assert_eq!((&json[0]["level"], &json[0]["thread"]), (&json!("ERROR"), &json!("main")));
    let message = json[0]["message"].as_str().expect("text");
    assert!(message.starts_with("panicked at") && message.contains("thread"), "{message}");

    let text = log("text", "0");
    assert!(
        text.starts_with(&format!("\nthread 'main' {message}\nnote: run with `RUST_BACKTRACE=1`")),
        "{text}"
    );
    for format in ["text", "json"] {
        assert!(log(format, "1").contains("  0: "), "a backtrace");
        assert!(!log(format, "0").contains("  0: "), "none");
    }
}
