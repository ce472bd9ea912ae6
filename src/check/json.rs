//! The report as JSON: that of the library, with what fixes the path and the exit code.

use super::remedies;
use crate::client::escape;
use axum_trailers_client::check::Report;
use serde_json::{Value, json};

pub(super) fn document(report: &Report, code: u8) -> String {
    let mut document = report.to_json();
    document["remedies"] = remedies(report);
    document["exitCode"] = code.into();
    escape::json(&serde_json::to_string(&document).expect("its keys are strings"))
}

fn remedies(report: &Report) -> Value {
    let remedies = remedies::of(report);
    let remedies = remedies.iter().map(|advice| {
        let remedy = advice.remedy;
        json!({
            "url": advice.hop.url.to_string(),
            "questions": advice.cures.iter().map(|question| question.id()).collect::<Vec<_>>(),
            "proxy": remedy.names.first(),
            "from": remedy.from,
            "before": remedy.before,
            "place": remedy.place,
            "lines": remedy.lines,
            "note": remedy.note,
            "basis": remedy.basis,
        })
    });
    remedies.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{answer, hop};
    use axum_trailers_client::check::{Outcome, Question};

    #[test]
    fn document_has_the_exit_code_and_what_fixes_the_path() {
        let mut hop = hop("https://example.com/");
        hop.server = Some("nginx/1.30.6".to_owned());
        hop.modes[0].answers = vec![answer(Question::Trailers, Outcome::Fail, "dropped")];
        let document = document(&Report::new(vec![hop]), 1);
        assert!(!document.contains('\n'), "{document}");
        let document: Value = serde_json::from_str(&document).expect("JSON");
        assert_eq!((&document["exitCode"], &document["conclusion"]), (&json!(1), &json!("loses")));
        let expected = json!([{
            "url": "https://example.com/",
            "questions": ["trailers"],
            "proxy": "nginx",
            "from": "1.29.7",
            "before": null,
            "place": "beside `proxy_pass`",
            "lines": ["proxy_set_header TE trailers;", "proxy_pass_trailers on;"],
            "note": "With it, `trailers-long` fails for HTTP/1.1 without `TE`.",
            "basis": "changelog of nginx, measured with nginx 1.30.6",
        }]);
        assert_eq!(document["remedies"], expected);
    }

    #[test]
    fn document_is_safe_for_a_terminal() {
        let mut hop = hop("https://example.com/");
        hop.server = Some("\u{1b}[2J\u{202e}\n".to_owned());
        let document = document(&Report::new(vec![hop]), 3);
        assert!(!document.contains(axum_trailers_client::is_harmful), "{document}");
        let document: Value = serde_json::from_str(&document).expect("JSON");
        assert_eq!(document["hops"][0]["server"], "\u{1b}[2J\u{202e}\n");
    }
}
