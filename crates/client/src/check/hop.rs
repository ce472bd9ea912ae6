//! One hop, in all modes at once.

use super::{
    Answer, Hop, Mode, ModeReport, Origin, Question,
    path::{Path, Sent},
    questions::{FOREIGN_TASKS, FOREIGN_UPLOAD_TASKS, LONE_TASKS, TASKS, Task},
    record::Record,
    sighting::Seen,
};
use crate::{Error, connector::Connector};
use http::{Uri, header};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, timeout_at},
};

/// What all hops have in common.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) connector: Connector,
    pub(super) questions: Vec<Question>,
    pub(super) allows_upload: bool,
    pub(super) deadline: Instant,
}

/// The first exchange of a mode.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) path: Path,
    pub(super) seen: Seen,
    pub(super) record: Option<Record>,
}

/// The time for one exchange. A longer one hangs.
const PATIENCE: Duration = Duration::from_secs(4);

/// The longest version of a workbench, in bytes.
const MOST_VERSION: usize = 32;

/// How many probes of one mode run at once. Some proxies limit the connections of a client.
const AT_ONCE: usize = 4;

/// Checks a hop, and returns with it how each mode began.
pub(super) async fn run(url: Uri, modes: &[Mode], plan: &Plan) -> (Hop, Vec<Opening>) {
    let openings = open(&url, modes, plan).await;
    let mut hop = Hop::new(url);
    hop.origin = origin(&openings);
    if let Some(sighting) = openings.iter().find_map(|opening| opening.seen.response()) {
        hop.server = sighting.header_values(&header::SERVER).pop();
        hop.via = sighting.header_values(&header::VIA);
    }
    let available = openings.iter().filter(|opening| opening.trouble().is_none());
    let paths: Vec<_> = available.map(|opening| opening.path.clone()).collect();
    let mut answers = answer(&paths, &hop.origin, plan).await;
    hop.modes = openings
        .iter()
        .map(|opening| {
            let mut report = ModeReport::new(opening.path.mode);
            report.unavailable = opening.trouble();
            report.answers = answers.remove(&opening.path.mode).unwrap_or_default();
            report
        })
        .collect();
    (hop, openings)
}

impl Opening {
    /// Why the mode has no connection, or no response.
    fn trouble(&self) -> Option<String> {
        match &self.seen {
            Seen::Response(_) => None,
            Seen::Failed(Error::NoResponse(_)) if self.path.needs_prior_knowledge() => {
                Some("the server speaks no HTTP/2 without TLS".to_owned())
            }
            Seen::Failed(_) | Seen::Hung(_) => self.seen.trouble(),
        }
    }
}

async fn open(url: &Uri, modes: &[Mode], plan: &Plan) -> Vec<Opening> {
    let mut set = JoinSet::new();
    for mode in modes.iter().copied() {
        let path = Path::new(url.clone(), mode, plan.connector.clone(), PATIENCE);
        let deadline = plan.deadline;
        set.spawn(async move {
            if let Err(error) = path.check() {
                return Opening { path, seen: Seen::Failed(error), record: None };
            }
            let opened = timeout_at(deadline, path.open()).await;
            let record = opened.as_ref().ok().and_then(Sent::record).cloned();
            let seen = opened.map_or(Seen::Hung(None), |sent| sent.seen);
            Opening { path, seen, record }
        });
    }
    let mut openings = Vec::new();
    while let Some(opening) = set.join_next().await {
        openings.push(opening.expect("no probe panics"));
    }
    openings.sort_by_key(|opening| opening.path.mode);
    openings
}

/// The workbench is recognised by its answer to `/te`, in any mode.
fn origin(openings: &[Opening]) -> Origin {
    let mut responses = openings.iter().filter_map(|opening| opening.seen.response()).peekable();
    if responses.peek().is_none() {
        return Origin::Unreachable;
    }
    let workbench = responses.find_map(|sighting| {
        let account: Value =
            serde_json::Deserializer::from_slice(&sighting.content).into_iter().next()?.ok()?;
        let version =
            account["server"]["version"].as_str().filter(|version| version.len() <= MOST_VERSION)?;
        (account["server"]["name"] == "axum-trailers").then(|| version.to_owned())
    });
    workbench.map_or(Origin::Other, |version| Origin::Workbench { version })
}

