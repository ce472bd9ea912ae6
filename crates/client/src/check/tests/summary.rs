use crate::check::{Answer, Conclusion, Direction, Hop, Mode, ModeReport, Origin, Outcome, Question, Report};

fn hop(url: &str, answers: &[(Mode, Question, Outcome, &'static str)]) -> Hop {
    let mut hop = Hop::new(url.parse().expect("a URL"));
    hop.origin = Origin::Workbench { version: "1".to_owned() };
    for &mode in Mode::TCP {
        let mut report = ModeReport::new(mode);
        let of_mode = answers.iter().filter(|(of, ..)| *of == mode);
        report.answers = of_mode
            .map(|(_, question, outcome, finding)| Answer::new(*question, *outcome, finding, "the detail"))
            .collect();
        if report.answers.is_empty() {
            report.unavailable = Some("no connection".to_owned());
        }
        hop.modes.push(report);
    }
    hop
}

const URL: &str = "https://edge.example.com/";

#[test]
fn sentence_is_about_the_worst_loss_in_the_first_mode() {
    use Mode::{Http1Te, Http2Te};
    use Outcome::{Fail, Pass};
    use Question::{CutReset, RequestTrailers, Te, Trailers};
    let stripped = (Http2Te, Te, Fail, "stripped");
    for (answers, sentence) in [
        (&[(Http2Te, Trailers, Pass, "arrive")][..], "everything passes through edge.example.com"),
        (&[stripped], "edge.example.com removes TE: trailers"),
        (
            &[stripped, (Http2Te, Trailers, Fail, "dropped")],
            "edge.example.com does not pass response trailers on",
        ),
        (
            &[(Http2Te, Trailers, Fail, "not-sent"), (Http1Te, Trailers, Pass, "arrive")],
            "edge.example.com does not ask its origin for response trailers (http2-te)",
        ),
        (
            &[(Http2Te, Trailers, Fail, "dropped"), (Http1Te, RequestTrailers, Fail, "merged-into-header")],
            "edge.example.com merges request trailers into the header section, which is a security fault",
        ),
        (
            &[stripped, (Http2Te, CutReset, Fail, "clean-end-unnoticed")],
            "edge.example.com turns a cut transfer into one that looks complete",
        ),
        (&[], "edge.example.com is not reachable: no connection"),
    ] {
        assert_eq!(Report::new(vec![hop(URL, answers)]).sentence(), sentence);
    }
}

#[test]
fn proxy_is_named_by_what_it_calls_itself() {
    let answers = [(Mode::Http2Te, Question::Trailers, Outcome::Fail, "dropped")];
    let sentence = |server: Option<&str>, via: &[&str]| {
        let mut hop = hop(URL, &answers);
        hop.server = server.map(str::to_owned);
        hop.via = via.iter().map(|&via| via.to_owned()).collect();
        Report::new(vec![hop]).sentence()
    };
    let rest = "does not pass response trailers on";
    assert_eq!(sentence(Some("nginx/1.22.1"), &[]), format!("nginx/1.22.1 (edge.example.com) {rest}"));
    let via = ["1.0 inner, 1.1 varnish (Varnish/7.1)"];
    assert_eq!(sentence(None, &via), format!("varnish (Varnish/7.1) (edge.example.com) {rest}"));
    assert_eq!(sentence(None, &["1.1"]), format!("edge.example.com {rest}"));
}

#[test]
fn hop_at_fault_is_named() {
    let mut first = hop(URL, &[(Mode::Http2Te, Question::Trailers, Outcome::Fail, "dropped")]);
    first.modes[0].answers[0].hop = Some(1);
    let report = Report::new(vec![first, hop("http://inner.example.com:8080/", &[])]);
    assert_eq!(report.at_fault(), Some(1));
    assert_eq!(report.sentence(), "inner.example.com:8080 does not pass response trailers on");

    let mut report = report;
    report.hops[0].modes[0].answers[0].hop = None;
    let sentence = "edge.example.com or what is behind it does not pass response trailers on";
    assert_eq!(report.sentence(), sentence, "if the next one could not be checked");
}

#[test]
fn conclusion_needs_a_mode_that_answers() {
    let report = |answers: &[_]| Report::new(vec![hop(URL, answers)]).conclusion();
    let (mode, question) = (Mode::Http1, Question::Trailers);
    assert_eq!(report(&[]), Conclusion::Unreachable);
    let (passed, late) =
        ((mode, question, Outcome::Pass, "arrive"), (mode, Question::Te, Outcome::Unknown, "no-time"));
    assert_eq!(report(&[passed]), Conclusion::Passes);
    assert_eq!(report(&[passed, (mode, Question::Te, Outcome::Unknown, "not-sent")]), Conclusion::Passes);
    assert_eq!(report(&[(mode, question, Outcome::Unknown, "not-asked")]), Conclusion::Inconclusive);
    assert_eq!(report(&[passed, late]), Conclusion::Inconclusive);
    assert_eq!(report(&[(mode, question, Outcome::Fail, "dropped")]), Conclusion::Loses);
}

#[test]
fn half_of_the_picture_is_called_so() {
    let mut hop = hop(URL, &[(Mode::Http1, Question::Trailers, Outcome::Pass, "arrive")]);
    hop.origin = Origin::Other;
    let sentence = Report::new(vec![hop]).sentence();
    assert!(sentence.contains("half the picture"), "{sentence}");
}

#[test]
fn json_has_all_of_a_report() {
    let mut first = hop(URL, &[(Mode::Http2Te, Question::Trailers, Outcome::Fail, "dropped")]);
    let answer = &mut first.modes[0].answers[0];
    answer.direction = Some(Direction::Response);
    answer.evidence = vec!["evidence".to_owned()];
    let json = Report::new(vec![first]).to_json();
    assert_eq!(
        (&json["format"], &json["conclusion"], &json["atFault"]),
        (&1.into(), &"loses".into(), &().into())
    );
    assert_eq!(json["sentence"], "edge.example.com does not pass response trailers on");
    let hop = &json["hops"][0];
    assert_eq!((&hop["url"], &hop["origin"]["kind"]), (&URL.into(), &"workbench".into()));
    assert_eq!(hop["modes"][3]["unavailable"], "no connection");
    let answer = &hop["modes"][0]["answers"][0];
    let expected = serde_json::json!({
        "question": "trailers",
        "outcome": "fail",
        "direction": "response",
        "finding": "dropped",
        "detail": "the detail",
        "evidence": ["evidence"],
        "hop": null,
    });
    assert_eq!(*answer, expected);
}

#[test]
fn names_are_unique_and_parse() {
    for &question in Question::ALL {
        assert_eq!(question.id().parse(), Ok(question));
        assert_eq!(Question::ALL.iter().filter(|other| other.title() == question.title()).count(), 1);
    }
    #[cfg(feature = "http3")]
    for &mode in Mode::HTTP3 {
        assert_eq!(mode.as_str().parse(), Ok(mode));
    }
    for &mode in Mode::TCP {
        assert_eq!(mode.as_str().parse(), Ok(mode));
    }
    assert!("trailer".parse::<Question>().is_err());
    assert!("http4".parse::<Mode>().is_err());
}
