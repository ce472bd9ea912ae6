//! Questions in rows, modes in columns.

use super::{answers::NEEDS_WORKBENCH, style::Style};
use axum_trailers_client::check::{ModeReport, Question};

const GROUPS: [(&str, &[Question]); 7] = [
    ("Request", &[Question::Te, Question::Protocol]),
    (
        "Trailers of responses",
        &[
            Question::Trailers,
            Question::TrailersSlow,
            Question::Timing,
            Question::TrailersSeveral,
            Question::TrailersRepeated,
            Question::TrailersLong,
            Question::TrailersUnannounced,
        ],
    ),
    ("Content of responses", &[Question::Streaming, Question::Length, Question::Coding, Question::Digest]),
    ("Responses that fail", &[Question::Failure, Question::CutReset, Question::CutClose, Question::CutShort]),
    ("Content of requests", &[Question::RequestTrailers, Question::UploadCut, Question::Continue]),
    ("Without content", &[Question::Head, Question::NoContent, Question::NotModified]),
    ("gRPC", &[Question::GrpcOk, Question::GrpcFailure, Question::GrpcTrailersOnly]),
];

/// The lines of the table of these modes, with rows for what was asked.
pub(super) fn table(modes: &[&ModeReport], style: Style) -> Vec<String> {
    let answers = || modes.iter().flat_map(|mode| &mode.answers);
    let asked = |question: &Question| {
        answers().any(|answer| answer.question == *question && answer.finding != NEEDS_WORKBENCH)
    };
    let width =
        Question::ALL.iter().map(|question| question.title().chars().count()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for (group, questions) in GROUPS {
        let asked: Vec<_> = questions.iter().filter(|question| asked(question)).collect();
        if asked.is_empty() {
            continue;
        }
        lines.push(if lines.is_empty() {
            let names: Vec<_> = modes.iter().map(|mode| mode.mode.as_str()).collect();
            format!("{group:width$}    {}", names.join("  "))
        } else {
            group.to_owned()
        });
        let row = |question: &Question| {
            let cells: Vec<_> = modes.iter().map(|mode| cell(mode, *question, style)).collect();
            format!("  {:width$}{}", question.title(), cells.concat()).trim_end().to_owned()
        };
        lines.extend(asked.into_iter().map(row));
    }
    lines
}

/// The mark, in the middle of the column.
fn cell(mode: &ModeReport, question: Question, style: Style) -> String {
    let mark = mode.answers.iter().find(|answer| answer.question == question);
    let mark = mark.map_or_else(|| " ".to_owned(), |answer| style.mark(answer.outcome));
    let width = mode.mode.as_str().len();
    let before = (width - 1) / 2;
    format!("  {:before$}{mark}{:after$}", "", "", after = width - 1 - before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::answer;
    use axum_trailers_client::check::{Mode, Outcome};

    #[test]
    fn each_question_is_in_one_group_in_the_order_of_all() {
        let grouped: Vec<_> = GROUPS.iter().flat_map(|(_, questions)| questions.iter().copied()).collect();
        for &question in Question::ALL {
            assert_eq!(grouped.iter().filter(|grouped| **grouped == question).count(), 1, "{question}");
        }
    }

    #[test]
    fn marks_stand_below_their_modes_and_unasked_questions_have_no_row() {
        let mut modes = [ModeReport::new(Mode::Http2Te), ModeReport::new(Mode::Http1)];
        modes[0].answers = vec![
            answer(Question::Te, Outcome::Pass, "arrives"),
            answer(Question::Trailers, Outcome::Fail, "dropped"),
        ];
        modes[1].answers = vec![
            answer(Question::Te, Outcome::Unknown, "not-sent"),
            answer(Question::Trailers, Outcome::Pass, "arrive"),
            answer(Question::Continue, Outcome::Pass, "passes"),
            answer(Question::Head, Outcome::Unknown, NEEDS_WORKBENCH),
        ];
        let table = table(&modes.iter().collect::<Vec<_>>(), Style::PLAIN).join("\n");
        let expected = "\
Request                             http2-te  http1
  TE: trailers arrives                 ✓        –
Trailers of responses
  trailers of a short response         ✗        ✓
Content of requests
  100 Continue                                  ✓";
        assert_eq!(table, expected, "{table}");
    }

    #[test]
    fn modes_over_tcp_fit_into_80_columns() {
        let full = |mode: &Mode| {
            let mut mode = ModeReport::new(*mode);
            let answers = Question::ALL.iter().map(|question| answer(*question, Outcome::Fail, "lost"));
            mode.answers = answers.collect();
            mode
        };
        let modes: Vec<_> = Mode::TCP.iter().map(full).collect();
        let table = table(&modes.iter().collect::<Vec<_>>(), Style::PLAIN);
        assert_eq!(table.len(), GROUPS.len() + Question::ALL.len());
        assert!(table.iter().all(|line| line.chars().count() <= 80), "{table:?}");
    }
}