/// The answers of a mode, and of each mode.
type Answered = (Mode, Vec<Answer>);
type AllAnswered = BTreeMap<Mode, Vec<Answer>>;

/// Runs the tasks for this origin, until the deadline.
async fn answer(paths: &[Path], origin: &Origin, plan: &Plan) -> AllAnswered {
    let (at_once, alone): (&[&[Task]], &[Task]) = match origin {
        Origin::Workbench { .. } => (&[TASKS], LONE_TASKS),
        Origin::Other if plan.allows_upload => (&[FOREIGN_TASKS, FOREIGN_UPLOAD_TASKS], &[]),
        Origin::Other => (&[FOREIGN_TASKS], &[]),
        Origin::Unreachable => (&[], &[]),
    };
    let is_asked =
        |task: &&'static Task| task.questions.iter().any(|question| plan.questions.contains(question));
    let at_once: Vec<_> = at_once.iter().copied().flatten().filter(is_asked).collect();
    let alone: Vec<_> = alone.iter().filter(is_asked).collect();
    let mut answers: AllAnswered = paths.iter().map(|path| (path.mode, Vec::new())).collect();
    let mut add = |(mode, answered): Answered| answers.entry(mode).or_default().extend(answered);
    run_at_once(paths, &at_once, plan, &mut add).await;
    run_alone(paths, &alone, plan, &mut add).await;
    let tasks = [at_once, alone].concat();
    let in_order = |answered: Vec<Answer>| complete(answered, &tasks, plan);
    answers.into_iter().map(|(mode, answered)| (mode, in_order(answered))).collect()
}

async fn run_at_once(paths: &[Path], tasks: &[&'static Task], plan: &Plan, add: &mut impl FnMut(Answered)) {
    let mut set = JoinSet::new();
    for path in paths {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        for task in tasks {
            let (path, places, run) = (path.clone(), places.clone(), task.run);
            set.spawn(async move {
                let _place = places.acquire_owned().await.expect("it is never closed");
                (path.mode, run(path).await)
            });
        }
    }
    while let Ok(Some(answered)) = timeout_at(plan.deadline, set.join_next()).await {
        add(answered.expect("no probe panics"));
    }
}

async fn run_alone(paths: &[Path], tasks: &[&'static Task], plan: &Plan, add: &mut impl FnMut(Answered)) {
    for task in tasks {
        for path in paths {
            let asked = (task.run)(path.with_half_the_patience());
            let Ok(answered) = timeout_at(plan.deadline, asked).await else { return };
            add((path.mode, answered));
        }
    }
}

/// The answers to what was asked, in order, with one for each question that has none.
fn complete(mut answered: Vec<Answer>, tasks: &[&Task], plan: &Plan) -> Vec<Answer> {
    let needs_upload = |question| {
        let has = |task: &Task| task.questions.contains(&question);
        !plan.allows_upload && FOREIGN_UPLOAD_TASKS.iter().any(has)
    };
    let has_task = |question| tasks.iter().any(|task| task.questions.contains(&question));
    let asked = Question::ALL.iter().copied().filter(|question| plan.questions.contains(question));
    asked
        .map(|question| match answered.iter().position(|answer| answer.question == question) {
            Some(position) => answered.swap_remove(position),
            None if has_task(question) => Answer::unknown(question, "no-time", "there was no answer in time"),
            None if needs_upload(question) => {
                let detail =
                    "it needs a request with content, which other origins get only if uploads are allowed";
                Answer::unknown(question, "needs-upload", detail)
            }
            None => Answer::unknown(
                question,
                "needs-workbench",
                "only the workbench as the origin can answer this",
            ),
        })
        .collect()
}
