//! The entries of `remedies.json`.

use super::programs::{Program, version_of};
use axum_trailers_client::check::{Answer, Mode, Question};
use serde::{Deserialize, Deserializer, de::Error};
use std::{fmt::Display, str::FromStr, sync::LazyLock};

pub(super) static REMEDIES: LazyLock<Vec<Remedy>> =
    LazyLock::new(|| serde_json::from_str(include_str!("remedies.json")).expect("a test reads it"));

/// What fixes some answers of a proxy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Remedy {
    /// The proxy's names in `Server` and `Via`. Empty: any proxy, also one without a name.
    pub(super) names: Vec<String>,
    /// Whether it is only for a proxy without a name.
    #[serde(default)]
    pub(super) unnamed: bool,
    /// The first version that it is for.
    pub(super) from: Option<String>,
    /// The first version that it is no longer for.
    pub(super) before: Option<String>,
    /// The questions whose answers it fixes.
    #[serde(deserialize_with = "parsed")]
    pub(super) cures: Vec<Question>,
    /// The findings that it fixes.
    pub(super) findings: Vec<String>,
    /// The modes in which it fixes them. Empty: all.
    #[serde(default, deserialize_with = "parsed")]
    modes: Vec<Mode>,
    /// Where the lines belong.
    pub(super) place: Option<String>,
    /// The configuration. Empty: there is none that helps.
    #[serde(default)]
    pub(super) lines: Vec<String>,
    pub(super) note: Option<String>,
    /// What it is known from.
    pub(super) basis: Option<String>,
}

fn parsed<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts
        .iter()
        .map(|text| text.parse().map_err(|error| D::Error::custom(format!("{text}: {error}"))))
        .collect()
}

impl Remedy {
    /// Whether it fixes this answer, which fails.
    pub(super) fn fixes(&self, mode: Mode, answer: &Answer) -> bool {
        self.cures.contains(&answer.question)
            && self.findings.iter().any(|finding| finding == answer.finding)
            && (self.modes.is_empty() || self.modes.contains(&mode))
    }

    pub(super) fn names(&self, program: &Program) -> bool {
        self.names.iter().any(|name| name.eq_ignore_ascii_case(&program.name))
    }

    pub(super) fn is_for(&self, version: &[u32]) -> bool {
        let bound = |text: &Option<String>| text.as_deref().map(version_of);
        bound(&self.from).is_none_or(|from| version >= &*from)
            && bound(&self.before).is_none_or(|before| version < &*before)
    }

    /// Whether both print the same: they fix other answers with the same lines.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.said() == other.said()
    }

    fn said(&self) -> impl PartialEq + '_ {
        (&self.names, &self.from, &self.before, &self.place, &self.lines, &self.note, &self.basis)
    }

    pub(super) fn has_range(&self) -> bool {
        self.from.is_some() || self.before.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The findings of a question that fails, from its row in docs/check.md.
    fn documented(question: Question) -> Vec<&'static str> {
        let id = format!("`{}`", question.id());
        let rows = include_str!("../../docs/check.md").lines().filter(|line| line.starts_with("| `"));
        let row = rows
            .map(|row| row.split(" | ").collect::<Vec<_>>())
            .find(|row| row.len() == 3 && row[0].contains(&id));
        let findings = row.unwrap_or_else(|| panic!("no row for {question}"))[2];
        let own = findings
            .split("**`")
            .skip(1)
            .filter_map(|part| part.split_once("`**"))
            .map(|(finding, _)| finding);
        let others = if findings.starts_with("as `trailers`") || findings.starts_with("the same") {
            documented(Question::Trailers)
        } else {
            Vec::new()
        };
        own.chain(others).collect()
    }

    #[test]
    fn each_question_has_a_row_with_its_findings() {
        for question in Question::ALL {
            assert!(!documented(*question).is_empty(), "{question}");
        }
        assert!(documented(Question::TrailersLong).contains(&"truncated"));
        assert!(documented(Question::TrailersLong).contains(&"not-sent"));
        assert!(!documented(Question::Te).contains(&"arrives"));
    }

    #[test]
    fn each_remedy_fixes_findings_that_exist_and_says_something() {
        for remedy in REMEDIES.iter() {
            assert!(!remedy.cures.is_empty() && !remedy.findings.is_empty(), "{remedy:?}");
            for finding in &remedy.findings {
                let is_of = |question: &Question| documented(*question).contains(&&**finding);
                assert!(remedy.cures.iter().any(is_of), "{finding}: {remedy:?}");
            }
            for question in &remedy.cures {
                let is_found = |finding: &String| documented(*question).contains(&&**finding);
                assert!(remedy.findings.iter().any(is_found), "{question}: {remedy:?}");
            }
            assert!(!remedy.lines.is_empty() || remedy.note.is_some(), "{remedy:?}");
            assert!(remedy.basis.is_some() || remedy.names.is_empty(), "{remedy:?}");
            assert!(!remedy.unnamed || remedy.names.is_empty(), "{remedy:?}");
            for bound in [&remedy.from, &remedy.before].into_iter().flatten() {
                assert!(version_of(bound).len() >= 2, "{bound}");
            }
        }
    }
}
