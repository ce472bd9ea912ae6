//! What can be seen without the help of the origin.

use crate::{
    Cut, Verdict,
    check::{
        Answer, Mode, Question,
        fields::received_alone,
        path::Path,
        payload::Payload,
        probe::Probe,
        questions::{digest, response_trailers::not_asked},
        sighting::{Seen, Sighting},
    },
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// The trailers and the digest of the URL's own response.
pub(super) async fn response(path: &Path) -> Vec<Answer> {
    let seen = path.ask_foreign(Probe::get("")).await;
    let evidence = received_alone(&seen);
    let answers = match &seen {
        Seen::Response(sighting) if matches!(sighting.cut(), Some(Cut::TooLarge(_))) => {
            both(|question| Answer::unknown(question, "too-large", "the response is larger than 1 MiB"))
        }
        Seen::Response(sighting) if !sighting.status.is_success() => {
            let detail = format!("the response has status {}", sighting.status.as_u16());
            both(|question| Answer::unknown(question, "refused", detail.clone()))
        }
        Seen::Response(sighting) => [trailers(path.mode, sighting), digest(sighting)],
        Seen::Hung(Some(_)) => {
            both(|question| Answer::unknown(question, "too-slow", "the response does not end within 4 s"))
        }
        Seen::Hung(None) | Seen::Failed(_) => {
            let trouble = seen.trouble().unwrap_or_default();
            both(|question| Answer::fail(question, "broken", format!("the exchange is broken: {trouble}")))
        }
    };
    answers.map(|answer| answer.with([evidence.clone()])).into()
}

fn both(answer: impl Fn(Question) -> Answer) -> [Answer; 2] {
    [Question::Trailers, Question::Digest].map(answer)
}

fn trailers(mode: Mode, sighting: &Sighting) -> Answer {
    let question = Question::Trailers;
    if let Some(cut) = sighting.cut_text() {
        return Answer::fail(question, "broken", format!("the response is cut: {cut}"));
    }
    if mode.may_lack_trailers() && sighting.trailers.is_none() {
        return not_asked(mode, question);
    }
    let announced = sighting.header_values(&header::TRAILER).join(", ");
    let missing = sighting.verdicts.iter().find(|verdict| matches!(verdict, Verdict::TrailerMissing(_)));
    match (&sighting.trailers, missing) {
        (_, Some(missing)) => {
            let detail = format!("{missing}: dropped on the way, or never sent");
            Answer::fail(question, "dropped", detail)
        }
        (Some(section), None) => {
            let names: Vec<_> = section.keys().map(HeaderName::as_str).collect();
            Answer::pass(question, "arrive", format!("these arrive: {}", names.join(", ")))
        }
        (None, None) if announced.is_empty() => {
            Answer::unknown(question, "none", "the response has no trailers, and announces none")
        }
        (None, None) => {
            let detail = format!("Trailer: {announced} announces trailers, and none arrive");
            Answer::fail(question, "dropped", detail)
        }
    }
}

fn digest(sighting: &Sighting) -> Answer {
    let none = || Answer::unknown(Question::Digest, "not-received", "no digest arrives");
    digest::compared(sighting).unwrap_or_else(none)
}

pub(super) async fn head(path: &Path) -> Vec<Answer> {
    let question = Question::Head;
    let seen = path.ask_foreign(Probe::new(Method::HEAD, "")).await;
    let answer = match &seen {
        Seen::Hung(_) => Answer::fail(question, "hangs", "the response never ends"),
        Seen::Failed(error) => Answer::fail(question, "broken", format!("there is no response: {error}")),
        Seen::Response(sighting) if !sighting.status.is_success() => Answer::unknown(
            question,
            "refused",
            format!("the response has status {}", sighting.status.as_u16()),
        ),
        Seen::Response(sighting) => match sighting.cut_text() {
            Some(cut) => Answer::fail(question, "has-content", format!("the response is not empty: {cut}")),
            None => Answer::pass(question, "right", "the response has no content"),
        },
    };
    vec![answer.with([received_alone(&seen)])]
}

/// Whether a request with trailers has another result than the same request without.
pub(super) async fn request_trailers(path: &Path) -> Vec<Answer> {
    let question = Question::RequestTrailers;
    let content = || Payload::content("content\n");
    let trailers =
        HeaderMap::from_iter([(HeaderName::from_static("x-path-a"), HeaderValue::from_static("1"))]);
    let with = Probe::post("", content().with_trailers(trailers)).header(header::TRAILER, "x-path-a");
    let (with, without) = tokio::join!(path.ask_foreign(with), path.ask_foreign(Probe::post("", content())));
    let result = |seen: &Seen| match seen.response() {
        Some(sighting) if sighting.cut().is_none() => format!("status {}", sighting.status.as_u16()),
        _ => seen.trouble().unwrap_or_default(),
    };
    let (with, without) = (result(&with), result(&without));
    vec![if with == without {
        let detail =
            format!("{with}, with trailers and without; whether they arrive is not visible from here");
        Answer::unknown(question, "not-visible", detail)
    } else {
        let detail = format!("they break the request: {with}; without trailers: {without}");
        Answer::fail(question, "breaks-request", detail)
    }]
}

pub(super) async fn continue_100(path: &Path) -> Vec<Answer> {
    let question = Question::Continue;
    if path.mode.is_http2() {
        return vec![Answer::unknown(question, "not-asked", "not asked over HTTP/2")];
    }
    let (probe, continues) = Probe::expecting("");
    let seen = path.ask_foreign(probe).await;
    let status = seen.response().map(|sighting| sighting.status);
    vec![match (continues.count(), status) {
        (_, None) => {
            let detail = format!("a request with Expect fails: {}", seen.trouble().unwrap_or_default());
            Answer::fail(question, "hangs", detail)
        }
        (1, _) => Answer::pass(question, "passes", "100 Continue arrives"),
        (0, Some(status)) if status.is_success() => Answer::fail(
            question,
            "lost",
            "no 100 Continue arrives: each upload waits until the client's timeout",
        ),
        // It needs no content to refuse the request.
        (0, Some(status)) => {
            Answer::unknown(question, "refused", format!("the request gets status {}", status.as_u16()))
        }
        (count, _) => Answer::fail(question, "doubled", format!("100 Continue arrives {count} times")),
    }]
}
