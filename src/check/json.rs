//! The report as JSON: that of the library, with what fixes the path and the exit code.

use super::{remedies, run::exit_code};
use crate::client::escape;
use axum_trailers_client::check::Report;
use serde_json::{Value, json};

pub(super) fn document(report: &Report) -> String {
    let mut document = report.to_json();
    document["remedies"] = remedies(report);
    document["exitCode"] = exit_code(report).into();
    escape::json(&serde_json::to_string_pretty(&document).expect("its keys are strings"))
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
